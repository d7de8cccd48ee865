//! What our own dialects send for the examples of `docs/events/`, relayed and sent again, must be what it was; whatever
//! else a host does not tell is listed here, member by member.

use std::sync::Arc;

use domain::account::{Account, AccountKind, Permission};
use domain::canonical::Happening;
use domain::dialect::{Dialect as _, Draft, Scene, Shape};
use domain::directory::Change;
use serde_json::Value;

use super::{ELSEWHERE, parsed, relay};
use crate::testing::{World, account, example, repository, tree};
use crate::{BitbucketCloud, BitbucketDataCenter, GitHub};

/// A vendor's way to tell what happened.
type Translate = fn(&Happening, &Scene<'_>, &dyn Fn(&str) -> bool) -> Vec<Draft>;

/// acme owns widgets, mona and ravi have accounts, kim has none.
fn world(translate: Translate) -> World {
    let user = |id, login: &str, name: &str| {
        Arc::new(Account { name: Some(name.to_owned()), ..account(id, AccountKind::User, login) })
    };
    let acme = Arc::new(account(1, AccountKind::Organization, "acme"));
    let widgets = Arc::new(repository(10, "widgets", &acme));
    let (mona, ravi) = (user(2, "mona", "Mona Ito"), user(3, "ravi", "Ravi Patel"));
    let collaborates = Change::Collaborator(widgets.id, ravi.id, Some(Permission::Write));
    World::of(translate, (&acme, &widgets), [Change::Account(mona), Change::Account(ravi), collaborates])
}

fn github() -> World {
    world(|happening, scene, wanted| GitHub::default().translate(happening, scene, wanted))
}

fn cloud() -> World {
    world(|happening, scene, wanted| BitbucketCloud::new(Arc::default()).translate(happening, scene, wanted))
}

/// Dates as numbers, or as text.
fn data_center(shape: u8) -> World {
    let world =
        world(|happening, scene, wanted| BitbucketDataCenter::new(Arc::default()).translate(happening, scene, wanted));
    World { shape: Shape(shape), ..world }
}

/// Pointers to all members in which two trees differ.
fn differences(one: &Value, other: &Value, at: &str, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            let keys = one.keys().chain(other.keys().filter(|key| !one.contains_key(*key)));
            for key in keys {
                let (one, other) = (one.get(key).unwrap_or(&Value::Null), other.get(key).unwrap_or(&Value::Null));
                differences(one, other, &format!("{at}/{key}"), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                differences(one, other, &format!("{at}/{index}"), found);
            }
        }
        _ if one != other => found.push(at.to_owned()),
        _ => {}
    }
}

/// Each message of the push and pull request families: sent, relayed, sent again. The answer names, for each that is not
/// the same, the message and the members; or the message alone if it is not relayed.
fn lost(provider: &str, world: &World) -> Vec<String> {
    let mut lost = Vec::new();
    for kind in Happening::types().into_iter().filter(|kind| kind == "push" || kind.starts_with("pull_request")) {
        for draft in world.tell(&example(&kind)) {
            let told = relay(provider, &draft.kind, &draft.body, Some("d1"), ELSEWHERE).expect("readable");
            let again: Vec<_> = told.iter().flat_map(|relayed| world.tell(&parsed(relayed))).collect();
            let Some(again) = again.iter().find(|again| again.kind == draft.kind) else {
                lost.push(format!("{kind} {}", draft.kind));
                continue;
            };
            let mut found = Vec::new();
            differences(&tree(&draft), &tree(again), "", &mut found);
            lost.extend(found.into_iter().map(|member| format!("{kind} {} {member}", draft.kind)));
        }
    }
    lost
}

#[test]
fn github_hears_its_own_words_again() {
    assert_eq!(lost("github", &github()), ["push create", "push delete"], "told by the push beside them");
}

#[test]
fn cloud_hears_its_own_words_again() {
    assert_eq!(lost("bitbucket-v2", &cloud()), [""; 0]);
}

#[test]
fn data_center_hears_its_own_words_again() {
    for shape in [0, 1] {
        let told_under_another_key = [
            "pull_request.target_updated pr:to_ref_updated",
            "pull_request.changes_requested pr:reviewer:changes_requested",
        ];
        assert_eq!(lost("bitbucket-server", &data_center(shape)), told_under_another_key);
    }
}
