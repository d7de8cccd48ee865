//! The REST API (contract github sections 0 to 2).
//!
//! The frame in `headers` wraps every route; handlers extract a `Call`, use one flow verb or one store call, and map
//! the answer. `errors` words every refusal.

mod app;
mod applications;
mod call;
mod conditional;
mod create;
mod deliveries;
mod delivery_filter;
mod delivery_json;
mod errors;
mod headers;
mod hook_json;
mod hooks;
mod hub;
mod json;
mod meter;
mod operations;
mod paging;
mod ping;
mod repository_events;
mod repository_fields;
mod repository_json;
mod resources;
mod subject;
mod types;
mod update;
mod validate;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, any, get, post};
use domain::flow::Ports;

use crate::ApiSettings;
use app::App;
use errors::ApiError;

pub(crate) use meter::Meters;
pub(crate) use ping::ping_draft;

/// Where the API lives on every host.
const PREFIX: &str = "/api/v3";

/// All routes, under `/api/v3`; and `/hub`, which old subscribers look for at the root of any host.
pub(crate) fn routes(ports: Ports, settings: ApiSettings, meters: Arc<Meters>) -> Router {
    let bare = Arc::new(App { ports: ports.clone(), settings: settings.clone(), prefix: "", meters: meters.clone() });
    let hub = Router::new().route("/hub", post(hub::hub)).method_not_allowed_fallback(absent);
    let hub = hub.layer(from_fn_with_state(bare.clone(), headers::frame)).with_state(bare);
    mount(Arc::new(App { ports, settings, prefix: PREFIX, meters })).merge(hub)
}

/// All routes with and without the prefix, for requests whose `Host` is `api.*`.
pub(crate) fn root_routes(ports: Ports, settings: ApiSettings, meters: Arc<Meters>) -> Router {
    let bare = App { ports: ports.clone(), settings: settings.clone(), prefix: "", meters: meters.clone() };
    mount(Arc::new(bare)).merge(mount(Arc::new(App { ports, settings, prefix: PREFIX, meters })))
}

/// Every route under the mount's prefix, and an answer for every other path under it.
fn mount(app: Arc<App>) -> Router {
    let prefix = app.prefix;
    let mut router = Router::new();
    for (path, methods) in table() {
        router = router.route(&format!("{prefix}{path}"), methods);
    }
    // The index is at the prefix itself, too.
    router = if prefix.is_empty() { router } else { router.route(prefix, get(resources::root::index)) };
    router
        .route(&format!("{prefix}/{{*rest}}"), any(absent))
        .method_not_allowed_fallback(absent)
        .layer(from_fn_with_state(app.clone(), headers::frame))
        .with_state(app)
}

/// What is not there, and methods that a path does not have: GitHub tells neither from the other.
async fn absent() -> ApiError {
    ApiError::NotFound
}

/// Path patterns and their methods.
fn table() -> Vec<(String, MethodRouter<Arc<App>>)> {
    let mut table = resources::table();
    table.extend(applications::table());
    table.push(("/hub".to_owned(), post(hub::hub)));
    for repository in ["/repos/{owner}/{repo}", "/repositories/{repository_id}"] {
        let routes = hook_routes().into_iter().chain(test_routes());
        table.extend(routes.map(|(tail, methods)| (format!("{repository}{tail}"), methods)));
    }
    for organization in ["/orgs/{org}", "/organizations/{organization_id}"] {
        table.extend(hook_routes().into_iter().map(|(tail, methods)| (format!("{organization}{tail}"), methods)));
    }
    table
}

/// Everything below `/hooks` that a repository and an organization both have.
fn hook_routes() -> [(&'static str, MethodRouter<Arc<App>>); 7] {
    let one = get(hooks::get).patch(update::update).delete(hooks::delete);
    [
        ("/hooks", get(hooks::list).post(create::create)),
        ("/hooks/{hook_id}", one),
        ("/hooks/{hook_id}/config", get(hooks::get_config).patch(update::update_config)),
        ("/hooks/{hook_id}/deliveries", get(deliveries::list)),
        ("/hooks/{hook_id}/deliveries/{delivery_id}", get(deliveries::get)),
        ("/hooks/{hook_id}/deliveries/{delivery_id}/attempts", post(deliveries::attempts)),
        ("/hooks/{hook_id}/pings", post(hooks::ping)),
    ]
}

/// What only a repository's hooks have.
fn test_routes() -> [(&'static str, MethodRouter<Arc<App>>); 2] {
    [("/hooks/{hook_id}/tests", post(hooks::test)), ("/hooks/{hook_id}/test", post(hooks::test))]
}
