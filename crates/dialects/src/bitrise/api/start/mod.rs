//! Builds started over HTTP: by users (contract bitrise section 4), and by whoever has the app's trigger token, as the
//! original's processor of webhooks does (section 6).

mod body;

use std::sync::Arc;

use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use domain::ci::{AppRole, CiApp};
use domain::flow::builds;
use domain::id::Uid;
use domain::secret::Secret;

use super::Table;
use super::call::{OpenCall, RawBody, Shared, whole};
use super::errors::{Reject, Reply};
use crate::aside::{LARGE, aside};
use crate::bitrise::start::{TriggerCall, TriggerResponse, plan};
use crate::bitrise::trigger::Patience;
use crate::http::MAX_MANAGEMENT_BODY;
use body::TriggerBody;

/// Where builds are started with the trigger token.
pub(super) const BY_TOKEN: &str = "/app/{app}/build/start.json";
/// Largest body of somebody who has the token, in bytes: parameters list the files of all commits of a push.
const MAX_BODY: usize = 8 * 1024 * 1024;
/// The header that carries the token.
const API_TOKEN: &str = "api-token";

/// All paths.
pub(super) fn table() -> Table {
    vec![("/apps/{app}/builds", post(by_user))]
}

/// `POST /apps/{app}/builds`. Parameters that name a workflow or a pipeline bypass the triggers.
async fn by_user(open: OpenCall, body: RawBody) -> Result<Reply<TriggerResponse>, Reject> {
    let call = open.call;
    let app = call.app(AppRole::Developer)?;
    let body = TriggerBody::parse(&body.0)?;
    if body.hook_type() != Some("bitrise") {
        return Err(Reject::bad("hook_info.type must be \"bitrise\""));
    }
    let trigger = body.call(|| format!("manual-{}", call.me.user.login))?;
    start(&call.shared, &app, trigger).await
}

/// `POST /app/{app}/build/start.json`. Who has a wrong token hears nothing about whether there is such an app.
pub(super) async fn by_token(
    State(shared): State<Arc<Shared>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
    request: Request,
) -> Result<Reply<TriggerResponse>, Reject> {
    let app = Uid::parse(&slug).and_then(|uid| shared.ports.directory().ci_app(uid));
    let opens = |token: &str| app.clone().filter(|app| app.trigger_token == Secret::new(token));
    let known = headers.get(API_TOKEN).map(|token| token.to_str().ok().and_then(opens));
    if matches!(known, Some(None)) {
        return Ok(stranger(slug));
    }
    // Without the header, the token may be in the body; strangers do not get to send a large one.
    let limit = if known.is_some() { MAX_BODY } else { MAX_MANAGEMENT_BODY };
    let bytes = whole(request, limit).await?;
    let large = bytes.len() > LARGE;
    let body = aside(large, || TriggerBody::parse(&bytes))?;
    let Some(app) = known.unwrap_or_else(|| body.token().and_then(opens)) else { return Ok(stranger(slug)) };
    let trigger = aside(large, || body.call(|| "webhook".to_owned()))?;
    start(&shared, &app, trigger).await
}

fn stranger(slug: String) -> Reply<TriggerResponse> {
    let message = "Invalid API token for Bitrise hook: it is not this app's trigger token".to_owned();
    Reply(StatusCode::BAD_REQUEST, TriggerResponse::refusal("unauthorized", slug, message))
}

async fn start(shared: &Shared, app: &Arc<CiApp>, trigger: TriggerCall) -> Result<Reply<TriggerResponse>, Reject> {
    let plan = plan(&shared.ports, &shared.configs, app, trigger, &Patience::new(&shared.ports.clock));
    if plan.reply.refusal().is_some() {
        return Ok(Reply(StatusCode::BAD_REQUEST, plan.reply.tell(&[])));
    }
    let started = builds::start(&shared.ports, plan.builds, plan.requests).await?;
    Ok(Reply(StatusCode::CREATED, plan.reply.tell(&started)))
}
