//! The HTTP API (docs/api.md).

mod app_json;
mod apps;
mod builds;
mod caller;
mod deliveries;
mod envelope;
mod errors;
mod events;
mod fields;
mod git_accounts;
mod hook_json;
mod hooks;
mod hub;
mod incoming;
mod oauth_apps;
mod operations;
mod orgs;
mod paging;
mod publish;
mod repos;
mod request;
mod tokens;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::{any, delete, get, patch, post, put};
use domain::flow::Ports;

use crate::ApiSettings;
use errors::Reject;

/// What every handler may use.
#[derive(Debug)]
pub(crate) struct Context {
    ports: Ports,
    settings: ApiSettings,
}

/// The context as handlers extract it.
type Api = State<Arc<Context>>;
/// What handlers return.
type Answer<T> = Result<T, Reject>;

/// All routes.
pub(crate) fn routes(ports: Ports, settings: ApiSettings) -> Router {
    Router::new()
        .route("/api/v1/events", post(publish::publish).get(events::list))
        .route("/api/v1/events/{id}", get(events::show))
        .route("/api/v1/whoami", get(tokens::whoami))
        .route("/api/v1/users", post(users::create).get(users::list))
        .route("/api/v1/users/{login}", delete(users::remove))
        .route("/api/v1/orgs", post(orgs::create).get(orgs::list))
        .route("/api/v1/orgs/{login}", delete(orgs::remove))
        .route("/api/v1/orgs/{login}/members/{user}", put(orgs::add_member).delete(orgs::remove_member))
        .route("/api/v1/repos", post(repos::create).get(repos::list))
        .route("/api/v1/repos/{owner}/{name}", get(repos::show).delete(repos::remove))
        .route(
            "/api/v1/repos/{owner}/{name}/collaborators/{user}",
            put(repos::add_collaborator).delete(repos::remove_collaborator),
        )
        .route("/api/v1/tokens", post(tokens::create).get(tokens::list))
        .route("/api/v1/tokens/{id}", delete(tokens::remove))
        .route("/api/v1/oauth-apps", post(oauth_apps::create).get(oauth_apps::list))
        .route(
            "/api/v1/oauth-apps/{client_id}",
            get(oauth_apps::show).patch(oauth_apps::update).delete(oauth_apps::remove),
        )
        .route("/api/v1/oauth-apps/{client_id}/secret", post(oauth_apps::new_secret))
        .route("/api/v1/git-accounts", put(git_accounts::set).get(git_accounts::list))
        .route("/api/v1/git-accounts/{owner}/{host}", delete(git_accounts::remove))
        .route("/api/v1/apps", post(apps::create).get(apps::list))
        .route("/api/v1/apps/{slug}", get(apps::show).patch(apps::update).delete(apps::remove))
        .route("/api/v1/apps/{slug}/rotate-token", post(apps::rotate_token))
        .route("/api/v1/apps/{slug}/config", get(apps::show_config).put(apps::set_config))
        .route("/api/v1/apps/{slug}/incoming", get(incoming::list))
        .route("/api/v1/apps/{slug}/incoming/{uid}", get(incoming::show))
        .route("/api/v1/apps/{slug}/incoming/{uid}/replay", post(incoming::replay))
        .route("/api/v1/hooks", post(hooks::create).get(hooks::list))
        .route("/api/v1/hooks/{id}", get(hooks::show).delete(hooks::remove))
        .route("/api/v1/hooks/{id}/pings", post(hooks::ping))
        .route("/api/v1/hooks/{id}/breaker/close", post(hooks::close_breaker))
        .route("/api/v1/hooks/{id}/deliveries", get(deliveries::list))
        .route("/api/v1/deliveries/{id}", get(deliveries::show))
        .route("/api/v1/deliveries/{id}/redeliver", post(deliveries::redeliver))
        .route("/api/v1/builds", post(builds::trigger).get(builds::list))
        .route("/api/v1/builds/claim", post(builds::claim))
        .route("/api/v1/builds/{slug}", get(builds::show))
        .route("/api/v1/builds/{slug}/start", post(builds::start))
        .route("/api/v1/builds/{slug}/log", post(builds::append).get(builds::read))
        .route("/api/v1/builds/{slug}/finish", post(builds::finish))
        .route("/api/v1/builds/{slug}/abort", post(builds::abort))
        .route("/api/v1/hub/topics", get(hub::topics))
        .route("/api/v1/hub/subscriptions", get(hub::subscriptions))
        .route("/api/v1/hub/subscriptions/{id}", patch(hub::update).delete(hub::remove))
        .route("/api/v1/hub/log", get(hub::log))
        .route("/api/v1/hub/content", post(hub::content))
        .route("/api/v1/doctor", get(operations::doctor))
        .route("/api/v1", any(nothing_here))
        .route("/api/v1/", any(nothing_here))
        .route("/api/v1/{*path}", any(nothing_here))
        .method_not_allowed_fallback(not_this_method)
        .with_state(Arc::new(Context { ports, settings }))
}

async fn nothing_here() -> Reject {
    Reject::not_found("there is nothing at this path")
}

async fn not_this_method() -> Reject {
    Reject::method_not_allowed()
}
