//! `repository`, `public` and `fork`.

use std::sync::Arc;

use domain::account::{AccountKind, Repository};
use domain::canonical::{RepositoryAction, RepositoryChanges, RepositoryEvent, RepositoryName};
use serde::Serialize;

use super::shapes::{AnyRepository, Organization, User, unknown_repository};
use super::{From, Stage, Tale};

/// One message; two when a repository became public.
pub(super) fn tell(action: RepositoryAction, event: &RepositoryEvent, tale: &mut Tale<'_>) {
    let actor = &event.actor;
    let from = event.from.as_deref().unwrap_or_default();
    let mut plain = |action| tale.tell("repository", Some(action), actor, |_| ());
    match action {
        RepositoryAction::Created => plain("created"),
        RepositoryAction::Deleted => plain("deleted"),
        RepositoryAction::Archived => plain("archived"),
        RepositoryAction::Unarchived => plain("unarchived"),
        RepositoryAction::Privatized => plain("privatized"),
        RepositoryAction::Publicized => {
            plain("publicized");
            tale.tell("public", None, actor, |_| ());
        }
        RepositoryAction::Renamed => {
            let changes = Renamed { repository: Name { name: From { from } } };
            tale.tell("repository", Some("renamed"), actor, |_| Changed { changes });
        }
        RepositoryAction::Transferred => tell_transfer(from, event, tale),
        RepositoryAction::Updated => {
            if let Some(changes) = event.changes.as_ref().and_then(Edited::of) {
                tale.tell("repository", Some("edited"), actor, |_| Changed { changes });
            }
        }
        RepositoryAction::Forked => {
            if let Some(fork) = &event.fork {
                tale.tell("fork", None, actor, |stage| Fork { forkee: forkee(fork, stage) });
            }
        }
    }
}

/// The repository as it is after the event, whether or not the registry knows already: a name and an owner are looked
/// up, but these flags are what the event is about.
pub(super) fn after(action: RepositoryAction, row: &Arc<Repository>) -> Arc<Repository> {
    let mut row = row.clone();
    match action {
        RepositoryAction::Archived => Arc::make_mut(&mut row).archived = true,
        RepositoryAction::Unarchived => Arc::make_mut(&mut row).archived = false,
        RepositoryAction::Privatized => Arc::make_mut(&mut row).private = true,
        RepositoryAction::Publicized => Arc::make_mut(&mut row).private = false,
        RepositoryAction::Created
        | RepositoryAction::Deleted
        | RepositoryAction::Renamed
        | RepositoryAction::Updated
        | RepositoryAction::Transferred
        | RepositoryAction::Forked => {}
    }
    row
}

fn tell_transfer(from: &str, event: &RepositoryEvent, tale: &mut Tale<'_>) {
    if tale.stage.owner.login.eq_ignore_ascii_case(from) {
        // Published before the registry knows of it: these hooks are still the old owner's, and only the new one's get
        // to hear of it (contract section 4.1).
        return;
    }
    let old = tale.stage.directory.account(from);
    tale.tell("repository", Some("transferred"), &event.actor, |stage| {
        let organization = old.as_deref().filter(|account| account.kind == AccountKind::Organization);
        let from = match organization {
            Some(account) => Owner::Organization(Organization::of(account, stage.links)),
            None => Owner::User(stage.user_named(from)),
        };
        Changed { changes: Transferred { owner: OwnerFrom { from } } }
    });
}

/// The fork, also when it is not registered here.
fn forkee<'a>(name: &RepositoryName, stage: &Stage<'a>) -> AnyRepository<'a> {
    let found = stage.find(Some(name));
    found.unwrap_or_else(|| AnyRepository::Owned(unknown_repository(name, stage), stage.links)).into_fork()
}

#[derive(Serialize)]
struct Changed<T> {
    changes: T,
}

#[derive(Serialize)]
struct Renamed<'a> {
    repository: Name<'a>,
}

#[derive(Serialize)]
struct Name<'a> {
    name: From<'a>,
}

#[derive(Serialize)]
struct Transferred<'a> {
    owner: OwnerFrom<'a>,
}

#[derive(Serialize)]
struct OwnerFrom<'a> {
    from: Owner<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Owner<'a> {
    User(User<'a>),
    Organization(Organization<'a>),
}

#[derive(Serialize)]
struct Edited<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<MaybeFrom<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    homepage: Option<MaybeFrom<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_branch: Option<From<'a>>,
}

/// Unlike texts of people, these were null before they were set.
#[derive(Serialize)]
struct MaybeFrom<'a> {
    from: Option<&'a str>,
}

impl<'a> Edited<'a> {
    /// None if nothing changed that GitHub would tell.
    fn of(changes: &'a RepositoryChanges) -> Option<Self> {
        let maybe = |change: &'a domain::canonical::Change| MaybeFrom { from: change.from.as_deref() };
        let description = changes.description.as_ref().map(maybe);
        let homepage = changes.homepage.as_ref().map(maybe);
        let default_branch = changes.default_branch.as_ref().map(From::of);
        let any = description.is_some() || homepage.is_some() || default_branch.is_some();
        any.then_some(Self { description, homepage, default_branch })
    }
}

#[derive(Serialize)]
struct Fork<'a> {
    forkee: AnyRepository<'a>,
}
