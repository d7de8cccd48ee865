//! `repo:created`, `repo:deleted`, `repo:updated`, `repo:transfer` and `repo:fork`.

use std::sync::Arc;

use domain::account::Account as AccountRow;
use domain::canonical::{Change, RepositoryAction, RepositoryChanges, RepositoryEvent, RepositoryName};
use domain::directory::Located;
use serde::{Serialize, Serializer};

use super::shapes::{Account, Repository, RepositoryLinks, Workspace};
use super::{Stage, Tale, Turn};
use crate::bitbucket_cloud::links::{Links, slug};

/// One message. Cloud has no words for changes of visibility, and none for archives.
pub(super) fn tell(action: RepositoryAction, event: &RepositoryEvent, tale: &mut Tale<'_>) {
    let actor = &event.actor;
    match action {
        RepositoryAction::Created => tale.tell("repo:created", actor, |_| ()),
        RepositoryAction::Deleted => tale.tell("repo:deleted", actor, |_| ()),
        RepositoryAction::Renamed => {
            let from = event.from.as_deref().unwrap_or_default();
            tale.tell("repo:updated", actor, |stage| Updated { changes: Changes::of_name(from, stage) });
        }
        RepositoryAction::Updated => {
            let Some(changes) = event.changes.as_ref().filter(|changes| has_words_for(changes)) else { return };
            tale.tell("repo:updated", actor, |stage| Updated { changes: Changes::of(changes, stage) });
        }
        RepositoryAction::Transferred => {
            let from = event.from.as_deref().unwrap_or_default();
            tale.tell("repo:transfer", actor, |stage| Transfer {
                previous: stage.account_named(from),
                links: stage.links(),
            });
        }
        RepositoryAction::Forked => {
            if let Some(fork) = &event.fork {
                tale.tell("repo:fork", actor, |stage| Forked { fork: Fork::of(fork, stage) });
            }
        }
        RepositoryAction::Archived
        | RepositoryAction::Unarchived
        | RepositoryAction::Privatized
        | RepositoryAction::Publicized => {}
    }
}

/// Cloud does not tell of another default branch.
fn has_words_for(changes: &RepositoryChanges) -> bool {
    changes.description.is_some() || changes.homepage.is_some() || changes.language.is_some()
}

#[derive(Serialize)]
struct Updated<'a> {
    changes: Changes<'a>,
}

/// What changed, and nothing else.
#[derive(Default, Serialize)]
struct Changes<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Turn<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    website: Option<Turn<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    language: Option<Turn<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<Turn<RepositoryLinks<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Turn<&'a str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_name: Option<Turn<String>>,
}

impl<'a> Changes<'a> {
    /// Another name; addresses follow it, unless only its case changed.
    fn of_name(from: &'a str, stage: &Stage<'a>) -> Self {
        let name = Some(Turn { old: from, new: stage.row.name.as_str() });
        let old = format!("{}/{}", slug(&stage.owner.login), slug(from));
        if old == stage.at.full_name {
            return Self { name, ..Self::default() };
        }
        let links = |full_name: &str| RepositoryLinks::of(full_name.to_owned(), stage.links());
        Self {
            name,
            links: Some(Turn { old: links(&old), new: links(&stage.at.full_name) }),
            full_name: Some(Turn { old, new: stage.at.full_name.clone() }),
            ..Self::default()
        }
    }

    /// Other details. What is not there is an empty text.
    fn of(changes: &'a RepositoryChanges, stage: &Stage<'a>) -> Self {
        let row = stage.row;
        Self {
            website: changes.homepage.as_ref().map(|change| turn(change, row.homepage.as_deref())),
            language: changes.language.as_ref().map(|change| turn(change, None)),
            description: changes.description.as_ref().map(|change| turn(change, row.description.as_deref())),
            ..Self::default()
        }
    }
}

/// A change as old and new; `now` is what the registry has.
fn turn<'a>(change: &'a Change, now: Option<&'a str>) -> Turn<&'a str> {
    Turn { old: change.from.as_deref().unwrap_or_default(), new: change.to.as_deref().or(now).unwrap_or_default() }
}

/// `previous_owner` and `previous_workspace`: the same account.
struct Transfer<'a> {
    previous: Arc<AccountRow>,
    links: &'a Links,
}

impl Serialize for Transfer<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        /// The members.
        #[derive(Serialize)]
        struct Members<'a> {
            previous_owner: Account<'a>,
            previous_workspace: Workspace<'a>,
        }
        let previous_owner = Account::of(&self.previous, self.links);
        Members { previous_owner, previous_workspace: Workspace::of(&self.previous, self.links) }.serialize(sink)
    }
}

#[derive(Serialize)]
struct Forked<'a> {
    fork: Fork<'a>,
}

/// The new repository. Its `parent` is the event's repository, whatever the registry knows.
struct Fork<'a> {
    found: Located,
    stage: Stage<'a>,
}

impl<'a> Fork<'a> {
    fn of(name: &RepositoryName, stage: &Stage<'a>) -> Self {
        Self { found: stage.find(name), stage: *stage }
    }
}

impl Serialize for Fork<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let Stage { row, owner, .. } = self.stage;
        let parent = Located { repository: Arc::new(row.clone()), owner: Arc::new(owner.clone()) };
        Repository::fork(&self.found.repository, &self.found.owner, parent, self.stage.links()).serialize(sink)
    }
}
