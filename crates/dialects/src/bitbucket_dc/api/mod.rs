//! The REST API (contract bitbucket-datacenter section 1).
//!
//! The [`frame`] wraps every route; handlers extract a [`call::Call`], find the [`at::At`] it is about, use one flow verb
//! or one store call, and map the answer. [`errors`] words every refusal. Each handler serves a repository's webhooks and
//! a project's alike: whether the path names a repository makes the difference.

mod app;
mod at;
mod call;
mod errors;
mod fields;
mod frame;
mod history;
mod hook_json;
mod hooks;
mod invocation;
mod paging;
mod probe;
mod resources;
mod statistics;
mod types;
mod update;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, any, get, post};
use domain::flow::Ports;

use super::settings::BitbucketDataCenterSettings;
use crate::ApiSettings;
use app::App;
use errors::ApiError;

/// Where the API lives. The product is often installed under `/bitbucket`, and configurations are copied with it.
const PREFIXES: [&str; 4] =
    ["/rest/api/1.0", "/rest/api/latest", "/bitbucket/rest/api/1.0", "/bitbucket/rest/api/latest"];
/// What else is under the same roots is not there, and says so in this API's form.
const ROOTS: [&str; 2] = ["/rest/{*rest}", "/bitbucket/rest/{*rest}"];

/// All routes.
pub(super) fn routes(ports: Ports, settings: ApiSettings, own: Arc<BitbucketDataCenterSettings>) -> Router {
    let app = Arc::new(App::new(ports, settings, own));
    let mut router = Router::new();
    for (path, methods) in table() {
        for prefix in PREFIXES {
            router = router.route(&format!("{prefix}{path}"), methods.clone());
            // The product does not care for a slash at the end.
            router = router.route(&format!("{prefix}{path}/"), methods.clone());
        }
    }
    for root in ROOTS {
        router = router.route(root, any(absent));
    }
    router
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(app.clone(), frame::frame))
        .with_state(app)
}

async fn absent() -> ApiError {
    ApiError::NoRoute
}

async fn wrong_method() -> ApiError {
    ApiError::WrongMethod
}

/// Path patterns and their methods.
fn table() -> Vec<(String, MethodRouter<Arc<App>>)> {
    let repository = "/projects/{project}/repos/{repository}";
    let mut table: Vec<_> = resources::table().into_iter().map(|(path, methods)| (path.to_owned(), methods)).collect();
    for scope in ["/projects/{project}", repository] {
        let routes = webhook_routes().into_iter();
        table.extend(routes.map(|(tail, methods)| (format!("{scope}/webhooks{tail}"), methods)));
    }
    table.push((format!("{repository}/webhooks/search"), get(hooks::search)));
    table
}

/// Everything below `/webhooks` that repositories and projects share.
fn webhook_routes() -> [(&'static str, MethodRouter<Arc<App>>); 6] {
    [
        ("", get(hooks::list).post(hooks::create)),
        ("/test", post(probe::test)),
        ("/{webhook}", get(hooks::get).put(update::update).delete(hooks::delete)),
        ("/{webhook}/latest", get(statistics::latest)),
        ("/{webhook}/statistics", get(statistics::statistics)),
        ("/{webhook}/statistics/summary", get(statistics::summary)),
    ]
}
