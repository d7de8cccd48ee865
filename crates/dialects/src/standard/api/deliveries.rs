//! The delivery log.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use domain::delivery::Outgoing;
use domain::flow::redeliver as flow;
use domain::hook::Hook;
use domain::id::{AttemptId, Uid};
use domain::ports::{AttemptFilter, AttemptRow};
use domain::rules::access::HookAccess;
use domain::secret::MASK;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::caller::Caller;
use super::errors::Reject;
use super::hook_json::shown_url;
use super::hooks::accessible;
use super::paging::{Items, Page};
use super::request::{Names, Params};
use super::{Answer, Api, Context};

/// An attempt as it is answered; `request` and `response` only when it is shown alone.
#[derive(Debug, Serialize)]
pub(crate) struct AttemptJson {
    id: i64,
    delivery: i64,
    hook: i64,
    event_id: i64,
    guid: String,
    event: String,
    action: Option<String>,
    number: u32,
    redelivery: bool,
    recovered: bool,
    started_at: String,
    duration_ms: Option<u64>,
    outcome: Option<&'static str>,
    status: Option<u16>,
    error: Option<String>,
    state: &'static str,
    reason: Option<&'static str>,
    retry_at: Option<String>,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<Value>,
}

impl AttemptJson {
    fn brief(row: &AttemptRow, hook: &Hook) -> Self {
        let AttemptRow { attempt, .. } = row;
        let exchange = attempt.exchange.as_ref();
        Self {
            id: attempt.id.0,
            delivery: attempt.delivery.0,
            hook: attempt.hook.0,
            event_id: attempt.event.0,
            guid: row.uid.to_string(),
            event: row.kind.clone(),
            action: row.action.clone(),
            number: attempt.number,
            redelivery: attempt.redelivery,
            recovered: attempt.recovered,
            started_at: attempt.started_at.rfc3339_millis(),
            duration_ms: exchange.map(|exchange| u64::try_from(exchange.duration.as_millis()).unwrap_or(u64::MAX)),
            outcome: exchange.map(|exchange| exchange.outcome.as_str()),
            status: exchange.and_then(|exchange| exchange.status),
            error: exchange.and_then(|exchange| exchange.error.clone()),
            state: row.state.as_str(),
            reason: row.reason.map(domain::delivery::Reason::as_str),
            retry_at: row.retry_at.map(Timestamp::rfc3339_millis),
            url: shown_url(hook.scope, &row.url),
            request: None,
            response: None,
        }
    }

    fn whole(row: &AttemptRow, hook: &Hook, outgoing: Option<&Outgoing>) -> Self {
        let message = outgoing.and_then(|outgoing| outgoing.messages.get(usize::from(row.attempt.message)));
        let body = message.map(|message| String::from_utf8_lossy(&message.body).into_owned());
        let exchange = row.attempt.exchange.as_ref();
        let response = exchange.filter(|exchange| exchange.status.is_some()).map(|exchange| {
            let body = String::from_utf8_lossy(&exchange.response_body);
            json!({"headers": headers(&exchange.response_head), "body": body})
        });
        let request = exchange.map(|_| json!({"headers": headers(&row.attempt.request_head), "body": body}));
        Self { request, response, ..Self::brief(row, hook) }
    }
}

/// Header lines as an object. Repeated names are joined; what logs somebody in stays hidden (S-8).
fn headers(head: &[u8]) -> Map<String, Value> {
    let mut shown = Map::new();
    for line in String::from_utf8_lossy(head).split("\r\n") {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = if name.eq_ignore_ascii_case(AUTHORIZATION.as_str()) { MASK } else { value.trim() };
        match shown.get_mut(name) {
            Some(Value::String(before)) => {
                before.push_str(", ");
                before.push_str(value);
            }
            _ => drop(shown.insert(name.to_owned(), value.into())),
        }
    }
    shown
}

/// Which attempts, as asked.
#[derive(Debug, Deserialize)]
pub(crate) struct Filter {
    since: Option<String>,
    until: Option<String>,
    event: Option<String>,
    guid: Option<String>,
    failed: Option<String>,
}

impl Filter {
    fn checked(self, before: Option<i64>) -> Answer<AttemptFilter> {
        Ok(AttemptFilter {
            before: before.map(AttemptId),
            since: self.since.map(|text| moment("since", &text)).transpose()?,
            until: self.until.map(|text| moment("until", &text)).transpose()?,
            kind: self.event,
            message_uid: self.guid.map(|text| uid(&text)).transpose()?,
            failed: self.failed.map(|text| yes_or_no(&text)).transpose()?,
            with_unsent: true,
            ..AttemptFilter::default()
        })
    }
}

fn moment(field: &'static str, text: &str) -> Answer<Timestamp> {
    let refused = || Reject::bad_request("must look like 2026-01-02T03:04:05Z").at(field);
    Timestamp::parse_rfc3339(text).ok_or_else(refused)
}

fn uid(text: &str) -> Answer<Uid> {
    text.parse().map(Uid).map_err(|_| Reject::bad_request("must be a UUID").at("guid"))
}

fn yes_or_no(text: &str) -> Answer<bool> {
    text.parse().map_err(|_| Reject::bad_request("must be true or false").at("failed"))
}

/// Lists attempts of a hook, newest first.
pub(crate) async fn list(
    State(context): Api,
    caller: Caller,
    Names(hook): Names<i64>,
    Params(page): Params<Page>,
    Params(filter): Params<Filter>,
) -> Answer<Json<Items<AttemptJson>>> {
    let hook = accessible(&context, &caller, hook, HookAccess::Read)?;
    let window = page.window()?;
    let filter = filter.checked(window.from)?;
    let rows = context.ports.store.attempts_of(hook.id, filter, window.limit + 1).await?;
    let page = &rows[..rows.len().min(window.limit)];
    let next = page.last().filter(|_| rows.len() > window.limit).map(|row| row.attempt.id.0);
    Ok(Items::new(page.iter().map(|row| AttemptJson::brief(row, &hook)).collect(), next))
}

/// Shows one attempt with request and response.
pub(crate) async fn show(State(context): Api, caller: Caller, Names(id): Names<i64>) -> Answer<Json<AttemptJson>> {
    let (row, hook) = find(&context, &caller, id, HookAccess::Read).await?;
    let outgoing = context.ports.store.outgoing(row.attempt.event).await?;
    Ok(Json(AttemptJson::whole(&row, &hook, outgoing.as_deref())))
}

/// What a redelivery answers: the new delivery, as its attempts will name it.
#[derive(Debug, Serialize)]
pub(crate) struct Redelivered {
    delivery: i64,
}

/// Sends the message of an attempt once more.
pub(crate) async fn redeliver(
    State(context): Api,
    caller: Caller,
    Names(id): Names<i64>,
) -> Answer<(StatusCode, Json<Redelivered>)> {
    let (row, _) = find(&context, &caller, id, HookAccess::Write).await?;
    let delivery = flow::redeliver(&context.ports, &row.attempt).await?;
    Ok((StatusCode::ACCEPTED, Json(Redelivered { delivery: delivery.0 })))
}

/// The attempt and its hook, if the caller has this access to it.
async fn find(context: &Context, caller: &Caller, id: i64, needed: HookAccess) -> Answer<(AttemptRow, Arc<Hook>)> {
    let missing = || Reject::not_found("there is no such delivery");
    let row = context.ports.store.attempt(AttemptId(id)).await?.ok_or_else(missing)?;
    let hook = accessible(context, caller, row.attempt.hook.0, needed).map_err(|refusal| match refusal.status() {
        StatusCode::NOT_FOUND => missing(),
        _ => refusal,
    })?;
    Ok((row, hook))
}
