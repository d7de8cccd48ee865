//! Who is seen to have sent a request.

use axum::http::{HeaderMap, HeaderName};
use domain::ci::Verdict::{self, Authenticated, Failed, Unattempted, Verified};
use domain::secret::Secret;
use domain::time::Timestamp;

use crate::hmac;
use crate::incoming::provider::HookProvider;
use crate::incoming::request::Request;
use crate::incoming::verify::verify;

const SECRET: &str = "It's a Secret to Everybody";
const BODY: &[u8] = b"Hello, World!";
/// When it is, in seconds.
const NOW: i64 = 1_531_420_618;

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let line = |(name, value): &(&'static str, &str)| (HeaderName::from_static(name), value.parse().expect("a value"));
    lines.iter().map(line).collect()
}

fn judge(provider: HookProvider, secret: &str, lines: &[(&'static str, &str)], body: &[u8]) -> Verdict {
    let headers = headers(lines);
    let now = Timestamp::from_micros(NOW * 1_000_000);
    verify(provider, Some(&Secret::new(secret)), &Request::new(&headers, body), now)
}

/// The example of GitHub's documentation.
const SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

#[test]
fn h4_requests_of_github_are_verified_by_the_newer_signature_if_it_is_there() {
    let old = hmac::sha1_hex("sha1=", SECRET, BODY);
    for (lines, expected) in [
        (vec![("x-hub-signature-256", SIGNATURE)], Verified),
        (vec![("x-hub-signature-256", "sha256=00")], Failed),
        (vec![("x-hub-signature", old.as_str())], Verified),
        (vec![("x-hub-signature", old.as_str()), ("x-hub-signature-256", "sha256=00")], Failed),
        (vec![("x-hub-signature", "sha1=00")], Failed),
        (vec![], Failed),
    ] {
        assert_eq!(judge(HookProvider::GitHub, SECRET, &lines, BODY), expected, "{lines:?}");
    }
    let other = judge(HookProvider::GitHub, SECRET, &[("x-hub-signature-256", SIGNATURE)], b"Hello, World?");
    assert_eq!(other, Failed);
}

#[test]
fn h4_bitbucket_and_gogs_sign_the_body_in_headers_of_their_own() {
    let bare = SIGNATURE.strip_prefix("sha256=").expect("a prefix");
    for provider in [HookProvider::BitbucketV2, HookProvider::BitbucketServer] {
        assert_eq!(judge(provider, SECRET, &[("x-hub-signature", SIGNATURE)], BODY), Verified);
        assert_eq!(judge(provider, SECRET, &[("x-hub-signature", bare)], BODY), Failed);
        assert_eq!(judge(provider, SECRET, &[], BODY), Failed);
    }
    for header in ["x-gogs-signature", "x-gitea-signature", "x-forgejo-signature"] {
        assert_eq!(judge(HookProvider::Gogs, SECRET, &[(header, bare)], BODY), Verified);
        assert_eq!(judge(HookProvider::Gogs, SECRET, &[(header, "")], BODY), Failed);
        assert_eq!(judge(HookProvider::Gogs, SECRET, &[(header, SIGNATURE)], BODY), Failed);
    }
}

#[test]
fn h4_gitlab_shows_its_token_or_signs_with_it() {
    let shown = |token: &str| judge(HookProvider::GitLab, SECRET, &[("x-gitlab-token", token)], BODY);
    assert_eq!((shown(SECRET), shown("another")), (Authenticated, Failed));
    assert_eq!(judge(HookProvider::GitLab, SECRET, &[], BODY), Failed);
}

/// The example of the Standard Webhooks specification's libraries.
#[test]
fn h4_the_signing_token_of_gitlab_is_that_of_standard_webhooks() {
    let (secret, body) = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", br#"{"test": 2432232314}"#);
    let at = |seconds: i64, signature: &str| {
        let headers = headers(&[
            ("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"),
            ("webhook-timestamp", "1614265330"),
            ("webhook-signature", signature),
        ]);
        let now = Timestamp::from_micros(seconds * 1_000_000);
        verify(HookProvider::GitLab, Some(&Secret::new(secret)), &Request::new(&headers, body), now)
    };
    let right = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    assert_eq!(at(1_614_265_330, right), Verified);
    let with_another = format!("v1,AAAA {right}");
    assert_eq!(at(1_614_265_330, &with_another), Verified);
    assert_eq!(at(1_614_265_330 + 301, right), Failed);
    assert_eq!(at(1_614_265_330, "v1,AAAA"), Failed);
}

#[test]
fn h4_azure_devops_shows_a_password() {
    let shown = |value: &str| judge(HookProvider::VisualStudio, "open sesame", &[("authorization", value)], BODY);
    assert_eq!(shown("Basic YWxpOm9wZW4gc2VzYW1l"), Authenticated);
    assert_eq!(shown("Basic YWxpOm9wZW4gb25pb24="), Failed);
    for odd in ["Basic", "Basic !", "Bearer YWxpOm9wZW4gc2VzYW1l", "Basic b3Blbg=="] {
        assert_eq!(shown(odd), Failed, "{odd}");
    }
}

/// The example of Slack's documentation.
#[test]
fn h4_slack_signs_time_and_body_or_shows_an_older_token() {
    let body = b"token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&\
channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2F\
hooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.\
803a0bc887a14d10d2c447fce8b6703c";
    let signature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503";
    let secret = "8f742231b10e8888abcd99yyyzzz85a5";
    let signed = |time: &str, signature: &str| {
        let lines = [("x-slack-request-timestamp", time), ("x-slack-signature", signature)];
        judge(HookProvider::Slack, secret, &lines, body)
    };
    assert_eq!(signed("1531420618", signature), Verified);
    assert_eq!(signed("1531420619", signature), Failed);
    assert_eq!(signed("1531420618", "v0=00"), Failed);
    let late = hmac::sha256_hex("v0=", secret, &[b"v0:1531420317:", body.as_slice()].concat());
    assert_eq!(signed("1531420317", &late), Failed, "301 seconds old");
    assert_eq!(judge(HookProvider::Slack, "xyzz0WbapA4vBCDEFasx0q6G", &[], body), Authenticated);
    assert_eq!(judge(HookProvider::Slack, "another", &[], body), Failed);
}

#[test]
fn h4_without_a_secret_nothing_is_attempted_and_with_one_every_door_asks_for_it() {
    for provider in HookProvider::ALL {
        assert_eq!(judge(provider, "", &[("x-hub-signature-256", SIGNATURE)], BODY), Unattempted);
        let headers = HeaderMap::new();
        let request = Request::new(&headers, BODY);
        assert_eq!(verify(provider, None, &request, Timestamp::from_micros(0)), Unattempted);
    }
    for provider in [HookProvider::Deveo, HookProvider::Assembla, HookProvider::Passthrough] {
        assert_eq!(judge(provider, SECRET, &[], BODY), Failed);
    }
}

#[test]
fn a_delivery_is_named_by_what_the_host_sends_again_with_each_try() {
    let id = |provider: HookProvider, lines: &[(&'static str, &str)], body: &[u8]| {
        provider.delivery_id(&Request::new(&headers(lines), body))
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(id(HookProvider::GitHub, &[("x-github-delivery", "a-1")], b""), some("a-1"));
    let lines = [("idempotency-key", "k"), ("x-gitlab-webhook-uuid", "w"), ("x-gitlab-event-uuid", "e")];
    assert_eq!(id(HookProvider::GitLab, &lines, b""), some("k"));
    assert_eq!(id(HookProvider::GitLab, &lines[1..], b""), some("w"));
    assert_eq!(id(HookProvider::GitLab, &lines[2..], b""), None);
    assert_eq!(id(HookProvider::BitbucketV2, &[("x-request-uuid", "u")], b""), some("u"));
    assert_eq!(id(HookProvider::BitbucketServer, &[("x-request-id", "r")], b""), some("r"));
    assert_eq!(id(HookProvider::Gogs, &[("x-gitea-delivery", "g")], b""), some("g"));
    assert_eq!(id(HookProvider::VisualStudio, &[], br#"{"id":"v","notificationId":3}"#), some("v/3"));
    assert_eq!(id(HookProvider::VisualStudio, &[], b"{}"), None);
    assert_eq!(id(HookProvider::Passthrough, &[("x-github-delivery", "a-1")], b""), None);
    assert_eq!(id(HookProvider::GitHub, &[("x-github-delivery", &"x".repeat(129))], b""), None);
}
