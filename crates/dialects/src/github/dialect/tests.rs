//! Requests as receivers see them (contract github sections 3.1 and 3.2).

use domain::id::{AccountId, HookId, Uid};
use testkit::{Surroundings, a_hook};

use super::*;
use crate::testing::header;

fn message(body: &'static str) -> Message {
    let uid = "0190f3a1-7c00-7000-8000-000000000001".parse().map(Uid).expect("a UUID");
    Message { dialect: NAME, uid, kind: "push".into(), action: None, body: body.into(), passed_through: false }
}

fn send(hook: &Hook, body: &'static str, number: u32) -> WireRequest {
    GitHub::default().encode(hook, &message(body), &Surroundings::default().sending(number))
}

#[test]
fn a_json_delivery_has_githubs_headers_in_githubs_order() {
    let request = send(&a_hook().signed_with("s3cr3t").build().numbered(HookId(42)), "{}", 1);
    let agent = header(&request, "User-Agent").expect("present").to_owned();
    let hex = agent.strip_prefix("GitHub-Hookshot/").expect("the prefix receivers test");
    assert!(hex.len() == 7 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)), "{agent}");
    let shown: Vec<_> = request.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let expected = [
        "Accept: */*",
        "Content-Type: application/json",
        &format!("User-Agent: {agent}"),
        "X-GitHub-Delivery: 0190f3a1-7c00-7000-8000-000000000001",
        "X-GitHub-Event: push",
        "X-GitHub-Hook-ID: 42",
        "X-GitHub-Hook-Installation-Target-ID: 1",
        "X-GitHub-Hook-Installation-Target-Type: repository",
        "X-Hub-Signature: sha1=",
        "X-Hub-Signature-256: sha256=",
        "Postrider-Hops: 1",
    ];
    assert_eq!(shown.len(), expected.len());
    for (shown, expected) in shown.iter().zip(expected) {
        let signature = expected.starts_with("X-Hub-Signature");
        assert!(if signature { shown.starts_with(expected) } else { shown == expected }, "{shown}");
    }
}

/// The three vectors of contract github section 3.2.
#[test]
fn s6_signatures_cover_the_exact_bytes_sent() {
    let text = r#"{"zen":"héllo & wörld","hook_id":7}"#;
    let cases = [
        (
            "It's a Secret to Everybody",
            BodyFormat::Json,
            "Hello, World!",
            "Hello, World!",
            "sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59",
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ),
        (
            "s3cr3t",
            BodyFormat::Json,
            text,
            text,
            "sha1=6f72de9c602b09595d4cec7d5ec389ce0bfd8359",
            "sha256=27e8f88aa1faba4b4c408b8972cc241fc6e5fe548b0a48eee81dfaaae4b508ca",
        ),
        (
            "s3cr3t",
            BodyFormat::Form,
            text,
            "payload=%7B%22zen%22%3A%22h%C3%A9llo+%26+w%C3%B6rld%22%2C%22hook_id%22%3A7%7D",
            "sha1=831d92371f990b577a1b8f091fadeca6d37a6dba",
            "sha256=69ba2da96eab27b3538a1e51f2ecef257171d9b0fe41b5008568e48ed20d085e",
        ),
    ];
    for (secret, format, body, sent, sha1, sha256) in cases {
        let hook = Hook { format, ..a_hook().signed_with(secret).build().numbered(HookId(1)) };
        let request = send(&hook, body, 1);
        assert_eq!(request.body, sent);
        assert_eq!(header(&request, "X-Hub-Signature"), Some(sha1));
        assert_eq!(header(&request, "X-Hub-Signature-256"), Some(sha256));
    }
}

#[test]
fn without_a_secret_there_is_no_signature() {
    let request = send(&a_hook().build().numbered(HookId(1)), "{}", 1);
    assert_eq!((header(&request, "X-Hub-Signature"), header(&request, "X-Hub-Signature-256")), (None, None));
}

#[test]
fn organization_hooks_name_their_organization() {
    let hook = Hook { scope: HookScope::Account(AccountId(9)), ..a_hook().build().numbered(HookId(1)) };
    let request = send(&hook, "{}", 1);
    assert_eq!(header(&request, "X-GitHub-Hook-Installation-Target-ID"), Some("9"));
    assert_eq!(header(&request, "X-GitHub-Hook-Installation-Target-Type"), Some("organization"));
}

#[test]
fn retries_say_which_attempt_they_are() {
    let hook = a_hook().build().numbered(HookId(1));
    assert_eq!(header(&send(&hook, "{}", 1), "X-Postrider-Attempt"), None);
    assert_eq!(header(&send(&hook, "{}", 3), "X-Postrider-Attempt"), Some("3"));
}

#[test]
fn an_enterprise_server_names_itself_unless_that_would_break_the_header() {
    let hook = a_hook().build().numbered(HookId(1));
    let request = GitHub::enterprise("git.acme.test", "3.16.5").encode(
        &hook,
        &message("{}"),
        &Surroundings::default().sending(1),
    );
    assert_eq!(header(&request, "X-GitHub-Enterprise-Host"), Some("git.acme.test"));
    assert_eq!(header(&request, "X-GitHub-Enterprise-Version"), Some("3.16.5"));
    let request = GitHub::enterprise("git\r\nEvil: 1", "3.16.5").encode(
        &hook,
        &message("{}"),
        &Surroundings::default().sending(1),
    );
    assert_eq!(header(&request, "X-GitHub-Enterprise-Host"), None);
}
