//! `POST /api/v1/events`: the hot path.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::account::Scope;
use domain::ci::MAX_HOPS;
use domain::event::Accepted;
use domain::flow::publish::{Envelope, MAX_DATA, find_source, publish_at};
use futures_util::{StreamExt as _, stream};
use serde::Serialize;

use super::caller::{Caller, may_publish};
use super::envelope::{self, Mode};
use super::errors::{Body, Reject};
use super::{Answer, Api, Context, request};

/// Largest request, in bytes: 25 MiB of data and the attributes around them.
const MAX_REQUEST: usize = MAX_DATA + 64 * 1024;
/// Events of a batch that wait for the store at once: what one group commit takes.
const TOGETHER: usize = 256;
/// Carries the number of deliveries that led to a request (D-8).
const HOPS: &str = "postrider-hops";

/// What is answered for an event.
#[derive(Serialize)]
struct Receipt {
    id: i64,
    uid: String,
    deliveries: usize,
    duplicate: bool,
}

/// What is answered for an event of a batch.
#[derive(Serialize)]
#[serde(untagged)]
enum Item<'a> {
    Taken {
        status: u16,
        #[serde(flatten)]
        receipt: &'a Receipt,
    },
    Refused {
        status: u16,
        error: &'a Body,
    },
}

/// Publishes one event or a batch.
pub(crate) async fn publish(State(context): Api, caller: Caller, request: Request) -> Answer<Response> {
    caller.need(Scope::EventsWrite)?;
    let (parts, body) = request.into_parts();
    let hops = read_hops(&parts.headers)?;
    let mode = Mode::of(&parts.headers)?;
    let body = request::read(&parts.headers, body, MAX_REQUEST, "the request is larger than 25 MiB").await?;
    match mode {
        Mode::Binary => single(&context, &caller, envelope::binary(&parts.headers, body)?, hops).await,
        Mode::Structured => single(&context, &caller, envelope::structured(&body)?, hops).await,
        Mode::Batch => many(&context, &caller, envelope::batch(&body)?, hops).await,
    }
}

async fn single(context: &Context, caller: &Caller, envelope: Envelope, hops: u8) -> Answer<Response> {
    let receipt = take(context, caller, Envelope { hops, ..envelope }).await?;
    Ok((StatusCode::ACCEPTED, Json(receipt)).into_response())
}

/// Hands a batch to the store so that its events share commits. The answers keep the order.
async fn many(context: &Context, caller: &Caller, events: Vec<Answer<Envelope>>, hops: u8) -> Answer<Response> {
    let taken = stream::iter(events).map(async |event| match event {
        Ok(envelope) => take(context, caller, Envelope { hops, ..envelope }).await,
        Err(refusal) => Err(refusal),
    });
    let results: Vec<Answer<Receipt>> = taken.buffered(TOGETHER).collect().await;
    let ours = |result: &Answer<Receipt>| result.as_ref().is_err_and(|refusal| refusal.status().is_server_error());
    if !results.is_empty() && results.iter().all(ours) {
        // Nothing at all was taken, and the reason is ours: the publisher should see that at once and come again.
        return results.into_iter().find_map(Result::err).map_or_else(|| Ok(().into_response()), Err);
    }
    let items: Vec<Item<'_>> = results.iter().map(Item::from).collect();
    Ok((StatusCode::ACCEPTED, Json(items)).into_response())
}

impl<'a> From<&'a Answer<Receipt>> for Item<'a> {
    fn from(result: &'a Answer<Receipt>) -> Self {
        match result {
            Ok(receipt) => Self::Taken { status: StatusCode::ACCEPTED.as_u16(), receipt },
            Err(refusal) => Self::Refused { status: refusal.status().as_u16(), error: refusal.body() },
        }
    }
}

/// Checks who may, accepts, and tells a repeat from a mistake (D-6).
async fn take(context: &Context, caller: &Caller, envelope: Envelope) -> Answer<Receipt> {
    let ports = &context.ports;
    let (source, place) = find_source(ports, &envelope.source)?;
    may_publish(ports.directory(), caller, place, &envelope.source)?;
    let accepted = publish_at(ports, envelope, source.clone(), place).await?;
    if accepted.differs {
        tracing::warn!(source, event = %accepted.id, "a publisher used one id for two different events");
    }
    Ok(Receipt::from(accepted))
}

impl From<Accepted> for Receipt {
    fn from(accepted: Accepted) -> Self {
        Self {
            id: accepted.id.0,
            uid: accepted.uid.to_string(),
            deliveries: accepted.deliveries,
            duplicate: accepted.duplicate,
        }
    }
}

/// How many deliveries led to the request; too many are refused (D-8).
fn read_hops(headers: &HeaderMap) -> Answer<u8> {
    let mut most = 0;
    for value in headers.get_all(HOPS) {
        let digits = value.to_str().ok().filter(|text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()));
        let Some(digits) = digits else {
            return Err(Reject::bad_request("must be a number").at("Postrider-Hops"));
        };
        let hops = digits.parse().ok().filter(|hops: &u8| *hops <= MAX_HOPS).ok_or_else(Reject::loop_detected)?;
        most = most.max(hops);
    }
    Ok(most)
}
