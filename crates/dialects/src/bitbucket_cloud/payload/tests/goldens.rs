//! Every example of `docs/events/` and every row of the push table, byte for byte.

use std::collections::BTreeSet;

use domain::hook::HookScope;
use domain::id::AccountId;

use super::*;
use crate::bitbucket_cloud::events::{self, EVENTS};

/// File name to body: `{canonical type}.{n}.{event key}.json`, the n-th message of that type, and
/// `push.{row of the table}.repo_push.json`.
fn rendered() -> Files {
    let world = world();
    let mut files = Files::new();
    for kind in Happening::types() {
        for (at, draft) in world.tell(&example(&kind)).into_iter().enumerate() {
            files.insert(format!("{kind}.{at}.{}.json", draft.kind.replace(':', "_")), draft.body);
        }
    }
    for (row, push) in pushes::rows() {
        let [draft] = world.tell(&push).try_into().expect("one message");
        files.insert(format!("push.{row}.repo_push.json"), draft.body);
    }
    let [draft] = world.tell(&rules::changes_accepted()).try_into().expect("one message");
    files.insert("pull_request.unapproved.changes.pullrequest_changes_request_removed.json".to_owned(), draft.body);
    let [draft] = in_fork().tell(&example("issue.opened")).try_into().expect("one message");
    files.insert("issue.opened.in_fork.issue_created.json".to_owned(), draft.body);
    files
}

/// The event key that a fixture's name ends in.
fn key_of(name: &str) -> String {
    let key = name.trim_end_matches(".json").rsplit('.').next().expect("a part");
    key.replacen('_', ":", 1)
}

#[test]
fn examples_become_their_goldens() {
    assert_goldens("bitbucket_cloud", &rendered());
}

#[test]
fn bodies_are_compact_json() {
    assert_compact(&rendered());
}

#[test]
fn every_key_has_a_golden_but_those_that_only_pass_through() {
    let told: BTreeSet<String> = rendered().keys().map(|name| key_of(name)).collect();
    let silent: Vec<_> = EVENTS.iter().map(|event| event.key).filter(|key| !told.contains(*key)).collect();
    let expected =
        ["repo:imported", "pullrequest:comment_resolved", "pullrequest:comment_reopened", "pipeline:span_created"];
    assert_eq!(silent, expected);
    let of_workspace = HookScope::Account(AccountId(1));
    assert!(told.iter().all(|key| events::exists(key, of_workspace)), "{told:?}");
}

#[test]
fn every_event_has_an_actor_and_a_full_repository() {
    for (name, body) in rendered() {
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        assert_eq!(body["actor"]["type"], "user", "{name}");
        if name.ends_with("project_updated.json") {
            assert!(body.get("repository").is_none() && body["project"]["type"] == "project", "check 28");
            continue;
        }
        let repository = &body["repository"];
        assert_eq!((&repository["type"], &repository["scm"]), (&"repository".into(), &"git".into()), "{name}");
        assert!(repository["project"].is_object() && repository.get("parent").is_some(), "{name}");
        assert!(repository["uuid"].as_str().is_some_and(|uuid| uuid.starts_with('{') && uuid.ends_with('}')), "{name}");
    }
}

#[test]
fn check_26_users_have_no_username_and_four_other_names() {
    let mut users = 0;
    for (name, body) in rendered() {
        let body = serde_json::from_slice(&body).expect("JSON");
        each_object(&body, &mut |object| {
            if object.get("type").is_some_and(|kind| kind == "team") {
                assert!(object.contains_key("username") && !object.contains_key("nickname"), "{name}");
                return;
            }
            assert!(!object.contains_key("username"), "{name}");
            if object.get("type").is_some_and(|kind| kind == "user") {
                users += 1;
                for member in ["nickname", "account_id", "uuid", "display_name"] {
                    let value = object.get(member).and_then(Value::as_str);
                    assert!(value.is_some_and(|text| !text.is_empty()), "{name}: {member}");
                }
            }
        });
    }
    assert!(users > 100, "{users}");
}

#[test]
fn hashes_have_12_digits_in_pull_requests_and_40_elsewhere() {
    for (name, body) in rendered() {
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        let expected = if body.get("pullrequest").is_some() { 12 } else { 40 };
        each_object(&body, &mut |object| {
            if let Some(hash) = object.get("hash").and_then(Value::as_str) {
                assert_eq!(hash.len(), expected, "{name}");
            }
        });
    }
}

#[test]
fn dates_are_texts_with_an_offset() {
    for (name, body) in rendered() {
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        each_object(&body, &mut |object| {
            for (member, value) in object {
                let in_full = matches!(member.as_str(), "created_on" | "updated_on" | "participated_on");
                if let Some(text) = value.as_str().filter(|_| in_full || member == "date") {
                    assert!(text.ends_with("+00:00") && matches!(text.len(), 25 | 32), "{name}: {member} {text}");
                    assert!(!in_full || text.len() == 32, "{name}: {member} {text}");
                }
                assert!(!(in_full || member == "date") || !value.is_number(), "{name}: {member}");
            }
        });
    }
}
