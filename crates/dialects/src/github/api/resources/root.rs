//! Facts about the server itself.

use axum::Json;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::github::api::call::Call;
use crate::github::api::errors::ApiError;
use crate::github::payload;

/// Versions of the API that clients pin.
const VERSIONS: [&str; 2] = ["2022-11-28", "2026-03-10"];

/// The index: where things are. Only what this server has, and the hub that clients look for.
pub(in crate::github::api) async fn index(call: Call) -> Json<Value> {
    let api = &call.links.api;
    Json(json!({
        "current_user_url": format!("{api}/user"),
        "hub_url": format!("{api}/hub"),
        "organization_url": format!("{api}/orgs/{{org}}"),
        "organization_repositories_url": format!("{api}/orgs/{{org}}/repos{{?type,page,per_page,sort}}"),
        "rate_limit_url": format!("{api}/rate_limit"),
        "repository_url": format!("{api}/repos/{{owner}}/{{repo}}"),
        "current_user_repositories_url": format!("{api}/user/repos{{?type,page,per_page,sort}}"),
        "user_url": format!("{api}/users/{{user}}"),
        "user_organizations_url": format!("{api}/user/orgs"),
        "user_repositories_url": format!("{api}/users/{{user}}/repos{{?type,page,per_page,sort}}"),
    }))
}

/// Where deliveries come from, for people who keep allow lists.
pub(super) async fn meta(call: Call) -> Json<Value> {
    Json(json!({
        "verifiable_password_authentication": false,
        "installed_version": env!("CARGO_PKG_VERSION"),
        "hooks": &*call.app.settings.egress_addresses,
    }))
}

/// The rate limit, without counting against it.
pub(super) async fn rate_limit(call: Call) -> Result<Json<Value>, ApiError> {
    let limit = call.app.settings.requests_per_hour;
    if limit == 0 {
        return Err(ApiError::NotFound);
    }
    let token = call.asked.principal.as_ref().map(|principal| principal.token);
    let reading = call.app.meters.requests.read(token, limit, call.app.ports.clock.now());
    let core = json!({
        "limit": reading.limit,
        "used": reading.used,
        "remaining": reading.remaining(),
        "reset": reading.reset,
    });
    Ok(Json(json!({ "resources": { "core": core.clone() }, "rate": core })))
}

/// Versions of the API.
pub(super) async fn versions(_call: Call) -> Json<[&'static str; 2]> {
    Json(VERSIONS)
}

/// A saying, as plain text.
pub(super) async fn zen(call: Call) -> Response {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], payload::zen(call.app.ports.clock.now().as_micros().unsigned_abs()))
        .into_response()
}
