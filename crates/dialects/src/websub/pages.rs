//! `GET /{owner}/{repo}/events/{event}`: topics as pages (contract websub section 10).

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, LAST_MODIFIED, LINK, RETRY_AFTER, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::account::Scope;
use domain::event::content_hash;
use domain::flow::Ports;
use domain::ports::StoreError;
use domain::rules::access::sees_repository;
use domain::time::Timestamp;

use super::hosted::{Format, Hosted, hub_url, link_header};
use super::negotiate::prefers_json;
use super::render::{Content, render};
use crate::http::{Asked, Conditions, Credentials, authenticate, hex, http_date};

/// What refusals are written in.
const PLAIN_TEXT: &str = "text/plain; charset=utf-8";

/// The route of all topics.
pub(super) fn routes(ports: Ports) -> Router {
    Router::new().route("/{owner}/{repo}/events/{event}", get(page)).with_state(ports)
}

async fn page(State(ports): State<Ports>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let Some(asked) = Asked::by(None, &mut parts).await else { return nothing_here() };
    let params = (asked.param("owner"), asked.param("repo"), asked.param("event"));
    let Some(mut topic) = Hosted::find(ports.directory(), params.0, params.1, params.2) else {
        return nothing_here();
    };
    if !may_see(&ports, &topic, &parts.headers) {
        return nothing_here();
    }
    let negotiated = topic.format == Format::Plain;
    if negotiated && prefers_json(&parts.headers) {
        topic.format = Format::Json;
    }
    let mut response = match render(&ports, &topic, None).await {
        Ok(content) => answer(&ports, &topic, content, &parts.headers),
        Err(error) => return away(&error),
    };
    if negotiated {
        response.headers_mut().insert(VARY, HeaderValue::from_static("Accept"));
    }
    response
}

/// Public repositories are for everybody. Others are for those who may read them, with a token that shows repositories
/// or events.
fn may_see(ports: &Ports, topic: &Hosted, headers: &HeaderMap) -> bool {
    let repository = &topic.located.repository;
    if !repository.private {
        return true;
    }
    let Credentials::Good(principal) = authenticate(ports, headers) else { return false };
    let scopes = principal.scopes;
    let shows = sees_repository(scopes, true) || scopes.contains(Scope::EventsRead);
    shows && ports.directory().permission(repository, principal.user.id).is_some()
}

fn answer(ports: &Ports, topic: &Hosted, content: Content, asked: &HeaderMap) -> Response {
    let tag = entity_tag(&content);
    let repository = &topic.located.repository;
    let modified = last_modified(content.updated.max(repository.updated_at), ports.clock.now());
    let had = Conditions::of(asked).hit(&tag, modified.as_ref());
    let mut response = if had {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(CONTENT_TYPE, content.media_type)], Body::from(content.body)).into_response()
    };
    let links = link_header(&topic.url(&ports.public_url), &hub_url(&ports.public_url));
    let caching = if repository.private { "private, no-cache" } else { "no-cache" };
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(caching));
    for (name, value) in [(ETAG, tag), (LINK, links)] {
        // Hex, and names and a URL without anything odd in them.
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    if let Some(modified) = modified {
        headers.insert(LAST_MODIFIED, modified);
    }
    response
}

/// A strong tag: over the type and the document, as the hub tells changes (contract websub section 7).
fn entity_tag(content: &Content) -> String {
    format!("\"{}\"", hex(&content_hash(content.media_type, &content.body)))
}

/// Not told within the same second: more may yet happen in it, and nobody could tell by the date.
fn last_modified(changed: Timestamp, now: Timestamp) -> Option<HeaderValue> {
    if changed.as_secs() < now.as_secs() { http_date(changed) } else { None }
}

/// What is not there, and what the caller may not see.
fn nothing_here() -> Response {
    (StatusCode::NOT_FOUND, [(CONTENT_TYPE, PLAIN_TEXT)], "There is no such topic.\n").into_response()
}

fn away(error: &StoreError) -> Response {
    tracing::warn!(%error, "a topic could not be read");
    let headers = [(CONTENT_TYPE, PLAIN_TEXT), (RETRY_AFTER, "1")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, "Topics cannot be read at the moment.\n").into_response()
}
