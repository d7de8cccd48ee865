//! No request may cost more than an answer (H-4).

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use domain::secret::Secret;
use domain::time::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::incoming::answer;
use crate::incoming::plan::{Plan, plan};
use crate::incoming::provider::HookProvider;
use crate::incoming::reading::NotBuilt;
use crate::incoming::request::Request;
use crate::incoming::verify::verify;

/// Events that get past each gate, and those that do not.
const EVENTS: [&str; 14] = [
    "push",
    "pull_request",
    "issue_comment",
    "Push Hook",
    "Tag Push Hook",
    "Merge Request Hook",
    "Note Hook",
    "repo:push",
    "pullrequest:created",
    "repo:refs_changed",
    "pr:opened",
    "create",
    "ping",
    "\u{e9}",
];

/// Sends something to every provider; each answers with a status, and with JSON.
fn send_everywhere(event: &str, content_type: &str, body: &[u8]) {
    let mut headers = HeaderMap::new();
    for name in ["x-github-event", "x-gitlab-event", "x-event-key", "x-gogs-event", "x-deveo-event"] {
        headers.append(name, HeaderValue::from_bytes(event.as_bytes()).expect("a value"));
    }
    headers.append("content-type", HeaderValue::from_bytes(content_type.as_bytes()).expect("a value"));
    let request = Request::new(&headers, body);
    for provider in HookProvider::ALL {
        let _ = verify(provider, Some(&Secret::new("s")), &request, Timestamp::from_micros(0));
        let _ = (provider.delivery_id(&request), provider.event(&request), provider.fork_of(&request));
        let (status, text) = match plan(provider, provider.read(&request)) {
            Plan::Answer(answer) => answer,
            Plan::Build(wanted, outcome) => {
                assert!(!wanted.is_empty());
                answer::outcome(provider, outcome)
            }
        };
        assert!(matches!(status, 200 | 400), "{provider:?} {status}");
        serde_json::from_str::<Value>(&text).expect("JSON");
    }
}

/// Names that some provider looks at, so that nonsense gets deep.
const NAMES: &[&str] = &[
    "ref",
    "deleted",
    "head_commit",
    "commits",
    "repository",
    "pusher",
    "id",
    "message",
    "added",
    "action",
    "number",
    "pull_request",
    "changes",
    "label",
    "sender",
    "head",
    "base",
    "repo",
    "labels",
    "mergeable",
    "issue",
    "comment",
    "state",
    "object_kind",
    "object_attributes",
    "checkout_sha",
    "merge_request",
    "user",
    "source",
    "target",
    "draft",
    "push",
    "new",
    "type",
    "name",
    "hash",
    "pullrequest",
    "pullRequest",
    "fromRef",
    "toRef",
    "displayId",
    "refType",
    "ref_type",
    "after",
    "eventType",
    "publisherId",
    "resourceVersion",
    "resource",
    "refUpdates",
    "subscriptionId",
    "assembla",
    "git",
    "branch",
    "commit_id",
    "files",
    "renamed",
    "from",
    "to",
    "scm",
    "scmId",
    "previous",
    "current",
];

fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just("refs/heads/x".to_owned()),
        Just("open".to_owned()),
        Just("opened".to_owned()),
        Just("branch".to_owned()),
        Just("commit".to_owned()),
        Just("tfs".to_owned()),
        Just("1.0".to_owned()),
        Just("git.push".to_owned()),
        Just("git".to_owned()),
        ".{0,8}",
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(prop::sample::select(NAMES).prop_map(str::to_owned), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn h4_no_json_makes_a_provider_panic_or_answer_5xx(body in any_json(), event in prop::sample::select(&EVENTS[..])) {
        send_everywhere(event, "application/json", body.to_string().as_bytes());
        let form: String = form_urlencoded::Serializer::new(String::new()).append_pair("payload", &body.to_string()).finish();
        send_everywhere(event, "application/x-www-form-urlencoded", form.as_bytes());
    }

    #[test]
    fn h4_no_bytes_make_a_provider_panic_or_answer_5xx(
        body in prop::collection::vec(any::<u8>(), 0..256),
        content_type in prop::sample::select(&["application/json", "application/x-www-form-urlencoded", "text/plain"][..]),
        event in prop::sample::select(&EVENTS[..]),
    ) {
        send_everywhere(event, content_type, &body);
    }
}

#[test]
fn h4_a_request_that_nests_too_deep_is_refused() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for event in EVENTS {
        send_everywhere(event, "application/json", deep.as_bytes());
    }
}

#[test]
fn h4_a_push_of_more_refs_than_people_have_is_refused() {
    let change = json!({"new": {"type": "branch", "name": "b", "target": {"type": "commit", "hash": "c"}}});
    let event = |count: usize| json!({"repository": {"scm": "git"}, "push": {"changes": vec![&change; count]}});
    let mut headers = HeaderMap::new();
    headers.append("content-type", HeaderValue::from_static("application/json"));
    headers.append("x-event-key", HeaderValue::from_static("repo:push"));
    let read = |count| {
        let body = event(count).to_string();
        HookProvider::BitbucketV2.read(&Request::new(&headers, body.as_bytes())).map(|builds| builds.len())
    };
    assert_eq!(read(10_000), Ok(10_000));
    let problem = "10001 'changes' included in the webhook, at most 10000 are read".to_owned();
    assert_eq!(read(10_001), Err(NotBuilt::Refused(problem)));
}

#[test]
fn a_list_is_no_event() {
    let headers: HeaderMap = [("content-type", "application/json"), ("x-github-event", "push")]
        .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
        .into_iter()
        .collect();
    for body in ["[]", " \n[\"refs/heads/main\",false,{\"id\":\"c\"}]"] {
        let read = HookProvider::GitHub.read(&Request::new(&headers, body.as_bytes()));
        let problem = "Failed to parse request body as JSON: it is a list, not an object".to_owned();
        assert_eq!(read, Err(NotBuilt::Refused(problem)), "{body}");
    }
}

#[test]
fn answers_escape_what_a_page_could_take_for_markup() {
    assert_eq!(answer::text(&json!({"m": "<a&b>\u{2028}"})), "{\"m\":\"\\u003ca\\u0026b\\u003e\\u2028\"}\n");
}
