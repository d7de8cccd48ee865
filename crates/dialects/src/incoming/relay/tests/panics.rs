//! Whatever comes in, relaying ends.

use std::collections::BTreeMap;

use domain::canonical::Happening;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::relay;
use super::ELSEWHERE;

/// Every event that is read, and a few that are not.
const EVENTS: &[(&str, &[&str])] = &[
    (
        "github",
        &["push", "pull_request", "pull_request_review", "pull_request_review_comment", "issue_comment", "create"],
    ),
    ("gitlab", &["Push Hook", "Tag Push Hook", "Merge Request Hook", "Note Hook", "Job Hook"]),
    (
        "bitbucket-v2",
        &[
            "repo:push",
            "pullrequest:created",
            "pullrequest:updated",
            "pullrequest:push",
            "pullrequest:fulfilled",
            "pullrequest:approved",
            "pullrequest:changes_request_removed",
            "pullrequest:comment_updated",
        ],
    ),
    (
        "bitbucket-server",
        &["repo:refs_changed", "pr:opened", "pr:modified", "pr:merged", "pr:reviewer:updated", "pr:comment:edited"],
    ),
    ("gogs", &["push", "create", "pull_request", "pull_request_approved", "issue_comment"]),
];

fn any_event() -> impl Strategy<Value = (&'static str, &'static str)> {
    let all: Vec<_> =
        EVENTS.iter().flat_map(|(provider, events)| events.iter().map(|event| (*provider, *event))).collect();
    prop::sample::select(all)
}

/// Bodies that are read in full, and the paths to all that is in them.
fn bodies() -> Vec<(&'static str, String, Value)> {
    let mut found = Vec::new();
    for (provider, folder) in
        [("github", "github"), ("bitbucket-v2", "bitbucket_cloud"), ("bitbucket-server", "bitbucket_dc")]
    {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(folder).join("fixtures");
        for entry in std::fs::read_dir(folder).expect("exists") {
            let path = entry.expect("readable").path();
            let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
            if name.starts_with("push") || name.starts_with("pull_request") {
                let event = name.trim_end_matches(".iso").rsplit('.').next().expect("a part");
                let event = match provider {
                    "github" => event.to_owned(),
                    "bitbucket-v2" => event.replacen('_', ":", 1),
                    // `repo:refs_changed`, `pr:reviewer:needs_work`
                    _ => event.replacen('_', ":", 1).replace("reviewer_", "reviewer:").replace("comment_", "comment:"),
                };
                let body = std::fs::read(&path).expect("readable");
                found.push((provider, event, serde_json::from_slice(&body).expect("JSON")));
            }
        }
    }
    found
}

/// Pointers to everything in a tree.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(members) => {
            members
                .iter()
                .for_each(|(key, member)| pointers(member, &format!("{at}/{}", key.replace('/', "~1")), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| pointers(item, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        "[0-9a-f]{0,70}".prop_map(Value::from),
        "refs/(heads|tags)/.{0,5}".prop_map(Value::from),
        "[0-9]{4}-[0-9]{2}-[0-9]{2}.{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        let member =
            prop::sample::select(vec!["ref", "id", "name", "commits", "repository", "pull_request", "from", "user"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(member, inner, 0..4).prop_map(|members: BTreeMap<&str, Value>| json!(members)),
        ]
    })
}

/// Relays it; what comes out is a valid canonical payload.
fn relays(provider: &str, event: &str, body: &[u8]) {
    let told = relay(provider, event, body, None, ELSEWHERE).unwrap_or_default();
    for relayed in told {
        let parsed = Happening::parse(&relayed.kind, &relayed.data);
        assert!(matches!(parsed, Some(Ok(_))), "{provider} {event}: {parsed:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic((provider, event) in any_event(), body: Vec<u8>) {
        relays(provider, event, &body);
    }

    #[test]
    fn no_tree_makes_it_panic((provider, event) in any_event(), payload in any_json()) {
        relays(provider, event, payload.to_string().as_bytes());
    }

    #[test]
    fn no_spoiled_payload_makes_it_panic(which: prop::sample::Index, place: prop::sample::Index, value in any_json()) {
        let bodies = bodies();
        let (provider, event, mut body) = bodies[which.index(bodies.len())].clone();
        let mut places = Vec::new();
        pointers(&body, "", &mut places);
        *body.pointer_mut(&places[place.index(places.len())]).expect("found there") = value;
        relays(provider, &event, body.to_string().as_bytes());
    }
}
