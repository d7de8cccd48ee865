//! GitHub: repository and organization webhooks (contract github).

mod api;
mod dialect;
mod events;
mod inspect;
mod links;
mod oauth;
mod passthrough;
mod payload;

use std::sync::Arc;

use axum::Router;
use domain::dialect::Dialect;
use domain::flow::Ports;

use crate::{ApiSettings, Surface};

pub use dialect::GitHub;

/// `/api/v3` and its aliases.
#[derive(Default)]
pub(crate) struct GitHubSurface {
    /// One count of requests, whichever mount they come to.
    meters: Arc<api::Meters>,
}

impl Surface for GitHubSurface {
    fn dialect(&self) -> Option<Arc<dyn Dialect>> {
        Some(Arc::new(GitHub::default()))
    }

    fn routes(&self, ports: Ports, settings: ApiSettings) -> Router {
        let pages = oauth::routes(ports.clone(), settings.clone());
        api::routes(ports, settings, self.meters.clone()).merge(pages)
    }

    fn api_host_routes(&self, ports: &Ports, settings: &ApiSettings) -> Option<Router> {
        Some(api::root_routes(ports.clone(), settings.clone(), self.meters.clone()))
    }
}
