//! What is not relayed, and which deliveries are the same.

use serde_json::{Value, json};

use super::super::relay;
use super::{ELSEWHERE, told};

fn pushed(repository: &Value) -> Value {
    json!({
        "ref": "refs/heads/main", "before": "1111111111111111111111111111111111111111",
        "after": "2222222222222222222222222222222222222222", "commits": [], "repository": repository,
        "sender": {"login": "mona", "html_url": "https://postrider.test/mona"},
    })
}

/// Is the payload refused because it is this server's?
fn is_own(provider: &str, event: &str, payload: &Value, base: &str) -> bool {
    let answer = relay(provider, event, payload.to_string().as_bytes(), None, base);
    answer.is_err_and(|reason| reason.contains("on this server"))
}

#[test]
fn d8_a_repository_on_this_server_is_not_relayed() {
    let html = pushed(&json!({"html_url": "https://postrider.test/acme/rocket"}));
    let clone = pushed(&json!({"clone_url": "HTTPS://postrider.test/acme/rocket.git"}));
    for payload in [&html, &clone] {
        assert!(is_own("github", "push", payload, ELSEWHERE));
        assert!(is_own("github", "push", payload, "https://postrider.test/"));
        assert!(!is_own("github", "push", payload, "https://postrider.tes"));
        assert!(!is_own("github", "push", payload, "https://postrider.test:8443"));
        assert!(!is_own("github", "push", payload, ""));
    }
    let gitlab = json!({"project": {"git_http_url": "https://postrider.test/acme/rocket.git"}});
    assert!(is_own("gitlab", "Push Hook", &gitlab, ELSEWHERE));
    let cloud = json!({"repository": {"links": {"html": {"href": "https://postrider.test/acme/rocket"}}}});
    assert!(is_own("bitbucket-v2", "repo:push", &cloud, ELSEWHERE));
    let links = json!({"links": {"self": [{"href": "https://postrider.test/projects/ACME/repos/rocket/browse"}]}});
    assert!(is_own("bitbucket-server", "repo:refs_changed", &json!({"repository": links}), ELSEWHERE));
    let pull = json!({"pullRequest": {"toRef": {"repository": links}}});
    assert!(is_own("bitbucket-server", "pr:opened", &pull, ELSEWHERE));
}

#[test]
fn d8_a_home_page_on_this_server_does_not_make_a_repository_ours() {
    let elsewhere = json!({"html_url": "https://github.test/acme/rocket", "homepage": "https://postrider.test/acme"});
    assert_eq!(told("github", "push", &pushed(&elsewhere)).len(), 1);
}

#[test]
fn a_repetition_has_the_id_of_the_first() {
    let payload = pushed(&json!({}));
    let body = payload.to_string();
    let id = |delivery| {
        let told = relay("github", "push", body.as_bytes(), delivery, ELSEWHERE).expect("readable");
        told[0].ce_id.clone()
    };
    assert_eq!(id(Some("72d3162e-cc78")), "github/72d3162e-cc78/0");
    // Unnamed ones are told apart by what they say.
    let unnamed = id(None);
    assert!(unnamed.starts_with("github/sha256:") && unnamed.len() < 100, "{unnamed}");
    assert_eq!(id(Some("")), unnamed);
    assert_eq!(id(Some("a\nb")), unnamed);
    assert_eq!(id(Some(&"x".repeat(257))), unnamed);
    let other = pushed(&json!({"id": 2})).to_string();
    let other = relay("github", "push", other.as_bytes(), None, ELSEWHERE).expect("readable");
    assert_ne!(other[0].ce_id, unnamed);
}

#[test]
fn a_form_holds_the_same_payload() {
    let payload = pushed(&json!({}));
    let form = form_urlencoded::Serializer::new(String::new()).append_pair("payload", &payload.to_string()).finish();
    let of_form = relay("github", "push", form.as_bytes(), Some("d1"), ELSEWHERE).expect("readable");
    assert_eq!(of_form, told("github", "push", &payload));
}

#[test]
fn other_providers_and_events_have_nothing_to_tell() {
    for (provider, event) in [
        ("slack", "push"),
        ("visualstudio", "git.push"),
        ("passthrough", ""),
        ("github", "ping"),
        ("github", "create"),
        ("github", "delete"),
        ("gitlab", "Job Hook"),
        ("bitbucket-v2", "repo:fork"),
        ("bitbucket-server", "diagnostics:ping"),
        ("bitbucket-server", "pr:to_ref_updated"),
        ("gogs", "delete"),
    ] {
        assert_eq!(told(provider, event, &pushed(&json!({}))), [], "{provider} {event}");
    }
}

#[test]
fn what_cannot_be_read_says_why() {
    let why =
        |provider, event, body: &str| relay(provider, event, body.as_bytes(), None, ELSEWHERE).expect_err("unreadable");
    assert!(why("github", "push", "{").starts_with("not JSON: "));
    assert_eq!(why("github", "push", "{}"), "payload.ref: missing");
    assert_eq!(why("github", "pull_request", r#"{"pull_request": {"number": 1}}"#), "pull_request.created_at: missing");
    let short = r#"{"ref": "refs/heads/main", "before": "1111", "after": "xyz"}"#;
    assert!(why("github", "push", short).starts_with("refs[0].before: must be 40 or 64 lowercase hex digits"));
}
