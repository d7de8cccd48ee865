//! The delivery objects (contract github section 1.5). They are exact: strict clients refuse other members.

use std::time::Duration;

use bytes::Bytes;
use domain::attempt::Exchange;
use domain::ports::AttemptRow;
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::hook_json::Told;
use super::json::{Object, object};
use crate::http::header_map;

/// An item of a list; nothing for a row that stands for no request.
pub(super) fn list_item(row: &AttemptRow) -> Option<Value> {
    row.attempt.exchange.as_ref().map(|exchange| Value::Object(summary(row, exchange, "")))
}

/// What both forms have. In lists the URL is blank.
fn summary(row: &AttemptRow, exchange: &Exchange, url: &str) -> Object {
    let told = Told::of(exchange);
    object(json!({
        "id": row.attempt.id,
        "guid": row.uid.to_string(),
        "delivered_at": row.attempt.started_at.rfc3339_millis(),
        "redelivery": row.attempt.redelivery,
        "duration": seconds(exchange.duration),
        "status": told.text,
        "status_code": told.code,
        "event": row.kind,
        "action": row.action,
        "installation_id": null,
        "repository_id": row.repository,
        "url": url,
        "throttled_at": null,
    }))
}

/// Seconds with two decimals. A float also when it is whole: clients refuse an integer here.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 100.0).round() / 100.0
}

/// One delivery in full.
#[derive(Serialize)]
pub(super) struct Single {
    #[serde(flatten)]
    summary: Object,
    request: Request,
    response: ResponsePart,
}

#[derive(Serialize)]
struct Request {
    headers: Map<String, Value>,
    /// The message itself, also for form hooks; null when it is not kept any more.
    payload: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct ResponsePart {
    headers: Map<String, Value>,
    payload: Option<String>,
}

/// One delivery with what was sent and what came back.
pub(super) fn single(row: &AttemptRow, exchange: &Exchange, body: Option<&Bytes>) -> Single {
    let answered = exchange.status.is_some();
    Single {
        summary: summary(row, exchange, row.url.as_str()),
        request: Request { headers: header_map(&row.attempt.request_head), payload: body.and_then(raw_json) },
        response: ResponsePart {
            headers: header_map(&exchange.response_head),
            payload: answered.then(|| String::from_utf8_lossy(&exchange.response_body).into_owned()),
        },
    }
}

/// The message as it is, so that no number in it loses digits.
fn raw_json(body: &Bytes) -> Option<Box<RawValue>> {
    serde_json::from_slice(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_38_durations_always_have_a_decimal_point() {
        let text = |millis| serde_json::to_string(&seconds(Duration::from_millis(millis))).expect("a number");
        assert_eq!((text(0), text(271), text(10_004)), ("0.0".to_owned(), "0.27".to_owned(), "10.0".to_owned()));
    }
}
