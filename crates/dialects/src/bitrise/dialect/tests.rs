//! Requests as receivers see them, and what follows their answers (contract bitrise section 8).

use std::sync::Arc;

use domain::attempt::{Next, Outcome};
use domain::delivery::DeliveryState;
use domain::directory::Change;
use domain::id::{CiAppId, HookId, RepositoryId, Uid};
use domain::rules::backoff::Schedule;
use domain::rules::decide::{Circumstances, decide};
use testkit::{AHook, START, Surroundings, a_hook, an_app, answered, unanswered};

use super::*;
use crate::testing::header;

const OF_APP: HookScope = HookScope::App(CiAppId(1));
const BODY: &str = r#"{"build_slug":"b1","build_number":3,"app_slug":"a1","build_status":1,"build_triggered_workflow":"deploy","git":{"provider":"github","src_branch":"feature/x","dst_branch":"main","pull_request_id":32,"tag":null}}"#;

fn hook(secret: Option<&str>) -> Hook {
    let hook = secret.into_iter().fold(a_hook().listening_to(&["*"]), AHook::signed_with);
    Hook { dialect: NAME, scope: OF_APP, ..hook.build().numbered(HookId(42)) }
}

fn message(body: &str) -> Message {
    Message {
        dialect: NAME,
        uid: Uid::parse("0190f3a1-7c00-7000-8000-000000000001").expect("a UUID"),
        kind: events::BUILD_FINISHED.into(),
        action: None,
        body: Bytes::copy_from_slice(body.as_bytes()),
        passed_through: false,
    }
}

/// Attempt `number` of that body, with the app known.
fn sent(hook: &Hook, body: &str, number: u32) -> WireRequest {
    let surroundings = Surroundings::default();
    surroundings.directory.apply([Change::CiApp(Arc::new(an_app().build().numbered(CiAppId(1))))]);
    Bitrise.encode(hook, &message(body), &surroundings.sending(number))
}

#[test]
fn check_21_deliveries_name_the_event_and_the_app() {
    let request = sent(&hook(Some("s")), BODY, 1);
    let names: Vec<_> = request.headers.iter().map(|(name, _)| *name).collect();
    let expected = [
        "Content-Type",
        "Bitrise-Event-Type",
        "Bitrise-App-Id",
        "Bitrise-Hook-Signature",
        "User-Agent",
        "X-Delivery-Id",
        "Postrider-Hops",
    ];
    assert_eq!(names, expected);
    let app = an_app().build().uid.to_string();
    for (name, value) in [
        ("Content-Type", "application/json"),
        ("Bitrise-Event-Type", "build/finished"),
        ("Bitrise-App-Id", &app),
        ("Postrider-Hops", "1"),
    ] {
        assert_eq!(header(&request, name), Some(value));
    }
    assert!(names.iter().all(|name| reserved(&name.to_ascii_lowercase())), "no hook can set them");
    assert!(!reserved("key") && !reserved("authorization"));
    let again = sent(&hook(None), BODY, 2);
    assert_eq!(header(&request, "X-Delivery-Id"), header(&again, "X-Delivery-Id"), "attempts share it");
}

#[test]
fn check_19_signatures_cover_the_exact_bytes_sent() {
    let cases = [
        (
            "my-super-secret",
            r#"{"app_slug":"test-app-slug"}"#,
            "0d86929661b1c7b216ca6a7ef4abe740ee6dc07d4afc2f21d78c888235d88713",
        ),
        ("s3cr3t", BODY, "3d8904036e53e027b0087a8729b60956078e7653e6164b94df66fa06637a6565"),
        ("pässword", BODY, "70c8e445046d99bebfd74aa0a9c20e8ef4aee24263745192637bf65a840ef018"),
        ("s3cr3t", "", "3c81cc9496e1c25250f6ccb85f697c1bb623e3480d6538ad8cb6a6648142777d"),
    ];
    for (secret, body, expected) in cases {
        let request = sent(&hook(Some(secret)), body, 1);
        assert_eq!(request.body, body);
        assert_eq!(header(&request, "Bitrise-Hook-Signature"), Some(&*format!("sha256={expected}")));
    }
    // Receivers accept the older form, too; it is never sent.
    let older = hmac::sha1_hex("sha1=", "89fa2fae2f7c89eca9d4dc1406ee5e1a", br#"{"message":"test content"}"#);
    assert_eq!(older, "sha1=c48856de832335695d0d1d4e3bca31d4687c0e0d");
}

#[test]
fn check_20_without_a_secret_there_is_no_signature() {
    assert_eq!(header(&sent(&hook(None), BODY, 1), "Bitrise-Hook-Signature"), None);
}

#[test]
fn check_22_the_vendor_s_schedule_has_one_attempt_only() {
    let exchanges = [answered(500), answered(404), answered(410), unanswered(Outcome::TimedOut, "no answer")];
    for exchange in exchanges {
        let facts = Circumstances {
            now: START,
            accepted_at: START,
            max_age: Duration::from_secs(86_400),
            number: 1,
            schedule: &Schedule::Vendor,
            vendor_delays: Bitrise.vendor_delays(),
            lease_until: None,
            when_gone: Bitrise.when_gone(),
            max_attempts: None,
            jitter: 0.5,
        };
        let decision = decide(&exchange, &facts);
        let failed = Next::Ended { state: DeliveryState::Failed, reason: None };
        assert_eq!((decision.next, decision.hook), (failed, HookFate::Stays), "{exchange:?}");
    }
    assert_eq!(Bitrise.timeout(), Some(Duration::from_secs(10)));
}

#[test]
fn hooks_belong_to_apps_and_to_nothing_else() {
    let of_repository = HookScope::Repository(RepositoryId(1));
    for kind in events::TYPES {
        assert!(Bitrise.knows_event(kind, OF_APP) && !Bitrise.knows_event(kind, of_repository), "{kind}");
    }
    assert!(!Bitrise.knows_event("build/started", OF_APP), "section 8: never sent");
    assert_eq!(Bitrise.hook_terms(of_repository).max_hooks, Some(0));
    let terms = Bitrise.hook_terms(OF_APP);
    assert_eq!((terms.wildcard, terms.form, terms.max_hooks), (true, false, Some(MAX_HOOKS)));
}

#[test]
fn payloads_pass_through_byte_for_byte_if_they_could_be_the_vendor_s() {
    let data = Bytes::from_static(br#" {"build_slug" : "x"} "#);
    let draft = Bitrise.pass_through("build/finished", &data).expect("an event of this dialect");
    assert_eq!((&*draft.kind, draft.action, draft.body), ("build/finished", None, data));
    for (kind, data) in [("build/finished", "[]"), ("build/finished", "{"), ("build/started", "{}"), ("build", "{}")] {
        assert!(Bitrise.pass_through(kind, &Bytes::from_static(data.as_bytes())).is_err(), "{kind} {data}");
    }
}
