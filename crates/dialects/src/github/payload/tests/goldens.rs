//! Every example of `docs/events/`, byte for byte.

use serde_json::json;

use super::*;
use crate::github::payload::ping;

/// File name to body. `{canonical type}.{n}.{event}.json`, the n-th message of that type.
fn rendered() -> Files {
    let world = world();
    let mut files = Files::new();
    for kind in Happening::types() {
        for (at, draft) in world.tell(&example(&kind)).into_iter().enumerate() {
            files.insert(format!("{kind}.{at}.{}.json", draft.kind), draft.body);
        }
    }
    let sender = account(2, AccountKind::User, "mona");
    let organization = Place { repository: None, ..world.scene().place };
    let of_account = Scene { place: organization, repository: None, ..world.scene() };
    files.insert("hook.0.ping.json".to_owned(), ping(&world.scene(), hook("repos/acme/widgets"), 42, &sender, 7));
    files.insert("hook.1.ping.json".to_owned(), ping(&of_account, hook("orgs/acme"), 43, &sender, 22));
    files
}

/// A hook as the API shows it.
fn hook(parent: &str) -> serde_json::Value {
    let url = format!("https://git.acme.test:8443/api/v3/{parent}/hooks/42");
    let of_repository = parent.starts_with("repos/");
    let mut hook = json!({
        "type": if of_repository { "Repository" } else { "Organization" },
        "id": 42,
        "name": "web",
        "active": true,
        "events": ["push", "pull_request"],
        "config": {
            "content_type": "json", "insecure_ssl": "0", "secret": "********", "url": "https://receiver.test/hook",
        },
        "updated_at": "2026-01-02T03:04:05Z",
        "created_at": "2026-01-02T03:04:05Z",
        "url": url,
        "ping_url": format!("{url}/pings"),
        "deliveries_url": format!("{url}/deliveries"),
    });
    if of_repository {
        hook["test_url"] = json!(format!("{url}/test"));
        hook["last_response"] = json!({"code": 200, "status": "active", "message": "OK"});
    }
    hook
}

#[test]
fn examples_become_their_goldens() {
    assert_goldens("github", &rendered());
}

#[test]
fn every_type_that_github_has_a_word_for_has_a_message() {
    let world = world();
    let silent: Vec<_> = Happening::types().into_iter().filter(|kind| world.tell(&example(kind)).is_empty()).collect();
    let of_others = ["mirror.synchronized", "secret.detected", "commit_comment.edited", "commit_comment.deleted"];
    assert_eq!(silent, [&of_others[..], &["organization.updated"]].concat());
}

#[test]
fn bodies_are_compact_json() {
    assert_compact(&rendered());
}

#[test]
fn actions_of_messages_are_those_in_their_bodies_and_in_the_catalogue() {
    let world = world();
    for kind in Happening::types() {
        for draft in world.tell(&example(&kind)) {
            let body = tree(&draft);
            assert_eq!(body.get("action").and_then(Value::as_str), draft.action.as_deref(), "{kind}");
            let known = crate::github::events::actions(&draft.kind).expect("a catalogue event");
            assert!(draft.action.as_deref().is_none_or(|action| known.contains(&action)), "{kind}: {draft:?}");
        }
    }
}
