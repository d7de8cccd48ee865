//! The way in over HTTP: `POST /h/{provider}/{app}/{token}`, and a word about this server at `GET /`.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use domain::ci::{CiApp, MAX_HOPS, MAX_INCOMING, TakenIn};
use domain::id::Uid;
use domain::ports::StoreError;
use domain::secret::constant_time_eq;
use serde_json::json;

use super::answer::{self, Answer, Outcome, TriggerAnswer};
use super::desk::Desk;
use super::provider::HookProvider;
use crate::aside::{LARGE, aside};
use crate::http::{BodyError, read_body};

/// The header that counts how many deliveries of ours led to a request.
const HOPS: &str = "postrider-hops";
/// Stands in for the token of an app that does not exist: both refusals take the same time.
const NO_TOKEN: &str = "prh_000000000000000000000000000000000000000000000000000000000000000000000000";
/// Seconds after which a store that is too busy may be asked again (D-7).
const RETRY_SECONDS: u16 = 1;

/// All routes.
pub(super) fn routes(desk: Desk) -> Router {
    Router::new()
        .route("/", get(about))
        .route("/h/{provider}/{app}/{token}", post(receive))
        .route("/h", any(nothing_here))
        .route("/h/", any(nothing_here))
        .route("/h/{provider}", any(nothing_here))
        .route("/h/{provider}/{app}", any(nothing_here))
        .route("/h/{provider}/{app}/{token}/", any(nothing_here))
        .route("/h/{provider}/{app}/{token}/{*rest}", any(nothing_here))
        // The original's router answers nothing at all.
        .method_not_allowed_fallback(|| async { StatusCode::METHOD_NOT_ALLOWED })
        .with_state(Arc::new(desk))
}

/// What this is (contract bitrise section 6).
async fn about(State(desk): State<Arc<Desk>>) -> Response {
    let body = json!({
        "message": "Postrider takes webhooks in at /h/{provider}/{app}/{token}",
        "version": env!("CARGO_PKG_VERSION"),
        "time": desk.ports.clock.now().rfc3339_seconds(),
        "environment_mode": "production",
    });
    respond((200, answer::text(&body)))
}

async fn nothing_here() -> Response {
    respond(answer::error(None, 404, "Not Found"))
}

/// A webhook.
async fn receive(
    State(desk): State<Arc<Desk>>,
    path: Result<Path<(String, String, String)>, PathRejection>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Ok(Path((word, slug, token))) = path else { return nothing_here().await };
    let Some(provider) = HookProvider::parse(&word) else {
        return respond(answer::error(None, 400, &format!("Unsupported Webhook Type / Provider: {word}")));
    };
    let Some(app) = admit(&desk, &slug, &token) else { return respond(stranger(provider, slug)) };
    // What is turned away here is not in the request log, so that the server's own is the place to look.
    let turn_away = |status: u16, reason: &str| {
        tracing::info!(app = %app.uid, provider = provider.as_str(), status, reason, "turned a webhook away");
        respond(answer::error(Some(provider), status, reason))
    };
    let Some(hops) = hops(&headers) else {
        let (app, sender) = (app.uid, provider.as_str());
        tracing::warn!(%app, provider = sender, "a webhook for {app} was refused: deliveries that lead to it go round in a circle");
        return respond(answer::error(Some(provider), 508, "More than five deliveries in a row led to this request"));
    };
    let body = match read_body(body, MAX_INCOMING).await {
        Ok(body) => body,
        Err(BodyError::TooLarge) => return turn_away(413, "The request's body is larger than 25 MiB"),
        Err(BodyError::Broken) => return turn_away(400, "The request's body ended early"),
    };
    let arrived = aside(body.len() > LARGE, || desk.arrived(&app, provider, headers, body, hops));
    let verdict = arrived.verdict.as_str();
    let taken = desk.take_in(&app, arrived).await;
    let (answer, builds, repeated) = match taken {
        Ok(TakenIn::Now { answer, builds, .. }) => (answer, builds.len(), false),
        Ok(TakenIn::Before(answer)) => (answer, 0, true),
        // The app was deleted while the request was read: the host hears what it will hear from now on.
        Err(StoreError::NotFound) => return respond(stranger(provider, slug)),
        Err(error) => return not_taken_in(provider, &app, &error),
    };
    let (app, status) = (app.uid, answer.status);
    tracing::info!(%app, provider = provider.as_str(), verdict, status, builds, repeated, "took a webhook in for {app}");
    respond((status, answer.body))
}

/// The app, if the token is its own. The token is never logged: whoever has it may start builds.
fn admit(desk: &Desk, slug: &str, token: &str) -> Option<Arc<CiApp>> {
    let app = Uid::parse(slug).and_then(|uid| desk.ports.directory().ci_app(uid));
    let expected = app.as_ref().map_or(NO_TOKEN, |app| app.trigger_token.expose());
    let right = constant_time_eq(expected.as_bytes(), token.as_bytes());
    app.filter(|_| right)
}

/// The answer to whoever names no app, or not its token. Such requests leave no trace: they could be very many (H-4).
fn stranger(provider: HookProvider, slug: String) -> Answer {
    const PROBLEM: &str = "Invalid API token for Bitrise hook";
    if provider == HookProvider::Slack {
        return answer::error(Some(provider), 400, PROBLEM);
    }
    let refusal = TriggerAnswer::refusal("unauthorized", slug, PROBLEM.to_owned());
    answer::told(&Outcome { refused: vec![refusal], ..Outcome::default() })
}

/// How many deliveries led to the request; `None`: too many, or nobody can say (D-8).
fn hops(headers: &HeaderMap) -> Option<u8> {
    headers.get_all(HOPS).iter().try_fold(0, |most: u8, value| {
        let hops: u8 = value.to_str().ok()?.parse().ok()?;
        (hops <= MAX_HOPS).then(|| most.max(hops))
    })
}

/// Nothing was kept, so nothing is promised: the host may try again.
fn not_taken_in(provider: HookProvider, app: &CiApp, error: &StoreError) -> Response {
    let (status, body) = failure(provider, error);
    tracing::error!(app = %app.uid, provider = provider.as_str(), status, %error, "a webhook was not taken in");
    let mut response = respond((status, body));
    if status == 503 {
        response.headers_mut().insert(RETRY_AFTER, RETRY_SECONDS.into());
    }
    response
}

/// What is answered when the store fails. Slack shows people only what is answered with 200.
fn failure(provider: HookProvider, error: &StoreError) -> Answer {
    let (status, reason) = match error {
        StoreError::Busy => (503, "too much is waiting to be written"),
        StoreError::Unavailable(_) => (503, "the database is unavailable"),
        StoreError::Full => (507, "the server's disk is full"),
        _ => (500, "the server could not store it"),
    };
    let problem = format!("Failed to Trigger Build: {reason}");
    match provider {
        HookProvider::Slack => answer::error(Some(provider), status, &problem),
        _ => (status, answer::told(&Outcome { errors: vec![problem], ..Outcome::default() }).1),
    }
}

fn respond((status, body): Answer) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [(CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_15_a_failing_store_is_a_failing_trigger() {
        for (error, expected) in [
            (StoreError::Corrupt("odd".into()), 500),
            (StoreError::Busy, 503),
            (StoreError::Unavailable("gone".into()), 503),
            (StoreError::Full, 507),
        ] {
            let (status, body) = failure(HookProvider::GitLab, &error);
            assert_eq!(status, expected);
            assert!(body.starts_with(r#"{"errors":["Failed to Trigger Build: "#), "{body}");
            assert!(body.ends_with("],\"success_responses\":[]}\n"), "{body}");
            assert_eq!(failure(HookProvider::Slack, &error).0, 200);
        }
    }

    #[test]
    fn d8_hops_are_the_most_that_any_line_says() {
        let count = |lines: &[&'static str]| {
            hops(
                &lines
                    .iter()
                    .map(|line| (axum::http::HeaderName::from_static(HOPS), HeaderValue::from_static(line)))
                    .collect(),
            )
        };
        assert_eq!(count(&[]), Some(0));
        assert_eq!(count(&["1", "5", "2"]), Some(5));
        for odd in ["6", "-1", "", "x", "256"] {
            assert_eq!(count(&["1", odd]), None, "{odd}");
        }
    }
}
