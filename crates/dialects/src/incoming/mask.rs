//! Headers that are not kept as they came: whoever reads a log must not be able to send such requests (S-8).

use axum::http::{HeaderMap, HeaderValue};
use domain::secret::MASK;

/// Header names that contain one of these carry a credential, or prove that the sender has one.
const SECRETIVE: [&str; 9] =
    ["authorization", "cookie", "token", "secret", "signature", "password", "api-key", "apikey", "credential"];

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
}
