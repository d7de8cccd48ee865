//! The examples under `docs/events/`, and what is refused.

use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// The example of a canonical type.
fn example(kind: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/events").join(format!("{kind}.json"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn parse(kind: &str, data: &[u8]) -> Result<Happening, String> {
    Happening::parse(kind, data).expect("a canonical type").map_err(|malformed| malformed.detail)
}

/// The example of `kind` with the member at `pointer` set to `value`.
fn spoiled(kind: &str, pointer: &str, value: Value) -> Result<Happening, String> {
    let mut payload: Value = serde_json::from_slice(&example(kind)).expect("JSON");
    *payload.pointer_mut(pointer).expect("present in the example") = value;
    parse(kind, payload.to_string().as_bytes())
}

#[test]
fn every_type_has_an_example_that_survives_a_round_trip() {
    for kind in Happening::types() {
        let happening = parse(&kind, &example(&kind)).unwrap_or_else(|error| panic!("{kind}: {error}"));
        let again = serde_json::to_vec(&happening).expect("serializes");
        assert_eq!(parse(&kind, &again).as_ref(), Ok(&happening), "{kind}");
    }
}

#[test]
fn every_example_has_a_type() {
    let types = Happening::types();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/events");
    for entry in std::fs::read_dir(folder).expect("exists") {
        let path = entry.expect("readable").path();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
        assert!(stem == "README" || types.iter().any(|kind| kind == stem), "{stem}");
    }
}

#[test]
fn examples_hold_nothing_that_is_ignored() {
    fn is_told(example: &Value, told: &Value) -> bool {
        match (example, told) {
            (Value::Object(example), Value::Object(told)) => example
                .iter()
                .all(|(key, value)| value.is_null() || told.get(key).is_some_and(|told| is_told(value, told))),
            (Value::Array(example), Value::Array(told)) => {
                example.len() == told.len() && example.iter().zip(told).all(|(example, told)| is_told(example, told))
            }
            _ => example == told,
        }
    }
    for kind in Happening::types() {
        let data = example(&kind);
        let told = serde_json::to_value(parse(&kind, &data).expect("parses")).expect("serializes");
        assert!(is_told(&serde_json::from_slice(&data).expect("JSON"), &told), "{kind}");
    }
}

#[test]
fn a_refusal_names_the_field() {
    let cases = [
        ("push", "/refs/0/before", json!("main"), "refs[0].before: must be 40 or 64 lowercase hex digits"),
        ("push", "/refs/1/ref", json!("v1"), "refs[1].ref: must be a full ref name"),
        ("push", "/refs/1/kind", json!("branch"), "refs[1].ref: does not begin as its kind does"),
        ("push", "/refs/2/before", json!(ZERO_ID), "refs[2].after: is zero"),
        (
            "push",
            "/refs/0/commits/1/timestamp",
            json!("yesterday"),
            "refs[0].commits[1].timestamp: must be an RFC 3339",
        ),
        ("push", "/refs/0/commits/0/author/name", json!(7), "refs[0].commits[0].author.name: invalid type"),
        ("push", "/pusher", json!(null), "pusher: invalid type"),
        ("pull_request.merged", "/pull_request/state", json!("open"), "pull_request.state: must be merged"),
        ("pull_request.opened", "/pull_request/number", json!(-1), "pull_request.number: invalid value"),
        ("pull_request.opened", "/pull_request/created_at", json!(5), "pull_request.created_at: invalid type"),
        ("pull_request.source_updated", "/previous_commit", json!(null), "previous_commit: missing"),
        ("repository.forked", "/fork", json!("ravi"), "fork: must be owner/name"),
        ("repository.renamed", "/from", json!(""), "from: missing"),
        ("issue.updated", "/changes", json!(null), "changes: missing"),
        ("build.finished", "/build/state", json!("running"), "build.state: must not be running"),
        ("organization.updated", "/changes", json!({}), "changes: must not be empty"),
        ("organization.renamed", "/from", json!(null), "from: missing"),
        ("organization.member_added", "/member", json!(null), "member: missing"),
        ("organization.member_removed", "/role", json!("admin"), "role: unknown variant"),
        ("member.edited", "/previous_permission", json!(null), "previous_permission: missing"),
        ("member.added", "/permission", json!("maintain"), "permission: unknown variant"),
        ("secret.detected", "/locations", json!([]), "locations: must not be empty"),
        ("secret.detected", "/locations/0/commit", json!("HEAD"), "locations[0].commit: must be 40 or 64"),
        ("commit_comment.edited", "/previous_body", json!(null), "previous_body: missing"),
    ];
    for (kind, pointer, value, expected) in cases {
        let error = spoiled(kind, pointer, value).expect_err(pointer);
        assert!(error.starts_with(expected), "{kind} {pointer}: {error}");
    }
    assert!(parse("push", b"{\"pusher\":").expect_err("cut short").contains("EOF"));
    assert!(parse("push", b"{\"pusher\":{}}").expect_err("no refs").contains("missing field `refs`"));
}

#[test]
fn other_types_are_not_canonical() {
    for kind in ["push.", "pushed", "pull_request", "pull_request.exploded", "mirror.broken", "acme.thing.done", ""] {
        assert!(Happening::parse(kind, b"{}").is_none(), "{kind}");
    }
    let closed = example("pull_request.declined");
    assert!(matches!(
        parse("pull_request.closed", &closed),
        Ok(Happening::PullRequest(PullRequestAction::Declined, _))
    ));
}

/// JSON of any shape, with the names that canonical payloads use.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(Value::from(ZERO_ID)),
        Just(Value::from("refs/heads/main")),
        Just(Value::from("2026-01-02T03:04:05Z")),
    ];
    let name = prop_oneof![
        Just("actor".to_owned()),
        Just("pusher".to_owned()),
        Just("refs".to_owned()),
        Just("ref".to_owned()),
        Just("kind".to_owned()),
        Just("before".to_owned()),
        Just("after".to_owned()),
        Just("comment".to_owned()),
        Just("pull_request".to_owned()),
        Just("changes".to_owned()),
        ".{0,6}",
    ];
    leaf.prop_recursive(4, 48, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..8).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

proptest! {
    #[test]
    fn parsing_never_panics_on_json(value in any_json()) {
        let data = value.to_string();
        for kind in Happening::types() {
            drop(Happening::parse(&kind, data.as_bytes()));
        }
    }

    #[test]
    fn parsing_never_panics_on_bytes(data in prop::collection::vec(any::<u8>(), 0..64)) {
        for kind in Happening::types() {
            drop(Happening::parse(&kind, &data));
        }
    }

    #[test]
    fn a_spoiled_example_is_refused_or_read_but_never_a_panic(at in any::<prop::sample::Index>(), with in any::<u8>()) {
        for kind in Happening::types() {
            let mut data = example(&kind);
            let at = at.index(data.len());
            data[at] = with;
            drop(Happening::parse(&kind, &data));
        }
    }
}
