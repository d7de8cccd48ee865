//! GitHub: repository and organization webhooks (contract github).

mod api;
mod dialect;
mod events;
mod links;
mod passthrough;
mod payload;
mod shapes;

use std::sync::Arc;

use axum::Router;
use domain::dialect::Dialect;
use domain::flow::Ports;

use crate::{ApiSettings, Surface};

pub use dialect::GitHub;

/// `/api/v3` and its aliases.
pub(crate) struct GitHubSurface;

impl Surface for GitHubSurface {
    fn dialect(&self) -> Option<Arc<dyn Dialect>> {
        Some(Arc::new(GitHub::default()))
    }

    fn routes(&self, ports: Ports, settings: ApiSettings) -> Router {
        api::routes(ports, settings)
    }

    fn api_host_routes(&self, ports: &Ports, settings: &ApiSettings) -> Option<Router> {
        Some(api::root_routes(ports.clone(), settings.clone()))
    }
}
