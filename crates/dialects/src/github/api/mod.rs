//! The REST API (contract github sections 0 to 2).

use axum::Router;
use domain::flow::Ports;

use crate::ApiSettings;

/// All routes, under `/api/v3`.
pub(crate) fn routes(_ports: Ports, _settings: ApiSettings) -> Router {
    Router::new()
}

/// The same routes without a prefix, for requests whose `Host` is `api.*`.
pub(crate) fn root_routes(_ports: Ports, _settings: ApiSettings) -> Router {
    Router::new()
}
