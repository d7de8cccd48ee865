//! The HTTP API (contract bitbucket-cloud section 1).

use std::sync::Arc;

use axum::Router;
use domain::flow::Ports;

use super::settings::BitbucketCloudSettings;
use crate::ApiSettings;

/// All routes.
pub(super) fn routes(_ports: Ports, _settings: ApiSettings, _own: Arc<BitbucketCloudSettings>) -> Router {
    Router::new()
}
