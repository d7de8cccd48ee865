//! `POST …/webhooks/test` (contract bitbucket-datacenter section 1, row 9): one request that the caller waits for.

use axum::Json;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::attempt::Exchange;
use domain::delivery::Message;
use domain::dialect::WireRequest;
use domain::event::Place;
use domain::flow::probe::probe;
use domain::hook::{BodyFormat, Hook, NewHook};
use domain::id::{HookId, Uid};
use domain::rules::target::TargetUrl;
use serde_json::{Map, Value, json};

use super::app::{App, Probed};
use super::at::At;
use super::call::{Call, RawBody};
use super::errors::ApiError;
use super::fields::{Login, check_url, login};
use super::hook_json::members;
use super::invocation::{redacted, response_parts, told};
use super::types::Problems;
use crate::bitbucket_dc::dialect::{NAME, PING_BODY};
use crate::bitbucket_dc::events::PING;
use crate::http::PROBES_PER_MINUTE;

/// What to test.
struct Trial {
    url: TargetUrl,
    login: Option<Login>,
    verify_tls: Option<bool>,
}

/// Sends a test request to `url`. With `webhookId`, that webhook's credentials go along, wherever the URL points
/// (section 1.4); the webhook itself is not changed.
pub(super) async fn test(call: Call, body: RawBody) -> Result<Response, ApiError> {
    let at = call.administered()?;
    let me = call.myself()?;
    let stored = match call.asked.query("webhookId").filter(|id| !id.is_empty()) {
        Some(id) => Some(call.hook_numbered(&at, id)?),
        None => None,
    };
    let trial = read(&call, &body.object()?)?;
    let counted = stored.as_ref().map_or(Probed::Draft(at.scope(), me.user.id), |hook| Probed::Hook(hook.id));
    let now = call.app.ports.clock.now();
    call.app.probes.count(counted, PROBES_PER_MINUTE, now).map_err(|_| ApiError::TooManyProbes)?;
    let hook = candidate(&call, &at, stored.as_deref(), trial)?;
    let (request, exchange) = send(&call.app, &hook, at.place()).await;
    Ok(Json(record(&hook, &request, &exchange, me.user.site_admin)).into_response())
}

/// Takes the request apart: the URL is checked as a saved one is.
fn read(call: &Call, body: &Map<String, Value>) -> Result<Trial, ApiError> {
    let mut problems = Problems::default();
    let url = call.asked.query("url").and_then(|text| check_url(&call.app, text, &mut problems));
    let login = login(body, &mut problems).given();
    let url = problems.required(url, "url");
    problems.verdict()?;
    // With a URL there was no problem, and the other way round.
    let url = url.ok_or(ApiError::BadJson)?;
    Ok(Trial { url, login, verify_tls: call.flag("sslVerificationRequired") })
}

/// The hook as it would be, were it saved.
fn candidate(call: &Call, at: &At, stored: Option<&Hook>, trial: Trial) -> Result<Hook, ApiError> {
    let mut hook = match stored {
        Some(stored) => stored.clone(),
        None => unsaved(call, at, trial.url.clone())?,
    };
    hook.url = trial.url;
    if let Some(login) = trial.login {
        hook.credentials = Some(login.over(hook.credentials));
    }
    hook.insecure_tls = trial.verify_tls.map_or(hook.insecure_tls, |verify| !verify);
    Ok(hook)
}

fn unsaved(call: &Call, at: &At, url: TargetUrl) -> Result<Hook, ApiError> {
    let now = call.app.ports.clock.now();
    let new = NewHook {
        uid: Uid::new(now, &*call.app.ports.entropy),
        dialect: NAME,
        scope: at.scope(),
        active: true,
        url,
        events: Vec::new(),
        secret: None,
        credentials: None,
        headers: Vec::new(),
        format: BodyFormat::Json,
        insecure_tls: false,
        timeout: None,
        retries: None,
        extra: Map::new(),
        creator: call.myself()?.user.id,
        app: None,
        expires_at: None,
        created_at: now,
    };
    Ok(new.numbered(HookId(0)))
}

async fn send(app: &App, hook: &Hook, place: Place) -> (WireRequest, Exchange) {
    let uid = Uid::new(app.ports.clock.now(), &*app.ports.entropy);
    let message = Message {
        dialect: NAME,
        uid,
        kind: PING.into(),
        action: None,
        body: Bytes::from_static(PING_BODY),
        passed_through: true,
    };
    probe(&app.ports, &app.dialect, hook, &message, place).await
}

/// Request and response; an error instead of the response when there was none.
fn record(hook: &Hook, request: &WireRequest, exchange: &Exchange, operator: bool) -> Value {
    let url = request.url.as_ref().unwrap_or(&hook.url);
    let headers = request.headers.iter().map(|(name, value)| ((*name).to_owned(), Value::from(value.as_str())));
    let mut record = members(json!({"request": {
        "url": url.as_str(),
        "method": "POST",
        "headers": redacted(headers.collect()),
        "body": String::from_utf8_lossy(&request.body),
    }}));
    if let Some(status) = exchange.status {
        let mut response = members(json!({"status": status}));
        response.extend(response_parts(exchange));
        record.insert("response".to_owned(), Value::Object(response));
    } else {
        let (description, outcome) = told(exchange, operator);
        record.insert("error".to_owned(), json!({"description": description, "outcome": outcome}));
    }
    Value::Object(record)
}
