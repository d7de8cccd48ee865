//! What is not kept as it came: whoever reads a log, or a build, must not be able to send such requests (S-8).

use std::borrow::Cow;
use std::sync::LazyLock;

use axum::http::{HeaderMap, HeaderValue};
use bytes::Bytes;
use domain::secret::MASK;
use regex::bytes::Regex;

use super::provider::HookProvider;

/// Header names that contain one of these carry a credential, or prove that the sender has one.
const SECRETIVE: [&str; 9] =
    ["authorization", "cookie", "token", "secret", "signature", "password", "api-key", "apikey", "credential"];

/// Trigger tokens, as [`mint_trigger_token`](domain::ci::mint_trigger_token) makes them.
static TRIGGER_TOKEN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new("(?-u)prh_[0-9a-f]{72}").expect("a constant that compiles"));

/// Takes trigger tokens out of headers: proxies tell the URL that was called in some of their own.
pub(super) fn veil_headers(headers: &mut HeaderMap) {
    for value in headers.values_mut() {
        if let Cow::Owned(veiled) = TRIGGER_TOKEN.replace_all(value.as_bytes(), MASK.as_bytes()) {
            *value = HeaderValue::from_bytes(&veiled).unwrap_or_else(|_| HeaderValue::from_static(MASK));
        }
    }
}

/// Takes credentials out of a body: trigger tokens, since GitHub's `ping` tells the hook's own URL; and the token that
/// Slack shows in a field of its form. Call it after the signature was checked.
pub(super) fn veil_body(provider: HookProvider, body: Bytes) -> Bytes {
    let body = match TRIGGER_TOKEN.replace_all(&body, MASK.as_bytes()) {
        Cow::Owned(veiled) => veiled.into(),
        Cow::Borrowed(_) => body,
    };
    if provider == HookProvider::Slack { without_field(&body, "token") } else { body }
}

/// A form with the mask in place of a field's values; everything else is as it was.
fn without_field(form: &[u8], name: &str) -> Bytes {
    let is_it = |pair: &[u8]| form_urlencoded::parse(pair).next().is_some_and(|(known, _)| known == name);
    let masked = format!("{name}={MASK}");
    let pairs: Vec<_> =
        form.split(|byte| *byte == b'&').map(|pair| if is_it(pair) { masked.as_bytes() } else { pair }).collect();
    pairs.join(&b'&').into()
}

/// A header's value, or the mask. Bytes that are not UTF-8 are replaced.
pub(super) fn shown(name: &str, value: &HeaderValue) -> String {
    let name = name.to_ascii_lowercase();
    if SECRETIVE.iter().any(|word| name.contains(word)) {
        return MASK.to_owned();
    }
    String::from_utf8_lossy(value.as_bytes()).into_owned()
}

/// All header lines, as the log keeps them.
pub(super) fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), shown(name.as_str(), value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s8_credentials_and_signatures_are_not_kept() {
        let mut headers = HeaderMap::new();
        let secret = HeaderValue::from_static("hunter2");
        for name in [
            "authorization",
            "proxy-authorization",
            "cookie",
            "x-gitlab-token",
            "x-hub-signature",
            "x-hub-signature-256",
            "x-gogs-signature",
            "x-gitea-signature",
            "x-slack-signature",
            "webhook-signature",
            "api-token",
            "private-token",
            "x-api-key",
        ] {
            headers.append(name, secret.clone());
        }
        headers.append("x-github-event", HeaderValue::from_static("push"));
        let kept = kept(&headers);
        assert_eq!(kept.len(), 14);
        assert!(!format!("{kept:?}").contains("hunter2"));
        assert!(kept.contains(&("x-github-event".to_owned(), "push".to_owned())));
    }

    const TOKEN: &str = "prh_0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn s8_trigger_tokens_are_taken_out_of_headers_and_bodies() {
        let mut headers = HeaderMap::new();
        let value = |text: String| HeaderValue::from_bytes(text.as_bytes()).expect("a value");
        headers.append("x-original-uri", value(format!("/h/github/app/{TOKEN}?a=\u{e9}")));
        headers.append("referer", value("https://example.com/prh_0".to_owned()));
        veil_headers(&mut headers);
        assert_eq!(headers["x-original-uri"].as_bytes(), "/h/github/app/********?a=\u{e9}".as_bytes());
        assert_eq!(headers["referer"], "https://example.com/prh_0");
        let ping = format!(r#"{{"hook":{{"config":{{"url":"https://ci.example/h/github/app/{TOKEN}"}}}}}}"#);
        let veiled = veil_body(HookProvider::GitHub, ping.into());
        assert_eq!(veiled, r#"{"hook":{"config":{"url":"https://ci.example/h/github/app/********"}}}"#);
    }

    #[test]
    fn s8_the_token_of_slack_is_taken_out_of_its_form_and_nothing_else_is_touched() {
        let form = |text: &'static str| Bytes::from_static(text.as_bytes());
        let veiled = veil_body(HookProvider::Slack, form("token=hunter2&text=a%20b+c&t%6Fken=hunter2&&tokens=x&token"));
        assert_eq!(veiled, "token=********&text=a%20b+c&token=********&&tokens=x&token=********");
        assert_eq!(veil_body(HookProvider::Passthrough, form("token=a")), "token=a");
        assert_eq!(veil_body(HookProvider::Slack, Bytes::new()), "");
    }
}
