//! The delivery item (contract bitrise section 3): one attempt. Headers are the text of a JSON object.

use std::time::Duration;

use domain::attempt::Exchange;
use domain::ports::AttemptRow;
use serde::Serialize;
use serde_json::Value;

use crate::bitrise::api::times::Micros;
use crate::bitrise::ulid;
use crate::http::header_map;

/// Makes cutting to whole seconds rounding.
const HALF_A_SECOND: Duration = Duration::from_millis(500);

/// An attempt as this API tells it.
#[derive(Debug, Serialize)]
pub(super) struct ItemObject {
    slug: String,
    created_at: Micros,
    updated_at: Micros,
    request_url: String,
    /// Credentials, and what the hook's maker added, are masked (S-8).
    request_headers: String,
    /// Empty when it is not kept any more.
    request_payload: String,
    /// Null, like the other parts of the response, when none came.
    response_http_status: Option<u16>,
    response_headers: Option<String>,
    response_body: Option<String>,
    response_seconds: Option<u64>,
}

impl ItemObject {
    /// That attempt, and what it came to.
    pub(super) fn of(row: &AttemptRow, exchange: &Exchange, payload: Option<&[u8]>) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = |head: &[u8]| Value::Object(header_map(head)).to_string();
        let answered = exchange.status.is_some();
        Self {
            slug: ulid::of_attempt(row.attempt.id),
            created_at: Micros(row.attempt.started_at),
            updated_at: Micros(row.attempt.started_at.plus(exchange.duration)),
            request_url: row.url.as_str().to_owned(),
            request_headers: headers(&row.attempt.request_head),
            request_payload: text(payload.unwrap_or_default()),
            response_http_status: exchange.status,
            response_headers: answered.then(|| headers(&exchange.response_head)),
            response_body: answered.then(|| text(&exchange.response_body)),
            response_seconds: answered.then(|| exchange.duration.saturating_add(HALF_A_SECOND).as_secs()),
        }
    }
}
