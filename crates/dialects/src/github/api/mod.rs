//! The REST API (contract github sections 0 to 2).

use axum::Router;
use domain::flow::Ports;

use crate::ApiSettings;

/// All routes, under `/api/v3` and at the root.
pub(crate) fn routes(_ports: Ports, _settings: ApiSettings) -> Router {
    Router::new()
}
