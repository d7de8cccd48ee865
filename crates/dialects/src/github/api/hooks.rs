//! Listing, showing and deleting hooks; pings and tests (contract github section 1).

use std::sync::Arc;

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::hook::Hook;
use domain::rules::access::HookAccess;
use serde_json::Value;

use super::call::Call;
use super::errors::ApiError;
use super::hook_json::config;
use super::paging::{paginate, with_links};
use super::ping::{send_ping, send_test};
use super::subject::Subject;
use crate::http::{PROBES_PER_MINUTE, http_date};

/// The hooks of a repository or an organization, oldest first.
pub(super) async fn list(call: Call) -> Result<Response, ApiError> {
    let subject = call.subject(HookAccess::Read)?;
    let hooks = subject.hooks_for(call.app.ports.directory(), call.myself()?);
    let (page, links) = paginate(&call, hooks);
    let ids: Vec<_> = page.iter().map(|hook| hook.id).collect();
    let exchanges = call.app.ports.store.last_exchanges(&ids).await?;
    let last = |hook: &Hook| exchanges.iter().find(|(id, _)| *id == hook.id).map(|(_, exchange)| exchange);
    let whole: Vec<Value> = page.iter().map(|hook| subject.hook_json(&call.links, hook, last(hook))).collect();
    Ok(with_links(Json(whole).into_response(), &links))
}

/// One hook.
pub(super) async fn get(call: Call) -> Result<Response, ApiError> {
    let (subject, hook) = call.hook(HookAccess::Read)?;
    let mut response = hook_answer(&call, &subject, &hook).await?;
    if let Some(date) = http_date(hook.updated_at) {
        response.headers_mut().insert(header::LAST_MODIFIED, date);
    }
    Ok(response)
}

/// A hook with its newest exchange.
pub(super) async fn hook_answer(call: &Call, subject: &Subject, hook: &Hook) -> Result<Response, ApiError> {
    let exchanges = call.app.ports.store.last_exchanges(&[hook.id]).await?;
    let last = exchanges.first().map(|(_, exchange)| exchange);
    Ok(Json(subject.hook_json(&call.links, hook, last)).into_response())
}

/// Deletes a hook.
pub(super) async fn delete(call: Call) -> Result<StatusCode, ApiError> {
    let (_, hook) = call.hook(HookAccess::Admin)?;
    call.app.ports.store.delete_hook(hook.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The configuration alone.
pub(super) async fn get_config(call: Call) -> Result<Response, ApiError> {
    let (_, hook) = call.hook(HookAccess::Read)?;
    Ok(Json(config(&hook)).into_response())
}

/// Pings a hook, whatever it listens to and whether or not it is active.
pub(super) async fn ping(call: Call) -> Result<StatusCode, ApiError> {
    let (subject, hook) = probed(&call)?;
    send_ping(&call.app.ports, &subject, &hook, &call.myself()?.user).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends the repository's latest push to a hook that listens to pushes; to any other, nothing. An organization has no
/// latest push.
pub(super) async fn test(call: Call) -> Result<StatusCode, ApiError> {
    let (subject, hook) = probed(&call)?;
    send_test(&call.app.ports, subject.repository().ok_or(ApiError::NotFound)?, &hook).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The hook the path names, unless people sent too much through it within the minute (E-12).
fn probed(call: &Call) -> Result<(Subject, Arc<Hook>), ApiError> {
    let (subject, hook) = call.hook(HookAccess::Read)?;
    let now = call.app.ports.clock.now();
    match call.app.meters.probes.count(hook.id, PROBES_PER_MINUTE, now) {
        Ok(_) => Ok((subject, hook)),
        Err(_) => Err(ApiError::TooManyProbes),
    }
}
