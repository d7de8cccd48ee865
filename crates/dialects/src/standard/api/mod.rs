//! The HTTP API (docs/api.md).

use axum::Router;
use domain::flow::Ports;

use crate::ApiSettings;

/// All routes.
pub(crate) fn routes(_ports: Ports, _settings: ApiSettings) -> Router {
    Router::new()
}
