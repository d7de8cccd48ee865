//! Requests as receivers see them (contract bitbucket-datacenter section 2).

use domain::hook::BasicAuth;
use domain::id::HookId;
use domain::rules::target::TargetUrl;
use domain::secret::Secret;
use serde_json::json;
use testkit::{Surroundings, a_hook};

use super::*;

fn hook() -> Hook {
    Hook { dialect: NAME, ..a_hook().build().numbered(HookId(2)) }
}

fn signed(secret: &str) -> Hook {
    Hook { secret: Some(Secret::new(secret)), ..hook() }
}

fn with_credentials(user: &str, password: &str) -> Hook {
    let credentials = Some(BasicAuth { user: user.to_owned(), password: Secret::new(password) });
    Hook { credentials, ..hook() }
}

fn message(kind: &str, body: &str) -> Message {
    let uid = "0190f3a1-7c00-7000-8000-000000000001".parse().map(Uid).expect("a UUID");
    let body = Bytes::copy_from_slice(body.as_bytes());
    Message { dialect: NAME, uid, kind: kind.into(), action: None, body, passed_through: false }
}

fn ping() -> Message {
    let surroundings = Surroundings::default();
    let account = Arc::new(super::super::payload::tests::account(1, domain::account::AccountKind::User, "mira"));
    let scene = Scene {
        place: testkit::PLACE,
        account: &account,
        repository: None,
        app: None,
        directory: &surroundings.directory,
        public_url: "https://git.air.test",
        occurred_at: testkit::START,
        shape: EPOCH,
    };
    let draft = dialect().ping(&Arc::new(hook()), &scene, &account).expect("it has one");
    Message { body: draft.body, ..message(&draft.kind, "") }
}

fn dialect() -> BitbucketDataCenter {
    BitbucketDataCenter::new(Arc::new(BitbucketDataCenterSettings::default()))
}

fn with(settings: impl FnOnce(&mut BitbucketDataCenterSettings)) -> BitbucketDataCenter {
    let mut changed = BitbucketDataCenterSettings::default();
    settings(&mut changed);
    BitbucketDataCenter::new(Arc::new(changed))
}

fn send(hook: &Hook, message: &Message) -> WireRequest {
    dialect().encode(hook, message, &Surroundings::default().sending(1))
}

fn header<'a>(request: &'a WireRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.as_str())
}

/// The example of section 2: `Bitbucket-9.5.2 (9005002)`.
fn looks_like_the_products(agent: &str) -> bool {
    let version = env!("CARGO_PKG_VERSION");
    let [major, minor, patch]: [u64; 3] = {
        let parts: Vec<_> = version.split('.').map(|part| part.parse().expect("a number")).collect();
        parts.try_into().expect("three parts")
    };
    let build = major * 1_000_000 + minor * 1_000 + patch;
    agent == format!("Atlassian HttpClient 4.2.0 / Bitbucket-{version} ({build}) / Default")
}

#[test]
fn a_delivery_has_the_products_headers_in_its_order() {
    let hook = Hook { secret: Some(Secret::new("s3cr3t")), ..with_credentials("ci", "pässword") };
    let request = send(&hook, &message("pr:opened", "{}"));
    let names: Vec<_> = request.headers.iter().map(|(name, _)| *name).collect();
    let expected = [
        "X-Event-Key",
        "X-Request-Id",
        "X-Hub-Signature",
        "Authorization",
        "Content-Type",
        "User-Agent",
        "Accept",
        "Postrider-Hops",
    ];
    assert_eq!(names, expected);
    assert_eq!(header(&request, "X-Event-Key"), Some("pr:opened"));
    assert_eq!(header(&request, "Authorization"), Some("Basic Y2k6cMOkc3N3b3Jk"));
    assert_eq!(header(&request, "Content-Type"), Some("application/json; charset=utf-8"));
    assert_eq!(header(&request, "Accept"), Some("*/*"));
    assert!(looks_like_the_products(header(&request, "User-Agent").expect("present")));
    assert_eq!(request.url, None);
}

#[test]
fn check_05_credentials_decide_whether_there_is_an_authorization() {
    assert_eq!(
        header(&send(&with_credentials("ci", ""), &message("pr:opened", "{}")), "Authorization"),
        Some("Basic Y2k6")
    );
    assert_eq!(header(&send(&hook(), &message("pr:opened", "{}")), "Authorization"), None);
}

#[test]
fn check_06_without_a_secret_there_is_no_signature() {
    assert_eq!(header(&send(&hook(), &message("pr:opened", "{}")), "X-Hub-Signature"), None);
}

#[test]
fn check_17_a_ping_is_fourteen_unsigned_bytes_with_credentials() {
    let hook = Hook { secret: Some(Secret::new("s3cr3t")), ..with_credentials("ci", "pw") };
    let request = send(&hook, &ping());
    assert_eq!((&*request.body, request.body.len()), (&b"{\"test\": true}"[..], 14));
    assert_eq!(header(&request, "X-Event-Key"), Some("diagnostics:ping"));
    assert_eq!(header(&request, "X-Hub-Signature"), None);
    assert_eq!(header(&request, "Content-Type"), Some("application/json"));
    assert_eq!(header(&request, "Authorization"), Some("Basic Y2k6cHc="));
    assert!(header(&request, "X-Request-Id").is_some());
}

/// Secret, body, signature. Of our own; computed with another implementation (Python's `hmac`).
const VECTORS: [(&str, &str, &str); 4] = [
    (
        "a kite's secret",
        r#"{"eventKey":"repo:refs_changed","date":"2026-02-03T08:15:00+0000"}"#,
        "469cbf79c64acafc7074512071f22a11fe0bd0fb12614792418c01dbea9b383d",
    ),
    (
        "s3cr3t",
        r#"{"eventKey":"pr:opened","title":"naïve façade ✓ 凧"}"#,
        "6bfe430f7b338ccf0dee288ddd7cf1136142c1897c4521fa56062e492b91d40f",
    ),
    ("Wind$und#Wetter!{}", r#"{"changes":[]}"#, "9b8a6f8f2d8ad71d75d575a53d7c41d728443283257c765e2eba81f1a0ba7956"),
    ("schlüssel", "{}", "0034babad0b8eb3f1acb97c14fc7f3d6dca187d87252b0e02c5e13b332e884ed"),
];

#[test]
fn check_19_signatures_cover_the_exact_bytes_sent() {
    for (secret, body, expected) in VECTORS {
        let request = send(&signed(secret), &message("repo:refs_changed", body));
        assert_eq!(request.body, body);
        let signature = header(&request, "X-Hub-Signature").expect("signed");
        assert_eq!(signature, format!("sha256={expected}"));
        assert_eq!(&signature[7..], expected, "receivers skip seven characters");
    }
}

#[test]
fn check_20_each_request_has_an_id_of_its_own_and_no_attempt_number() {
    let surroundings = Surroundings::default();
    let (hook, message) = (hook(), message("pr:opened", "{}"));
    let requests: Vec<_> =
        (1..=3).map(|number| dialect().encode(&hook, &message, &surroundings.sending(number))).collect();
    let ids: Vec<_> = requests.iter().map(|request| header(request, "X-Request-Id").expect("present")).collect();
    for id in &ids {
        assert!(id.len() == 36 && id.parse::<uuid::Uuid>().is_ok() && *id == id.to_lowercase(), "{id}");
        assert_eq!(ids.iter().filter(|other| other == &id).count(), 1, "{ids:?}");
        assert_ne!(*id, message.uid.to_string());
    }
    for request in &requests {
        assert!(!request.headers.iter().any(|(name, _)| name.to_lowercase().contains("attempt")));
    }
}

#[test]
fn the_attempt_number_is_told_when_asked_for_and_counts_earlier_deliveries() {
    let dialect = with(|settings| settings.attempt_header = true);
    let surroundings = Surroundings::default();
    let sending = Sending { earlier: 2, ..surroundings.sending(3) };
    let request = dialect.encode(&hook(), &message("pr:opened", "{}"), &sending);
    assert_eq!(header(&request, "X-Attempt-Number"), Some("5"));
}

#[test]
fn a_user_agent_can_be_chosen_unless_it_would_break_the_header() {
    let agent = |text: &str| with(|settings| settings.user_agent = Some(text.to_owned())).user_agent;
    assert_eq!(agent(" Kite Hooks/1 (air) "), "Kite Hooks/1 (air)");
    for text in ["", "  ", "a\r\nEvil: 1", "Drachen/ü", "a\tb"] {
        assert!(looks_like_the_products(&agent(text)), "{text:?}");
    }
}

#[test]
fn variables_of_the_url_are_filled_in() {
    let url = TargetUrl::trusted("https://ci.test/{event.key}".to_owned());
    let request = send(&Hook { url, ..hook() }, &message("pr:opened", "{}"));
    assert_eq!(request.url.expect("another one").as_str(), "https://ci.test/pr%3Aopened");
}

#[test]
fn a_hook_chooses_its_dates_and_the_server_chooses_for_the_rest() {
    let choosing = |value: serde_json::Value| {
        let extra = json!({"name": "ci", "configuration": {"payload_dialect": value}});
        Hook { extra: extra.as_object().expect("an object").clone(), ..hook() }
    };
    let iso = with(|settings| settings.payload_dialect = PayloadDialect::Iso);
    assert_eq!((dialect().shape(&hook()), iso.shape(&hook())), (EPOCH, ISO));
    for (value, expected) in [(json!("iso"), ISO), (json!("epoch"), EPOCH)] {
        assert_eq!((dialect().shape(&choosing(value.clone())), iso.shape(&choosing(value))), (expected, expected));
    }
    for odd in [json!("ISO"), json!(1), json!(null)] {
        assert_eq!(dialect().shape(&choosing(odd)), EPOCH);
    }
}

#[test]
fn ready_made_payloads_keep_their_bytes_whatever_they_say() {
    let data = Bytes::from_static(b" {\"eventKey\":\"pr:merged\", \"n\": 1e5} ");
    for key in ["repo:secret_detected", "pr:reviewer:changes_requested", "proj:modified"] {
        let draft = dialect().pass_through(key, &data).expect("accepted");
        assert_eq!((&*draft.kind, &draft.body), (key, &data));
    }
    for (key, data) in [("pr:opened", "[]"), ("pr:opened", "{"), ("pr:opend", "{}"), ("diagnostics:ping", "{}")] {
        assert!(dialect().pass_through(key, &Bytes::from_static(data.as_bytes())).is_err(), "{key} {data}");
    }
}

#[test]
fn documented_keys_are_a_matter_of_settings() {
    let scope = hook().scope;
    let strict = with(|settings| settings.accept_documented_events = false);
    for key in DOCUMENTED {
        assert!(dialect().knows_event(key, scope) && !strict.knows_event(key, scope), "{key}");
    }
    assert_eq!(KEYS.iter().filter(|key| strict.knows_event(key, scope)).count(), 22);
    assert!(!dialect().knows_event(PING, scope) && !dialect().knows_event("*", scope));
}
