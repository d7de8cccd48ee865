//! The delivery log of a hook, and redelivery (contract github section 1.5).

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::attempt::Exchange;
use domain::flow::redeliver::redeliver;
use domain::hook::Hook;
use domain::ports::{AttemptFilter, AttemptRow};
use domain::rules::access::HookAccess;
use serde_json::{Value, json};

use super::app::App;
use super::call::Call;
use super::delivery_filter::{CURSOR_PREFIX, Wanted};
use super::delivery_json::{list_item, single};
use super::errors::ApiError;
use super::paging::{page_size, page_url, with_links};

/// How many rows are read in one step when some of them do not count.
const STEP: usize = 250;
/// How many such steps one request may take; a page that is still short then says where to go on.
const MAX_STEPS: usize = 20;

/// Deliveries of a hook, newest first, by cursor.
pub(super) async fn list(call: Call) -> Result<Response, ApiError> {
    let (_, hook) = call.hook(HookAccess::Read)?;
    let wanted = Wanted::read(&call)?;
    let (rows, next) = page(&call.app, &hook, &wanted, page_size(&call)).await?;
    let items: Vec<Value> = rows.iter().filter_map(list_item).collect();
    let to_next = next.map(|start| ("next", page_url(&call, "cursor", &format!("{CURSOR_PREFIX}{start}"))));
    Ok(with_links(Json(items).into_response(), to_next.as_slice()))
}

/// One page, and the id that starts the next one.
async fn page(
    app: &App,
    hook: &Hook,
    wanted: &Wanted,
    size: usize,
) -> Result<(Vec<AttemptRow>, Option<i64>), ApiError> {
    let step = if wanted.is_exact() { size + 1 } else { STEP };
    let mut filter: AttemptFilter = wanted.filter.clone();
    let mut found = Vec::with_capacity(size);
    for _ in 0..MAX_STEPS {
        let rows = app.ports.store.attempts_of(hook.id, filter.clone(), step).await?;
        let more = rows.len() == step;
        for row in rows {
            filter.before = Some(row.attempt.id);
            if wanted.fits(&row) {
                if found.len() == size {
                    return Ok((found, Some(row.attempt.id.0)));
                }
                found.push(row);
            }
        }
        if !more {
            return Ok((found, None));
        }
    }
    // `before` is exclusive, the cursor names where a page starts.
    let next = filter.before.map(|before| before.0 - 1);
    Ok((found, next))
}

/// One delivery with request and response.
pub(super) async fn get(call: Call) -> Result<Response, ApiError> {
    let (row, exchange) = delivery(&call, HookAccess::Read).await?;
    let outgoing = call.app.ports.store.outgoing(row.attempt.event).await?;
    let message = outgoing.as_deref().and_then(|outgoing| outgoing.messages.get(usize::from(row.attempt.message)));
    Ok(Json(single(&row, &exchange, message.map(|message| &message.body))).into_response())
}

/// Sends a delivery again; the answer comes before it is sent.
pub(super) async fn attempts(call: Call) -> Result<Response, ApiError> {
    let (row, _) = delivery(&call, HookAccess::Write).await?;
    redeliver(&call.app.ports, &row.attempt).await?;
    Ok((StatusCode::ACCEPTED, Json(json!({}))).into_response())
}

/// The delivery the path names, if it is one of the hook the path names and something was sent.
async fn delivery(call: &Call, need: HookAccess) -> Result<(AttemptRow, Exchange), ApiError> {
    let (_, hook) = call.hook(need)?;
    let row = call.app.ports.store.attempt(call.delivery_id()?).await?;
    let mut row = row.filter(|row| row.attempt.hook == hook.id).ok_or(ApiError::NotFound)?;
    let exchange = row.attempt.exchange.take().ok_or(ApiError::NotFound)?;
    Ok((row, exchange))
}
