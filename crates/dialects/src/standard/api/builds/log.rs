//! A build's log: executors append pieces, people read it.

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderName};
use axum::response::{IntoResponse, Response};
use domain::ci::{AppRole, Build, BuildStatus, Stage};
use serde::{Deserialize, Serialize};

use super::executors::reported;
use super::find;
use crate::standard::api::caller::Caller;
use crate::standard::api::errors::Reject;
use crate::standard::api::request::{Names, Params, read as read_bytes};
use crate::standard::api::{Answer, Api, Context};

/// Largest piece, in bytes.
const MAX_PIECE: usize = 1024 * 1024;
/// Pieces read from the database at once.
const STEP: usize = 64;
/// Names the piece after the last one of an answer.
const POSITION: HeaderName = HeaderName::from_static("postrider-log-position");
/// How the build stands.
const STATUS: HeaderName = HeaderName::from_static("postrider-build-status");

/// Where a piece belongs, or which are wanted.
#[derive(Debug, Deserialize)]
pub(crate) struct Place {
    position: Option<String>,
    from: Option<String>,
    format: Option<String>,
}

/// What a report is answered.
#[derive(Debug, Serialize)]
pub(crate) struct Heard {
    /// The number of the next piece.
    position: u64,
    /// Somebody wants the build stopped.
    abort: bool,
    status: &'static str,
}

/// Appends a piece; an empty one only says that the build is alive. A piece that is there already changes nothing.
pub(crate) async fn append(
    State(context): Api,
    caller: Caller,
    Names(slug): Names<String>,
    Params(place): Params<Place>,
    headers: HeaderMap,
    body: Body,
) -> Answer<Json<Heard>> {
    let (_, build) = find(&context, &caller, &slug, AppRole::Developer).await?;
    let position = number(place.position.as_deref(), "position")?;
    let abort = aborted(&build);
    // An executor that has not heard of an abort yet is told, and what it says meanwhile is kept.
    if !abort {
        reported(&build)?;
    }
    let bytes = read_bytes(&headers, body, MAX_PIECE, "a piece is larger than 1 MiB").await?;
    let text = String::from_utf8_lossy(&bytes).replace('\0', "\u{fffd}");
    let next = context.ports.store.append_log(build.id, position, text, context.ports.clock.now()).await?;
    if position.is_some_and(|position| position > next) {
        return Err(Reject::conflict(format!("pieces are missing: the next one is {next}")).at("position"));
    }
    // It may have ended while this was written.
    let build = context.ports.store.build_by_id(build.id).await?.unwrap_or(build);
    Ok(Json(Heard { position: next, abort: aborted(&build), status: build.status.as_str() }))
}

/// Is the executor to stop?
fn aborted(build: &Build) -> bool {
    build.stage == Stage::Ended
        && matches!(build.status, BuildStatus::Aborted | BuildStatus::AbortedWithSuccess)
        && build.started_at.is_some()
}

/// The same for readers.
#[derive(Debug, Serialize)]
struct Read {
    position: u64,
    ended: bool,
    status: &'static str,
    text: String,
}

/// The log, from a piece on; as text, or with `format=json` in an object.
pub(crate) async fn read(
    State(context): Api,
    caller: Caller,
    Names(slug): Names<String>,
    Params(place): Params<Place>,
) -> Answer<Response> {
    let json = match place.format.as_deref() {
        None | Some("text") => false,
        Some("json") => true,
        Some(_) => return Err(Reject::bad_request("must be text or json").at("format")),
    };
    let from = number(place.from.as_deref(), "from")?.unwrap_or(0);
    // Looked at first: whoever reads that it has ended has read all of its log.
    let (_, build) = find(&context, &caller, &slug, AppRole::Tester).await?;
    let (text, position) = collect(&context, &build, from).await?;
    let status = build.status.as_str();
    if json {
        return Ok(Json(Read { position, ended: build.stage == Stage::Ended, status, text }).into_response());
    }
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (POSITION, position.to_string()),
        (STATUS, status.to_owned()),
    ];
    Ok((headers, text).into_response())
}

/// The pieces from that number on, as one text, and the number after them.
async fn collect(context: &Context, build: &Build, from: u64) -> Answer<(String, u64)> {
    let (mut text, mut position) = (String::new(), from);
    loop {
        let pieces = context.ports.store.read_log(build.id, position, STEP).await?;
        let last = pieces.len() < STEP;
        for piece in pieces {
            text.push_str(&piece.text);
            position = piece.position + 1;
        }
        if last {
            return Ok((text, position));
        }
    }
}

fn number(text: Option<&str>, name: &'static str) -> Answer<Option<u64>> {
    let refused = || Reject::bad_request("must be the number of a piece").at(name);
    // The database counts to 2^63.
    let number = |text: &str| text.parse::<u64>().ok().filter(|number| i64::try_from(*number).is_ok());
    text.map(|text| number(text).ok_or_else(refused)).transpose()
}
