//! `project:updated`: of a workspace, not of a repository.

use domain::account::Account as AccountRow;
use domain::canonical::{Change, OrganizationChanges, OrganizationEvent};
use domain::dialect::{Draft, Scene};
use serde::Serialize;

use super::shapes::{Account, Project};
use super::{Turn, json, stage};
use crate::bitbucket_cloud::links::Links;

/// The event's key.
const KEY: &str = "project:updated";

/// The message of an update, if it is wanted.
pub(super) fn tell(event: &OrganizationEvent, scene: &Scene<'_>, wanted: &dyn Fn(&str) -> bool) -> Vec<Draft> {
    let Some(changes) = event.changes.as_ref().filter(|_| wanted(KEY)) else { return Vec::new() };
    let links = Links::below(scene.public_url);
    let now = updated(changes, scene.account);
    let turn =
        |change: Option<&'_ Change>, now: Option<&str>| change.map(|change| turn(change, now.map(str::to_owned)));
    let payload = Updated {
        actor: stage::person(&event.actor, scene.directory, scene.occurred_at, &links),
        project: Project::of(&now, &links),
        changes: Changes {
            name: turn(changes.name.as_ref(), now.name.as_deref()),
            key: turn(changes.key.as_ref(), Some(&now.key())),
            description: turn(changes.description.as_ref(), now.description.as_deref()),
        },
    };
    vec![Draft { kind: KEY.into(), action: None, body: json(&payload) }]
}

/// The account after the change, whether or not the registry knows already.
fn updated(changes: &OrganizationChanges, account: &AccountRow) -> AccountRow {
    let mut now = account.clone();
    let after = |change: &Option<Change>, now: Option<String>| match change {
        Some(Change { to: Some(to), .. }) => Some(to.clone()),
        Some(Change { to: None, .. }) | None => now,
    };
    now.name = after(&changes.name, now.name);
    now.project_key = after(&changes.key, now.project_key);
    now.description = after(&changes.description, now.description);
    now
}

/// A change as old and new; what is not there is an empty text.
fn turn(change: &Change, now: Option<String>) -> Turn<String> {
    Turn { old: change.from.clone().unwrap_or_default(), new: change.to.clone().or(now).unwrap_or_default() }
}

#[derive(Serialize)]
struct Updated<'a> {
    actor: Account<'a>,
    project: Project<'a>,
    changes: Changes,
}

/// What changed, and nothing else.
#[derive(Serialize)]
struct Changes {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Turn<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Turn<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Turn<String>>,
}
