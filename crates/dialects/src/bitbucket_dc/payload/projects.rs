//! `project:modified`: of an account, not of a repository.

use std::sync::Arc;

use domain::account::Account;
use domain::canonical::{Change, OrganizationChanges, OrganizationEvent};
use domain::dialect::{Draft, Scene};
use serde::Serialize;

use super::shapes::Project;
use super::{message, stage};
use crate::bitbucket_dc::links::Links;

/// The key, and the one that older documentation has for it.
const KEYS: [&str; 2] = ["project:modified", "proj:modified"];

/// The message of an update, under each key that is wanted.
pub(super) fn tell(event: &OrganizationEvent, scene: &Scene<'_>, wanted: &dyn Fn(&str) -> bool) -> Vec<Draft> {
    let Some(changes) = &event.changes else { return Vec::new() };
    let links = Links::below(scene.public_url);
    let told = KEYS.into_iter().filter(|key| wanted(key));
    told.map(|key| {
        let actor = stage::user(&event.actor, scene.directory, scene.occurred_at, &links);
        let (old, new) = around(changes, scene.account);
        let own = Modified { old: Project::of(&old, &links), new: Project::of(&new, &links) };
        message(key, scene.occurred_at, Some(actor), own)
    })
    .collect()
}

/// The account before and after, whether or not the registry knows already.
fn around(changes: &OrganizationChanges, account: &Arc<Account>) -> (Arc<Account>, Arc<Account>) {
    let (mut old, mut new) = (Account::clone(account), Account::clone(account));
    change(changes.name.as_ref(), &mut old.name, &mut new.name);
    change(changes.description.as_ref(), &mut old.description, &mut new.description);
    change(changes.key.as_ref(), &mut old.project_key, &mut new.project_key);
    (Arc::new(old), Arc::new(new))
}

fn change(change: Option<&Change>, old: &mut Option<String>, new: &mut Option<String>) {
    let Some(change) = change else { return };
    old.clone_from(&change.from);
    if change.to.is_some() {
        new.clone_from(&change.to);
    }
}

#[derive(Serialize)]
struct Modified<'a> {
    old: Project<'a>,
    new: Project<'a>,
}
