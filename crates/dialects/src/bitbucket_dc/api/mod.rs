//! The HTTP API (contract bitbucket-datacenter section 1).

use std::sync::Arc;

use axum::Router;
use domain::flow::Ports;

use super::settings::BitbucketDataCenterSettings;
use crate::ApiSettings;

/// All routes.
pub(super) fn routes(_ports: Ports, _settings: ApiSettings, _own: Arc<BitbucketDataCenterSettings>) -> Router {
    Router::new()
}
