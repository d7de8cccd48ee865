//! Requests as receivers see them, and what follows their answers (contract bitbucket-cloud sections 2 and 7).

use domain::attempt::{HookFate, Next};
use domain::delivery::DeliveryState;
use domain::id::{AccountId, HookId, Uid};
use domain::rules::backoff::Schedule;
use domain::rules::decide::{Circumstances, Decision, decide};
use testkit::{START, Surroundings, a_hook, answered, unanswered};

use super::*;
use crate::testing::header;

const HOOK: &str = "0190f3a1-7c00-7000-8000-0000000000aa";
const MESSAGE: &str = "0190f3a1-7c00-7000-8000-000000000001";

fn uid(text: &str) -> Uid {
    text.parse().map(Uid).expect("a UUID")
}

fn dialect() -> BitbucketCloud {
    BitbucketCloud::new(Arc::default())
}

fn message(body: &str) -> Message {
    let body = Bytes::copy_from_slice(body.as_bytes());
    Message { dialect: NAME, uid: uid(MESSAGE), kind: "repo:push".into(), action: None, body, passed_through: false }
}

fn hook(secret: Option<&str>) -> Hook {
    let hook = a_hook().listening_to(&["repo:push"]);
    let hook = secret.into_iter().fold(hook, testkit::AHook::signed_with);
    Hook { uid: uid(HOOK), dialect: NAME, ..hook.build().numbered(HookId(42)) }
}

#[test]
fn check_18_a_first_attempt_has_clouds_headers_in_clouds_order() {
    let request = dialect().encode(&hook(Some("s")), &message("{}"), &Surroundings::default().sending(1));
    let shown: Vec<_> = request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let signature = "X-Hub-Signature: sha256=";
    let trace = "traceparent: 00-0190f3a17c0070008000000000000001-";
    let expected = [
        "X-Event-Key: repo:push",
        &format!("X-Hook-UUID: {HOOK}"),
        &format!("X-Request-UUID: {}", derived_uid(uid(MESSAGE), HOOK)),
        "X-Attempt-Number: 1",
        signature,
        "User-Agent: Bitbucket-Webhooks/2.0",
        "Content-Type: application/json",
        trace,
        "Postrider-Hops: 1",
    ];
    assert_eq!(shown.len(), expected.len(), "{shown:?}");
    for (shown, expected) in shown.iter().zip(expected) {
        let open_ended = expected == signature || expected == trace;
        assert!(if open_ended { shown.starts_with(expected) } else { shown == expected }, "{shown}");
    }
}

#[test]
fn check_18_attempts_share_a_request_uuid_and_a_trace_and_are_counted_across_redeliveries() {
    let surroundings = Surroundings::default();
    let send = |number, earlier| {
        let sending = Sending { earlier, ..surroundings.sending(number) };
        dialect().encode(&hook(None), &message("{}"), &sending)
    };
    let attempts = [send(1, 0), send(2, 0), send(3, 0), send(1, 3)];
    let told = |name: &str| attempts.iter().map(|request| header(request, name).expect(name)).collect::<Vec<_>>();
    assert_eq!(told("X-Attempt-Number"), ["1", "2", "3", "4"]);
    let requests = told("X-Request-UUID");
    assert_eq!(requests, [requests[0]; 4]);
    let other = Hook { uid: uid(MESSAGE), ..hook(None) };
    let other = dialect().encode(&other, &message("{}"), &surroundings.sending(1));
    assert_ne!(header(&other, "X-Request-UUID"), Some(requests[0]), "another hook, another request");
    let traces = told("traceparent");
    for trace in &traces {
        let [version, id, span, flags] = trace.split('-').collect::<Vec<_>>().try_into().expect("four parts");
        assert_eq!((version, id, flags), ("00", "0190f3a17c0070008000000000000001", "01"));
        let hex = span.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        assert!(span.len() == 16 && hex && span.bytes().any(|byte| byte != b'0'), "{span}");
    }
    assert_ne!(traces[0], traces[1], "each attempt is a span of its own");
}

#[test]
fn check_18_the_hook_uuid_has_braces_only_on_request() {
    let settings = BitbucketCloudSettings { braces_in_hook_uuid: true, ..BitbucketCloudSettings::default() };
    let braced = BitbucketCloud::new(Arc::new(settings));
    let request = braced.encode(&hook(None), &message("{}"), &Surroundings::default().sending(1));
    assert_eq!(header(&request, "X-Hook-UUID"), Some(&*format!("{{{HOOK}}}")));
}

#[test]
fn check_19_signatures_cover_the_exact_bytes_sent() {
    let long = "k".repeat(128);
    let cases = [
        (
            "It's a Secret to Everybody",
            "Hello World!",
            "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9",
        ),
        (
            "s3cr3t",
            "{\"pullrequest\":{\"title\":\"Segel trimmen — été ✓\"}}",
            "fc7c8642316bbf9d1f4a8f7ef75d491844821d9983b11c44dc48e88ae396c800",
        ),
        (
            "Gk$l&k \"q\" #42",
            "{\"push\":{\"changes\":[]}}",
            "91e3481e656dfc9df7869452fd8b6a8db28c3854ca8369deca82c7d66337d8ac",
        ),
        ("ключ-é", "{\"a\":1}", "3a6d6354673e564456046050055cd48871c1d3c64b41d841f7d42195aed605da"),
        (&long, "{}", "8f163e11c87feba6ff9b021d6683928f115370a866129f72d9202ab538252390"),
    ];
    for (secret, body, expected) in cases {
        let request = dialect().encode(&hook(Some(secret)), &message(body), &Surroundings::default().sending(1));
        assert_eq!(request.body, body);
        assert_eq!(header(&request, "X-Hub-Signature"), Some(&*format!("sha256={expected}")));
    }
}

#[test]
fn check_19_without_a_secret_there_is_no_signature() {
    let request = dialect().encode(&hook(None), &message("{}"), &Surroundings::default().sending(1));
    assert_eq!(header(&request, "X-Hub-Signature"), None);
}

/// What the vendor's schedule makes of an attempt, asked as the courier asks.
fn verdict(exchange: &Exchange, number: u32) -> Decision {
    let dialect = dialect();
    let facts = Circumstances {
        now: START,
        accepted_at: START,
        max_age: Duration::from_secs(86_400),
        number,
        schedule: &Schedule::Vendor,
        vendor_delays: if dialect.vendor_retries(exchange) { dialect.vendor_delays() } else { &[] },
        lease_until: None,
        when_gone: dialect.when_gone(),
        max_attempts: None,
        jitter: 0.5,
    };
    decide(exchange, &facts)
}

fn ended(state: DeliveryState) -> Decision {
    Decision { next: Next::Ended { state, reason: None }, hook: HookFate::Stays }
}

#[test]
fn check_20_server_errors_are_tried_twice_more_at_once() {
    let again = Decision { next: Next::RetryAt(START), hook: HookFate::Stays };
    for status in [500, 502, 503, 599] {
        let answers = [1, 2, 3].map(|number| verdict(&answered(status), number));
        assert_eq!(answers, [again, again, ended(DeliveryState::Failed)], "{status}");
    }
    assert_eq!(verdict(&answered(200), 3), ended(DeliveryState::Succeeded));
}

#[test]
fn check_21_nothing_else_is_tried_again() {
    for status in [301, 307, 400, 401, 404, 410, 429, 499, 600] {
        assert_eq!(verdict(&answered(status), 1), ended(DeliveryState::Failed), "{status}");
    }
    for outcome in Outcome::ALL.into_iter().filter(|outcome| *outcome != Outcome::Answered) {
        assert_eq!(verdict(&unanswered(outcome, "no answer"), 1), ended(DeliveryState::Failed), "{outcome:?}");
    }
    assert_eq!(dialect().timeout(), Some(Duration::from_secs(10)));
}

#[test]
fn check_22_the_vendors_payload_limit_holds_on_request() {
    let strict = BitbucketCloudSettings { strict_payload_limit: true, ..BitbucketCloudSettings::default() };
    assert_eq!(BitbucketCloud::new(Arc::new(strict)).max_payload(), 262_144);
    assert_eq!(dialect().max_payload(), domain::flow::publish::MAX_DATA);
}

#[test]
fn check_28_payloads_without_a_repository_pass_through_to_workspace_hooks() {
    let workspace = HookScope::Account(AccountId(1));
    let bodies = [
        (
            "pipeline:span_created",
            r#" {"resourceSpans" : [{"scopeSpans":[{"spans":[{"name":"bbc.pipeline_run"}]}]}]} "#,
        ),
        ("project:updated", r#"{"actor":{},"project":{"key":"AIR"},"changes":{"name":{"old":"Air","new":"Sea"}}}"#),
    ];
    for (key, body) in bodies {
        let data = Bytes::from_static(body.as_bytes());
        let draft = dialect().pass_through(key, &data).expect("an event of this dialect");
        assert_eq!((&*draft.kind, draft.action, draft.body), (key, None, data), "byte for byte");
        assert!(dialect().knows_event(key, workspace), "{key}");
    }
    let repository = HookScope::Repository(domain::id::RepositoryId(1));
    assert!(!dialect().knows_event("project:updated", repository), "workspaces alone have projects");
}

#[test]
fn what_cloud_would_not_send_does_not_pass() {
    for (key, data) in [("repo:push", "[]"), ("repo:push", "{"), ("repo:push", ""), ("repo:pushed", "{}")] {
        assert!(dialect().pass_through(key, &Bytes::from_static(data.as_bytes())).is_err(), "{key} {data}");
    }
}
