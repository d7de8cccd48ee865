//! The hook object (contract github section 1.4).

use domain::attempt::{Exchange, Outcome};
use domain::hook::{BodyFormat, Hook};
use domain::secret::MASK;
use serde_json::{Map, Value, json};

use super::json::{Object, object};
use super::validate::ALIAS_KEY;

/// A repository hook, found at `url`. `last` is its newest exchange.
pub(super) fn repository_hook(url: &str, hook: &Hook, last: Option<&Exchange>) -> Value {
    let mut whole = common("Repository", hook);
    whole.extend(object(json!({
        "url": url,
        "test_url": format!("{url}/test"),
        "ping_url": format!("{url}/pings"),
        "deliveries_url": format!("{url}/deliveries"),
        "last_response": last_response(last),
    })));
    Value::Object(whole)
}

/// An organization hook: it cannot be tested and does not tell its last response.
pub(super) fn organization_hook(url: &str, hook: &Hook) -> Value {
    let mut whole = common("Organization", hook);
    whole.extend(object(json!({
        "url": url,
        "ping_url": format!("{url}/pings"),
        "deliveries_url": format!("{url}/deliveries"),
    })));
    Value::Object(whole)
}

/// What both kinds begin with.
fn common(kind: &str, hook: &Hook) -> Object {
    object(json!({
        "type": kind,
        "id": hook.id,
        "name": "web",
        "active": hook.active,
        "events": hook.events,
        "config": config(hook),
        "updated_at": hook.updated_at.rfc3339_seconds(),
        "created_at": hook.created_at.rfc3339_seconds(),
    }))
}

/// The `config` object; the secret only as its mask, and only if there is one.
pub(super) fn config(hook: &Hook) -> Object {
    let own_name = match hook.format {
        BodyFormat::Json => "json",
        BodyFormat::Form => "form",
    };
    let mut config = object(json!({
        "content_type": hook.extra.get(ALIAS_KEY).and_then(Value::as_str).unwrap_or(own_name),
        "insecure_ssl": if hook.insecure_tls { "1" } else { "0" },
    }));
    if hook.secret.is_some() {
        config.insert("secret".to_owned(), Value::from(MASK));
    }
    config.insert("url".to_owned(), Value::from(hook.url.as_str()));
    config
}

/// The table of section 1.4.
fn last_response(last: Option<&Exchange>) -> Map<String, Value> {
    let (code, status, message) = match last {
        None => (None, Some("unused"), None),
        Some(exchange) => {
            let told = Told::of(exchange);
            (Some(told.code), told.standing(), Some(told.text))
        }
    };
    object(json!({ "code": code, "status": status, "message": message }))
}

/// An exchange as this API tells it: a number for every outcome, and a text that is `OK` only for success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// The response's status, or the one that stands for there being none.
    pub(super) code: u16,
    /// The delivery's `status` (section 1.5).
    pub(super) text: String,
    outcome: Outcome,
}

/// What stands for "nobody answered the door". Refused targets read the same (E-12).
const UNREACHABLE: &str = "failed to connect to host";
/// What a failed TLS handshake reads like.
const UNTRUSTED: &str = "Peer certificate cannot be authenticated with given CA certificates";

impl Told {
    /// Tells an exchange.
    pub(super) fn of(exchange: &Exchange) -> Self {
        let (code, text) = match (exchange.outcome, exchange.status) {
            (Outcome::Answered, Some(code @ 200..=299)) => (code, "OK".to_owned()),
            (Outcome::Answered, Some(code)) => (code, format!("Invalid HTTP Response: {code}")),
            (Outcome::TimedOut, _) => (504, "timed out".to_owned()),
            (Outcome::NameFailed | Outcome::ConnectFailed | Outcome::Refused, _) => (502, UNREACHABLE.to_owned()),
            (Outcome::TlsFailed, _) => (502, UNTRUSTED.to_owned()),
            (Outcome::Broken, _) => (500, broken(exchange)),
            (Outcome::InternalError | Outcome::Answered, _) => (500, "internal error".to_owned()),
        };
        Self { code, text, outcome: exchange.outcome }
    }

    /// The `status` of a `last_response`: none for an answer that was not good.
    fn standing(&self) -> Option<&'static str> {
        match self.outcome {
            Outcome::Answered => (self.text == "OK").then_some("active"),
            Outcome::TimedOut => Some("timeout"),
            Outcome::NameFailed | Outcome::ConnectFailed | Outcome::Refused | Outcome::TlsFailed => {
                Some("connection_error")
            }
            Outcome::Broken | Outcome::InternalError => Some("error"),
        }
    }
}

/// The sender's own words, if there are any.
fn broken(exchange: &Exchange) -> String {
    exchange.error.clone().unwrap_or_else(|| "the connection broke before an answer".to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;

    fn exchange(outcome: Outcome, status: Option<u16>) -> Exchange {
        Exchange {
            outcome,
            status,
            error: Some("EOF".to_owned()),
            duration: Duration::ZERO,
            response_head: Bytes::new(),
            response_body: Bytes::new(),
            retry_after: None,
        }
    }

    #[test]
    fn last_response_follows_the_table_of_section_1_4() {
        let told = |outcome, status| Value::Object(last_response(Some(&exchange(outcome, status))));
        let expected = |code: u16, status: Option<&str>, message: &str| json!({"code": code, "status": status, "message": message});
        assert_eq!(Value::Object(last_response(None)), json!({"code": null, "status": "unused", "message": null}));
        assert_eq!(told(Outcome::Answered, Some(204)), expected(204, Some("active"), "OK"));
        assert_eq!(told(Outcome::Answered, Some(413)), expected(413, None, "Invalid HTTP Response: 413"));
        assert_eq!(told(Outcome::TimedOut, None), expected(504, Some("timeout"), "timed out"));
        for unreachable in [Outcome::NameFailed, Outcome::ConnectFailed, Outcome::Refused] {
            assert_eq!(told(unreachable, None), expected(502, Some("connection_error"), UNREACHABLE));
        }
        assert_eq!(told(Outcome::Broken, None), expected(500, Some("error"), "EOF"));
    }
}
