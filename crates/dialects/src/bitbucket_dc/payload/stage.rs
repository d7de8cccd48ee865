//! What the payloads of one scene share.

use std::sync::Arc;

use domain::account::Repository as Row;
use domain::canonical::{Actor, RepositoryName};
use domain::dialect::{Scene, Shape};
use domain::directory::{Directory, Located};
use domain::time::Timestamp;

use super::dates::{CommitMoment, Moment};
use super::shapes::{Repository, User};
use crate::bitbucket_dc::links::Links;
use crate::unregistered;

/// A scene with its repository at hand, and the base of all URLs.
#[derive(Clone, Copy)]
pub(super) struct Stage<'a> {
    /// The repository and its owner.
    pub(super) at: &'a Located,
    /// Finds other accounts and repositories.
    pub(super) directory: &'a Directory,
    /// Where URLs point.
    pub(super) links: &'a Links,
    /// When it happened.
    pub(super) occurred_at: Timestamp,
    /// How dates are written.
    shape: Shape,
}

impl<'a> Stage<'a> {
    /// A scene in that repository.
    pub(super) fn of(at: &'a Located, scene: &Scene<'a>, links: &'a Links) -> Self {
        Self { at, directory: scene.directory, links, occurred_at: scene.occurred_at, shape: scene.shape }
    }

    /// The scene's repository.
    pub(super) fn repository(&self) -> Repository<'a> {
        self.told(self.at.clone())
    }

    /// The scene's repository as it was: with another row.
    pub(super) fn repository_as(&self, row: Row) -> Repository<'a> {
        self.told(Located { repository: Arc::new(row), owner: self.at.owner.clone() })
    }

    /// A repository object of that one.
    pub(super) fn told(&self, at: Located) -> Repository<'a> {
        Repository::of(at, self.directory, self.links)
    }

    /// Another repository; the scene's unless named, and one made from its name if it is not registered here.
    pub(super) fn repository_named(&self, name: Option<&RepositoryName>) -> Repository<'a> {
        let Some(name) = name else { return self.repository() };
        let found = self.directory.locate(&name.owner, &name.name);
        self.told(found.unwrap_or_else(|| unregistered::repository(name, self.directory, self.occurred_at)))
    }

    /// The account an actor stands for as a user object.
    pub(super) fn user(&self, actor: &Actor) -> User<'a> {
        user(actor, self.directory, self.occurred_at, self.links)
    }

    /// User objects of several.
    pub(super) fn users(&self, actors: &[Actor]) -> Vec<User<'a>> {
        actors.iter().map(|actor| self.user(actor)).collect()
    }

    /// A moment of a pull request or comment.
    pub(super) fn moment(&self, at: Timestamp) -> Moment {
        Moment(at, self.shape)
    }

    /// A moment of a commit, from git's own text for it.
    pub(super) fn commit_moment(&self, text: &str) -> CommitMoment {
        CommitMoment(Timestamp::parse_rfc3339(text).unwrap_or(self.occurred_at), self.shape)
    }
}

/// The account an actor stands for, found by login, then by address, as a user object; for someone unknown here one with
/// the given name and id 0.
pub(super) fn user<'a>(actor: &Actor, directory: &Directory, at: Timestamp, links: &'a Links) -> User<'a> {
    User::of(&actor.account(directory).unwrap_or_else(|| Arc::new(unregistered::person(actor, at))), links)
}
