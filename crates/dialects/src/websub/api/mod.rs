//! `POST /websub`: the open hub (contract websub sections 3 and 7).

mod publish;
mod refuse;
mod subscribe;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CONTENT_TYPE, LOCATION};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use domain::flow::Ports;

use super::settings::WebSubSettings;
use crate::ApiSettings;
use crate::http::{BodyError, Form, MAX_FORM_BODY, Meter, Peer, read_body};
use refuse::Refusal;

/// What the hub's handlers share.
#[derive(Debug)]
struct Context {
    ports: Ports,
    api: ApiSettings,
    own: Arc<WebSubSettings>,
    /// Requests by source (E-15).
    sources: Meter<Option<IpAddr>>,
}

/// The hub's one route.
pub(super) fn routes(ports: Ports, api: ApiSettings, own: Arc<WebSubSettings>) -> Router {
    let context = Context { ports, api, own, sources: Meter::new(Duration::from_secs(60)) };
    Router::new().route("/websub", any(entry)).with_state(Arc::new(context))
}

async fn entry(State(context): State<Arc<Context>>, request: Request) -> Response {
    if let Some(moved) = &context.own.moved_to {
        // 308: clients send the same form again (websub.rocks 204).
        return (StatusCode::PERMANENT_REDIRECT, [(LOCATION, moved.clone())]).into_response();
    }
    if request.method() != Method::POST {
        let text = "This is a WebSub hub. Subscribe, unsubscribe and publish by POST.\n";
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "POST"), (CONTENT_TYPE, refuse::TEXT)], text).into_response();
    }
    match answer(&context, request).await {
        Ok(status) => status.into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn answer(context: &Context, request: Request) -> Result<StatusCode, Refusal> {
    let (parts, body) = request.into_parts();
    let source = parts.extensions.get::<Peer>().map(|peer| peer.network());
    let now = context.ports.clock.now();
    if let Err(reading) = context.sources.count(source, context.own.requests_per_minute, now) {
        return Err(Refusal::Busy(reading.reset.saturating_sub(now.as_secs()).max(1)));
    }
    let body = read_body(body, MAX_FORM_BODY).await.map_err(|error| match error {
        BodyError::TooLarge => Refusal::TooLarge,
        BodyError::Broken => Refusal::bad("the body ended early"),
    })?;
    let form = Form::read(&parts.headers, &body, MAX_FORM_BODY)?;
    let mode = refuse::one(&form, "hub.mode")?.ok_or_else(|| Refusal::bad("hub.mode is missing"))?;
    if mode.eq_ignore_ascii_case("subscribe") || mode.eq_ignore_ascii_case("unsubscribe") {
        subscribe::subscribe(context, &form, mode.eq_ignore_ascii_case("unsubscribe")).await
    } else if mode.eq_ignore_ascii_case("publish") {
        publish::publish(context, &form, &parts.headers).await
    } else {
        Err(Refusal::bad("hub.mode must be subscribe, unsubscribe or publish"))
    }
}
