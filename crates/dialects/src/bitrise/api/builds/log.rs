//! `GET /apps/{app}/builds/{build}/log`, and the same as plain text for a while.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use domain::ci::{AppRole, Build, CiApp, LogPiece, Stage};
use domain::flow::Ports;
use domain::id::Uid;
use domain::ports::Stored;
use domain::secret::constant_time_eq;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::build_of;
use crate::bitrise::api::base::Base;
use crate::bitrise::api::call::{Call, Shared};
use crate::bitrise::api::errors::{Reject, Reply};
use crate::bitrise::api::times::Seconds;
use crate::hmac::sha256_hex;

/// How long the URL of a log as plain text is good for.
const RAW_LIFETIME: Duration = Duration::from_secs(10 * 60);
/// Pieces read from the store at a time.
const PIECES: usize = 1_000;

/// What there is of a log.
#[derive(Debug, Serialize)]
pub(super) struct LogJson {
    /// Once the build has ended.
    expiring_raw_log_url: Option<String>,
    generated_log_chunks_num: usize,
    is_archived: bool,
    log_chunks: Vec<ChunkJson>,
    timestamp: Option<Seconds>,
}

/// A piece of it.
#[derive(Debug, Serialize)]
struct ChunkJson {
    chunk: String,
    position: u64,
}

/// Shows what there is of a build's log.
pub(super) async fn show(call: Call, Base(base): Base) -> Result<Reply<LogJson>, Reject> {
    let (app, build) = build_of(&call, AppRole::Tester).await?;
    let ports = &call.shared.ports;
    let pieces = pieces(ports, &build).await?;
    let is_archived = build.stage == Stage::Ended;
    Ok(Reply::ok(LogJson {
        expiring_raw_log_url: is_archived.then(|| raw_url(&base, &app, &build, ports.clock.now().plus(RAW_LIFETIME))),
        generated_log_chunks_num: pieces.len(),
        is_archived,
        log_chunks: pieces.into_iter().map(|piece| ChunkJson { chunk: piece.text, position: piece.position }).collect(),
        timestamp: build.finished_at.map(Seconds),
    }))
}

/// What makes the URL of a log good.
#[derive(Debug, Deserialize)]
pub(super) struct Signed {
    /// Seconds since 1970.
    expires: i64,
    signature: String,
}

/// The log as text, for whoever has the URL: clients fetch it without their token.
pub(super) async fn raw(
    State(shared): State<Arc<Shared>>,
    slugs: Result<Path<(String, String)>, PathRejection>,
    signed: Result<Query<Signed>, QueryRejection>,
) -> Result<Response, Reject> {
    let Path((app, build)) = slugs.map_err(|_| Reject::not_found())?;
    let ports = &shared.ports;
    let app = Uid::parse(&app).and_then(|uid| ports.directory().ci_app(uid)).ok_or_else(Reject::not_found)?;
    let build = ports.store.build(Uid::parse(&build).ok_or_else(Reject::not_found)?).await?;
    let build = build.filter(|build| build.app == app.id).ok_or_else(Reject::not_found)?;
    let good = signed.is_ok_and(|Query(signed)| {
        let expected = signature(&app, &build, signed.expires);
        constant_time_eq(expected.as_bytes(), signed.signature.as_bytes())
            && ports.clock.now().as_secs() < signed.expires
    });
    if !good {
        return Err(Reject::new(StatusCode::FORBIDDEN, "the URL has expired: ask for the log again"));
    }
    let text: String = pieces(ports, &build).await?.into_iter().map(|piece| piece.text).collect();
    let headers =
        [(CONTENT_TYPE, "text/plain; charset=utf-8"), (CACHE_CONTROL, "no-store"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    Ok((headers, text).into_response())
}

/// The whole log: at most [`MAX_LOG`](domain::ci::MAX_LOG) bytes.
async fn pieces(ports: &Ports, build: &Build) -> Stored<Vec<LogPiece>> {
    let mut all: Vec<LogPiece> = Vec::new();
    loop {
        let from = all.last().map_or(0, |piece| piece.position + 1);
        let more = ports.store.read_log(build.id, from, PIECES).await?;
        let full = more.len() == PIECES;
        all.extend(more);
        if !full {
            return Ok(all);
        }
    }
}

fn raw_url(base: &str, app: &CiApp, build: &Build, expires: Timestamp) -> String {
    let expires = expires.as_secs();
    let signature = signature(app, build, expires);
    format!("{base}/v0.1/apps/{}/builds/{}/log/raw?expires={expires}&signature={signature}", app.slug(), build.slug())
}

/// Keyed with the app's own secret: a rotated trigger token ends all such URLs of the app.
fn signature(app: &CiApp, build: &Build, expires: i64) -> String {
    let message = format!("build log\n{}\n{expires}", build.uid);
    sha256_hex("", app.trigger_token.expose(), message.as_bytes())
}
