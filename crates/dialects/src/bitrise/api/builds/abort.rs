//! `POST /apps/{app}/builds/{build}/abort`.

use domain::ci::{AppRole, Build, BuildEnd, BuildStatus, Ended};
use domain::flow::{Ports, builds};
use serde::Serialize;
use serde_json::Map;

use super::build_of;
use crate::bitrise::api::call::{Call, RawBody};
use crate::bitrise::api::errors::{Reject, Reply};
use crate::bitrise::api::members::Members;

/// Longest reason kept, in bytes.
const MAX_REASON: usize = 1_024;

/// `{"status":"ok"}`
#[derive(Debug, Serialize)]
pub(super) struct Done {
    status: &'static str,
}

/// Stops a build; with `skip_git_status_report` the repository's hooks do not hear of it. `skip_notifications` is accepted
/// and means nothing here: nobody is notified but hooks.
pub(super) async fn abort(call: Call, body: RawBody) -> Result<Reply<Done>, Reject> {
    let (_, build) = build_of(&call, AppRole::Developer).await?;
    stop(&call.shared.ports, &build, &body).await
}

/// Ends a build as the body says.
pub(super) async fn stop(ports: &Ports, build: &Build, body: &RawBody) -> Result<Reply<Done>, Reject> {
    // Every member may be left out, and so may the body.
    let members = Members(if body.0.is_empty() { Map::new() } else { body.object()? });
    let with_success = members.flag("abort_with_success")?;
    let status = if with_success == Some(true) { BuildStatus::AbortedWithSuccess } else { BuildStatus::Aborted };
    let reason = members.text("abort_reason")?;
    if reason.is_some_and(|text| text.len() > MAX_REASON) {
        return Err(Reject::bad(format!("abort_reason: is longer than {MAX_REASON} bytes")));
    }
    let end = BuildEnd { status, reason: reason.map(str::to_owned), at: ports.clock.now() };
    let quiet = members.flag("skip_git_status_report")? == Some(true);
    let ended = if quiet { builds::end_quietly(ports, build, end).await } else { builds::end(ports, build, end).await };
    match ended? {
        Ended::Now(_) => Ok(Reply::ok(Done { status: "ok" })),
        Ended::Before(build) => Err(Reject::bad(format!("the build has already finished: {}", build.status.as_str()))),
    }
}
