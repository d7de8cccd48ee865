//! Postrider's own API under `/api/v1`: publish, registry, operations. Later it grows into Standard Webhooks.

mod api;

use std::sync::Arc;

use axum::Router;
use domain::dialect::Dialect;
use domain::flow::Ports;

use crate::{ApiSettings, Surface};

/// `/api/v1`.
pub(crate) struct StandardSurface;

impl Surface for StandardSurface {
    fn dialect(&self) -> Option<Arc<dyn Dialect>> {
        None
    }

    fn routes(&self, ports: Ports, settings: ApiSettings) -> Router {
        api::routes(ports, settings)
    }
}
