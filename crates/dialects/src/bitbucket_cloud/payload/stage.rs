//! What the payloads of one scene share.

use std::sync::Arc;

use domain::account::{Account as AccountRow, Repository as Row};
use domain::canonical::{Actor, RepositoryName};
use domain::dialect::Scene;
use domain::directory::{Directory, Located};
use domain::time::Timestamp;

use super::shapes::{Account, Repository};
use crate::bitbucket_cloud::links::{Links, full_name};
use crate::unregistered;

/// The addresses of a scene's repository, put together once.
pub(super) struct Addresses {
    /// The bases of all URLs.
    pub(super) links: Links,
    /// `workspace/repository`.
    pub(super) full_name: String,
    /// `https://git.acme.test/2.0/repositories/acme/widgets`.
    pub(super) api: String,
    /// `https://git.acme.test/acme/widgets`.
    pub(super) page: String,
}

impl Addresses {
    /// Those of a repository below a public URL.
    pub(super) fn of(row: &Row, owner: &AccountRow, public_url: &str) -> Self {
        let links = Links::below(public_url);
        let (api, page) = (links.repository(owner, row), links.repository_page(owner, row));
        Self { links, full_name: full_name(owner, row), api, page }
    }
}

/// A scene with its repository at hand.
#[derive(Clone, Copy)]
pub(super) struct Stage<'a> {
    /// The repository.
    pub(super) row: &'a Row,
    /// Its owner.
    pub(super) owner: &'a AccountRow,
    /// Finds other accounts.
    pub(super) directory: &'a Directory,
    /// Where things are.
    pub(super) at: &'a Addresses,
    /// When it happened.
    pub(super) occurred_at: Timestamp,
}

impl<'a> Stage<'a> {
    /// A scene in that repository.
    pub(super) fn of(row: &'a Row, scene: &Scene<'a>, at: &'a Addresses) -> Self {
        Self { row, owner: scene.account, directory: scene.directory, at, occurred_at: scene.occurred_at }
    }

    /// The bases of all URLs.
    pub(super) fn links(&self) -> &'a Links {
        &self.at.links
    }

    /// `repository`, as every event has it.
    pub(super) fn repository(&self) -> Repository<'a> {
        Repository::full(self.row, self.owner, self.directory, self.links())
    }

    /// The same with names and links only.
    pub(super) fn short_repository(&self) -> Repository<'a> {
        Repository::short(self.row, self.owner, self.links())
    }

    /// The person an actor stands for; for someone unknown here one with the given names.
    pub(super) fn person(&self, actor: &Actor) -> Account<'a> {
        person(actor, self.directory, self.occurred_at, self.links())
    }

    /// Several people.
    pub(super) fn people<'b>(&self, actors: impl IntoIterator<Item = &'b Actor>) -> Vec<Account<'a>> {
        actors.into_iter().map(|actor| self.person(actor)).collect()
    }

    /// The account of that login, or one made from the login alone.
    pub(super) fn account_named(&self, login: &str) -> Arc<AccountRow> {
        let found = self.directory.account(login);
        found.unwrap_or_else(|| Arc::new(unregistered::account(login, self.occurred_at)))
    }

    /// The account with that e-mail address.
    pub(super) fn account_by_email(&self, email: &str) -> Option<Account<'a>> {
        self.directory.account_by_email(email).map(|row| Account::of(&row, self.links()))
    }

    /// Another repository, registered or not.
    pub(super) fn find(&self, name: &RepositoryName) -> Located {
        let found = self.directory.locate(&name.owner, &name.name);
        found.unwrap_or_else(|| unregistered::repository(name, self.directory, self.occurred_at))
    }
}

/// See [`Stage::person`]; for events that happen in no repository.
pub(super) fn person<'a>(
    actor: &Actor,
    directory: &Directory,
    occurred_at: Timestamp,
    links: &'a Links,
) -> Account<'a> {
    match actor.account(directory) {
        Some(row) => Account::of(&row, links),
        None => Account::of(&unregistered::person(actor, occurred_at), links),
    }
}
