//! `hub.mode=subscribe` and `unsubscribe` (contract websub section 3).

use std::time::Duration;

use axum::http::StatusCode;
use domain::flow::hub::{Request, ask};
use domain::rules::target::{MAX_URL, TargetUrl};
use domain::secret::Secret;
use domain::task::Mode;

use super::Context;
use super::refuse::{Refusal, one};
use crate::http::Form;

/// Longest secret, in bytes: less than 200.
const MAX_SECRET: usize = 199;
/// Longest verify token given back, in bytes.
const MAX_TOKEN: usize = 1_024;

/// Takes a request; the answer is the same whether or not there is such a topic or callback.
pub(super) async fn subscribe(context: &Context, form: &Form, unsubscribe: bool) -> Result<StatusCode, Refusal> {
    let callback = callback(context, form)?;
    let topic = topic(one(form, "hub.topic")?.unwrap_or_default(), "hub.topic")?;
    let lease = if unsubscribe { None } else { lease(one(form, "hub.lease_seconds")?.unwrap_or_default())? };
    let secret = one(form, "hub.secret")?.filter(|secret| !secret.is_empty());
    if secret.is_some_and(|secret| secret.len() > MAX_SECRET) {
        return Err(Refusal::bad("hub.secret must be shorter than 200 bytes"));
    }
    let verify_token = one(form, "hub.verify_token")?.filter(|token| !token.is_empty());
    if verify_token.is_some_and(|token| token.len() > MAX_TOKEN) {
        return Err(Refusal::bad("hub.verify_token is too long"));
    }
    let request = Request {
        mode: if unsubscribe { Mode::Unsubscribe } else { Mode::Subscribe },
        topic,
        callback,
        lease,
        secret: secret.map(Secret::new),
        verify_token: verify_token.map(Secret::new),
    };
    ask(&context.ports, request).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Where to call. The guard is asked now and at each call.
fn callback(context: &Context, form: &Form) -> Result<TargetUrl, Refusal> {
    let text = one(form, "hub.callback")?.unwrap_or_default();
    let url = absolute(text, "hub.callback")?;
    let target = url.target().map_err(|error| Refusal::bad(format!("hub.callback: {error}")))?;
    if target.credentials.is_some() {
        return Err(Refusal::bad("hub.callback must not contain credentials"));
    }
    if context.own.https_callbacks && !target.tls {
        return Err(Refusal::bad("hub.callback must be https"));
    }
    let judged = context.api.url_policy.check(&url);
    judged.map_err(|_| Refusal::bad("hub.callback may not be called from here"))?;
    Ok(url)
}

/// A topic's URL, kept exactly as it was given.
pub(super) fn topic(text: &str, name: &str) -> Result<String, Refusal> {
    let url = absolute(text, name)?;
    let target = url.target().map_err(|error| Refusal::bad(format!("{name}: {error}")))?;
    if target.credentials.is_some() {
        return Err(Refusal::bad(format!("{name} must not contain credentials")));
    }
    Ok(text.to_owned())
}

/// An absolute http or https URL of at most [`MAX_URL`] bytes without a fragment, in ASCII: it is given back in headers.
fn absolute(text: &str, name: &str) -> Result<TargetUrl, Refusal> {
    if text.is_empty() {
        return Err(Refusal::bad(format!("{name} is missing")));
    }
    if text.len() > MAX_URL {
        return Err(Refusal::bad(format!("{name} is longer than {MAX_URL} bytes")));
    }
    if text.contains('#') {
        return Err(Refusal::bad(format!("{name} must not have a fragment")));
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>')) {
        return Err(Refusal::bad(format!("{name} is not a URL: other characters must be percent-encoded")));
    }
    TargetUrl::parse(text).map_err(|_| Refusal::bad(format!("{name} must be an absolute http or https URL")))
}

/// A positive decimal integer; empty counts as absent.
fn lease(text: &str) -> Result<Option<Duration>, Refusal> {
    if text.is_empty() {
        return Ok(None);
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    // Anything longer than a number holds is clamped like any other lease that is too long.
    let seconds = if digits { text.parse().unwrap_or(u64::MAX) } else { 0 };
    if seconds == 0 {
        return Err(Refusal::bad("hub.lease_seconds must be a positive number of seconds"));
    }
    Ok(Some(Duration::from_secs(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_14_leases_are_positive_decimal_integers() {
        for (text, expected) in [("", None), ("1", Some(1)), ("864000", Some(864_000)), ("007", Some(7))] {
            assert_eq!(lease(text).expect(text), expected.map(Duration::from_secs), "{text:?}");
        }
        assert_eq!(lease(&"9".repeat(40)).expect("clamped"), Some(Duration::from_secs(u64::MAX)));
        for text in ["0", "-1", "1.5", "abc", "+1", " 1", "0x10", "１"] {
            assert!(lease(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn topics_are_absolute_urls_without_fragment_and_kept_as_they_are() {
        for good in ["http://a.test", "https://A.test:443/x?y=%20&z='", "http://[::1]:8080/"] {
            assert_eq!(topic(good, "hub.topic").expect(good), good);
        }
        let long = format!("http://a.test/{}", "a".repeat(2_048));
        for bad in ["", "a", "/x", "ftp://a.test/", "http://a.test/#x", "http://a.test/\"", "http://u:p@a.test/", &long]
        {
            assert!(
                matches!(topic(bad, "hub.topic"), Err(Refusal::Bad(text)) if text.starts_with("hub.topic")),
                "{bad}"
            );
        }
    }
}
