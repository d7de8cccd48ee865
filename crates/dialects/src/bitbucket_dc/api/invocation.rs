//! The invocation object (contract bitbucket-datacenter section 1.4): one request to a receiver, and what it came to.

use domain::attempt::{Exchange, Outcome};
use domain::delivery::Reason;
use domain::hook::{Hook, HookScope};
use domain::id::AttemptId;
use domain::ports::AttemptRow;
use domain::secret::MASK;
use serde_json::{Map, Value, json};

use super::hook_json::{members, millis};
use crate::http::header_map;

/// The longest request body shown, in bytes; a longer one is cut. Payloads may be 25 MiB, and answers are held in memory.
const MAX_SHOWN_BODY: usize = 1024 * 1024;

/// The words for the three outcomes that clients know, in the order of [`domain::ports::Tally`].
pub(super) const OUTCOMES: [&str; 3] = ["SUCCESS", "FAILURE", "ERROR"];

/// What stands for "nobody answered the door". Refused targets read the same (E-12).
const UNREACHABLE: &str = "could not connect";

/// Which parts of an invocation a list has no room for.
#[derive(Clone, Debug, Default)]
pub(super) struct Bodies {
    /// The request body, if it is still kept.
    pub(super) request: Option<bytes::Bytes>,
}

/// An attempt of `hook` as an invocation; headers and bodies only if there are `bodies` to show.
pub(super) fn invocation(hook: &Hook, row: &AttemptRow, bodies: Option<&Bodies>, operator: bool) -> Value {
    let attempt = &row.attempt;
    let exchange = attempt.exchange.as_ref();
    let duration = exchange.map_or(0, |exchange| i64::try_from(exchange.duration.as_millis()).unwrap_or(i64::MAX));
    let start = millis(attempt.started_at);
    let mut request = members(json!({"url": row.url.as_str(), "method": "POST"}));
    let (description, outcome) = match exchange {
        Some(exchange) => told(exchange, operator),
        None => (not_sent(row), OUTCOMES[2]),
    };
    let mut result = members(json!({"description": description, "outcome": outcome}));
    if let Some(status) = exchange.and_then(|exchange| exchange.status) {
        result.insert("statusCode".to_owned(), status.into());
    }
    if let Some(bodies) = bodies {
        request.insert("headers".to_owned(), Value::Object(redacted(header_map(&attempt.request_head))));
        request.insert("body".to_owned(), bodies.request.as_deref().map(shown).into());
        if let Some(exchange) = exchange.filter(|exchange| exchange.status.is_some()) {
            result.extend(response_parts(exchange));
        }
    }
    json!({
        "id": folded(attempt.id),
        "event": row.kind,
        "eventScope": event_scope(hook, row),
        "duration": duration,
        "start": start,
        "finish": start.saturating_add(duration),
        "request": request,
        "result": result,
    })
}

/// The id in 31 bits: typed clients read an `int` here. Nothing can be asked for by it.
fn folded(id: AttemptId) -> i64 {
    (id.0 ^ id.0 >> 31) & i64::from(i32::MAX)
}

/// Where the event happened.
fn event_scope(hook: &Hook, row: &AttemptRow) -> Value {
    let (id, kind) = match (row.repository, hook.scope) {
        (Some(repository), _) | (None, HookScope::Repository(repository)) => (repository.0, "repository"),
        (None, HookScope::Account(project)) => (project.0, "project"),
        // Hooks of topics and apps are never shown here.
        (None, HookScope::Topic(topic)) => (topic.0, "project"),
        (None, HookScope::App(app)) => (app.0, "project"),
    };
    json!({"id": id.to_string(), "type": kind})
}

/// An exchange in words, and its outcome. Operators of the installation read the sender's own words, too; they may name
/// addresses (E-12).
pub(super) fn told(exchange: &Exchange, operator: bool) -> (String, &'static str) {
    let error = |text: &str| {
        let detail = exchange.error.as_deref().filter(|_| operator);
        (detail.map_or_else(|| text.to_owned(), |detail| format!("{text}: {detail}")), OUTCOMES[2])
    };
    match (exchange.outcome, exchange.status) {
        (Outcome::Answered, Some(status @ 200..=299)) => (status.to_string(), OUTCOMES[0]),
        (Outcome::Answered, Some(status)) => (status.to_string(), OUTCOMES[1]),
        (Outcome::TimedOut, _) => error("timed out"),
        (Outcome::NameFailed | Outcome::ConnectFailed | Outcome::Refused, _) => error(UNREACHABLE),
        (Outcome::TlsFailed, _) => error("the TLS handshake failed"),
        (Outcome::Broken, _) => error("the connection broke before an answer"),
        (Outcome::InternalError | Outcome::Answered, _) => error("internal error"),
    }
}

/// Why a delivery was never sent. Clients know three outcomes, so this is an error to them (section 4).
fn not_sent(row: &AttemptRow) -> String {
    let words = match row.reason {
        Some(Reason::BreakerOpen) => "the circuit breaker is open",
        Some(Reason::InFlight) => "too many requests are in flight",
        Some(Reason::Oversize) => "the payload is too large",
        Some(Reason::HookDeleted | Reason::HookInactive | Reason::Gone) => "the webhook is not active",
        Some(Reason::TooOld | Reason::Poison | Reason::LeaseEnded | Reason::Superseded) | None => "not sent in time",
    };
    format!("skipped: {words}")
}

/// Headers and body of an answer.
pub(super) fn response_parts(exchange: &Exchange) -> Map<String, Value> {
    let headers = header_map(&exchange.response_head);
    members(json!({"headers": headers, "body": String::from_utf8_lossy(&exchange.response_body)}))
}

/// Request headers without what authenticates to the receiver.
pub(super) fn redacted(mut headers: Map<String, Value>) -> Map<String, Value> {
    for (name, value) in &mut headers {
        if name.eq_ignore_ascii_case("authorization") {
            *value = Value::from(MASK);
        }
    }
    headers
}

/// The start of a body as text.
fn shown(body: &[u8]) -> String {
    let end = body.len().min(MAX_SHOWN_BODY);
    String::from_utf8_lossy(body.get(..end).unwrap_or(body)).into_owned()
}

#[cfg(test)]
mod tests {
    use testkit::{answered, unanswered};

    use super::*;

    #[test]
    fn check_25_a_timeout_is_an_error_and_a_404_a_failure() {
        let told = |exchange| told(&exchange, false);
        assert_eq!(told(answered(204)), ("204".to_owned(), "SUCCESS"));
        assert_eq!(told(answered(404)), ("404".to_owned(), "FAILURE"));
        assert_eq!(told(answered(302)), ("302".to_owned(), "FAILURE"));
        assert_eq!(told(unanswered(Outcome::TimedOut, "x")), ("timed out".to_owned(), "ERROR"));
    }

    #[test]
    fn e12_refused_and_unreachable_read_the_same_to_all_but_operators() {
        let refused = unanswered(Outcome::Refused, "the address is not public (10.0.0.0/8)");
        let unreachable = unanswered(Outcome::ConnectFailed, "connection refused");
        assert_eq!(told(&refused, false), told(&unreachable, false));
        assert_eq!(told(&refused, true).0, "could not connect: the address is not public (10.0.0.0/8)");
    }
}
