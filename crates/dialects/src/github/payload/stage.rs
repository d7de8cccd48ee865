//! What the payloads of one scene share.

use std::sync::Arc;

use domain::account::{Account, AccountKind, Permission, Repository as RepositoryRow};
use domain::canonical::{Actor, RepositoryName};
use domain::dialect::Scene;
use domain::directory::Directory;
use domain::time::Timestamp;

use super::shapes::{AnyRepository, Organization, Repository, User};
use crate::github::links::Links;
use crate::unregistered::name_of;

/// A scene with its repository at hand, and the bases of all URLs.
#[derive(Clone, Copy)]
pub(super) struct Stage<'a> {
    /// The repository.
    pub(super) row: &'a Arc<RepositoryRow>,
    /// Its owner.
    pub(super) owner: &'a Arc<Account>,
    /// Finds other accounts.
    pub(super) directory: &'a Directory,
    /// Where URLs point.
    pub(super) links: &'a Links,
    /// When it happened.
    pub(super) occurred_at: Timestamp,
}

impl<'a> Stage<'a> {
    /// A scene in that repository.
    pub(super) fn of(row: &'a Arc<RepositoryRow>, scene: &Scene<'a>, links: &'a Links) -> Self {
        Self { row, owner: scene.account, directory: scene.directory, links, occurred_at: scene.occurred_at }
    }

    /// `repository`, as in every event but `push`.
    pub(super) fn repository(&self) -> Repository<'a> {
        Repository::of(self.row, self.owner, self.links)
    }

    /// `organization`, if one owns the repository.
    pub(super) fn organization(&self) -> Option<Organization<'a>> {
        let owned = self.owner.kind == AccountKind::Organization;
        owned.then(|| Organization::of(self.owner, self.links))
    }

    /// The account an actor stands for as a user object; for someone unknown here one with the given name and id 0.
    pub(super) fn user(&self, actor: &Actor) -> User<'a> {
        user(actor, self.directory, self.links)
    }

    /// A user object of the account with that login, or one made from the login alone.
    pub(super) fn user_named(&self, login: &str) -> User<'a> {
        match self.directory.account(login) {
            Some(account) => User::of(&account, self.links),
            None => User::unknown(login, self.links),
        }
    }

    /// User objects of several.
    pub(super) fn users(&self, actors: &[Actor]) -> Vec<User<'a>> {
        actors.iter().map(|actor| self.user(actor)).collect()
    }

    /// Another repository; the event's own unless named. None if it is not known here.
    pub(super) fn find(&self, name: Option<&RepositoryName>) -> Option<AnyRepository<'a>> {
        let Some(name) = name else { return Some(AnyRepository::Borrowed(self.repository())) };
        let located = self.directory.locate(&name.owner, &name.name)?;
        Some(AnyRepository::Owned(located, self.links))
    }

    /// How someone stands to the repository.
    pub(super) fn association(&self, actor: &Actor) -> &'static str {
        let Some(account) = actor.account(self.directory) else { return "NONE" };
        let in_organization = self.owner.kind == AccountKind::Organization;
        if account.id == self.owner.id {
            "OWNER"
        } else if in_organization && self.directory.role(self.owner.id, account.id).is_some() {
            "MEMBER"
        } else if self.directory.permission(self.row, account.id) >= Some(Permission::Write) {
            "COLLABORATOR"
        } else {
            "NONE"
        }
    }

    /// The repository's page: `https://git.acme.test/acme/widgets`.
    pub(super) fn page(&self) -> String {
        self.links.repository_page(self.owner, self.row)
    }

    /// The repository's API URL: `https://git.acme.test/api/v3/repos/acme/widgets`.
    pub(super) fn api(&self) -> String {
        self.links.repository(self.owner, self.row)
    }
}

/// The account an actor stands for as a user object; for someone unknown here one with the given name and id 0.
pub(super) fn user<'a>(actor: &Actor, directory: &Directory, links: &'a Links) -> User<'a> {
    match actor.account(directory) {
        Some(account) => User::of(&account, links),
        None => User::unknown(name_of(actor), links),
    }
}
