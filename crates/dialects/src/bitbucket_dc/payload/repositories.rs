//! `repo:modified` and `repo:forked`.

use std::sync::Arc;

use domain::account::{Account, AccountKind, Repository as Row};
use domain::canonical::{RepositoryAction, RepositoryEvent};
use domain::directory::Located;
use serde::Serialize;

use super::shapes::Repository;
use super::{Stage, Tale};
use crate::unregistered;

/// One message, or none: Data Center tells neither of new repositories nor of deleted ones.
pub(super) fn tell(action: RepositoryAction, event: &RepositoryEvent, tale: &mut Tale<'_>) {
    match action {
        RepositoryAction::Created | RepositoryAction::Deleted => {}
        RepositoryAction::Forked => tale.tell("repo:forked", Some(&event.actor), |stage| Forked {
            repository: stage.repository_named(event.fork.as_ref()).forked_from(&stage.repository()),
        }),
        RepositoryAction::Transferred => modified(event, tale, |stage| {
            let from = event.from.as_deref().unwrap_or_default();
            let owner = stage.directory.account(from).unwrap_or_else(|| former_owner(from, stage));
            let old = Located { repository: stage.at.repository.clone(), owner };
            (stage.told(old), stage.repository())
        }),
        // A web page, a default branch or a language is no part of a repository object.
        RepositoryAction::Updated if description(event).is_none() => {}
        RepositoryAction::Updated
        | RepositoryAction::Renamed
        | RepositoryAction::Archived
        | RepositoryAction::Unarchived
        | RepositoryAction::Privatized
        | RepositoryAction::Publicized => modified(event, tale, |stage| {
            let (old, new) = around(action, event, &stage.at.repository);
            (stage.repository_as(old), stage.repository_as(new))
        }),
    }
}

/// The repository before and after, whether or not the registry knows already: its name is looked up, but what the
/// event itself says has changed is told as it says.
fn around(action: RepositoryAction, event: &RepositoryEvent, row: &Row) -> (Row, Row) {
    let (mut old, mut new) = (row.clone(), row.clone());
    match action {
        RepositoryAction::Renamed => event.from.as_deref().unwrap_or_default().clone_into(&mut old.name),
        RepositoryAction::Archived => (old.archived, new.archived) = (false, true),
        RepositoryAction::Unarchived => (old.archived, new.archived) = (true, false),
        RepositoryAction::Privatized => (old.private, new.private) = (false, true),
        RepositoryAction::Publicized => (old.private, new.private) = (true, false),
        RepositoryAction::Updated => {
            if let Some(change) = description(event) {
                old.description.clone_from(&change.from);
                new.description = change.to.clone().or(new.description);
            }
        }
        RepositoryAction::Created
        | RepositoryAction::Deleted
        | RepositoryAction::Transferred
        | RepositoryAction::Forked => {}
    }
    (old, new)
}

/// What an update says about the description.
fn description(event: &RepositoryEvent) -> Option<&domain::canonical::Change> {
    event.changes.as_ref()?.description.as_ref()
}

/// What stands for an owner who is gone: a project rather than a person, since that is what owns most repositories.
fn former_owner(login: &str, stage: &Stage<'_>) -> Arc<Account> {
    let kind = AccountKind::Organization;
    Arc::new(Account { kind, ..unregistered::account(login, stage.occurred_at) })
}

fn modified<'a>(
    event: &RepositoryEvent,
    tale: &mut Tale<'a>,
    around: impl FnOnce(&Stage<'a>) -> (Repository<'a>, Repository<'a>),
) {
    tale.tell("repo:modified", Some(&event.actor), |stage| {
        let (old, new) = around(stage);
        Modified { old, new }
    });
}

#[derive(Serialize)]
struct Modified<'a> {
    old: Repository<'a>,
    new: Repository<'a>,
}

#[derive(Serialize)]
struct Forked<'a> {
    repository: Repository<'a>,
}
