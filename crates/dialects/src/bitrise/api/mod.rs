//! The HTTP API (contract bitrise sections 2 to 4).
//!
//! A handler extracts a [`call::Call`] (or an [`call::OpenCall`], where add-ons may ask), does one thing with the ports,
//! and answers with an [`errors::Reply`]; `errors` words every refusal. Each noun has a folder with a `table` of its paths
//! below `/v0.1`; every path is served with and without a trailing slash.

mod accounts;
mod apps;
mod base;
mod builds;
mod call;
mod errors;
mod hooks;
mod members;
mod paging;
mod register;
mod requests;
mod start;
mod times;

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, any, get, post};
use domain::flow::Ports;
use serde_json::{Value, json};

use super::settings::BitriseSettings;
use super::trigger::ConfigCache;
use crate::ApiSettings;
use call::Shared;
use errors::{Reject, Reply};

/// Where the API lives.
const PREFIX: &str = "/v0.1";

/// Path patterns below [`PREFIX`], and their methods.
type Table = Vec<(&'static str, MethodRouter<Arc<Shared>>)>;

/// All routes.
pub(super) fn routes(ports: Ports, settings: ApiSettings, own: Arc<BitriseSettings>) -> Router {
    let tables = [
        accounts::table(),
        apps::table(),
        builds::table(),
        hooks::table(),
        register::table(),
        requests::table(),
        start::table(),
    ];
    let mut router = Router::new();
    for (path, methods) in tables.into_iter().flatten() {
        let path = format!("{PREFIX}{path}");
        router = router.route(&format!("{path}/"), methods.clone()).route(&path, methods);
    }
    router
        .route(PREFIX, get(root))
        .route("/v0.1/", get(root))
        .route("/v0.1/{*rest}", any(absent))
        .route(start::BY_TOKEN, post(start::by_token))
        .method_not_allowed_fallback(not_allowed)
        .with_state(Arc::new(Shared { ports, settings, own, configs: ConfigCache::default() }))
}

/// The API's root, for everyone (section 2).
async fn root() -> Reply<Value> {
    Reply::ok(json!({ "message": "Bitrise API v0.1, served by Postrider" }))
}

/// What is not there.
async fn absent() -> Reject {
    Reject::not_found()
}

/// A method that a path does not have.
async fn not_allowed() -> Reject {
    Reject::method_not_allowed()
}
