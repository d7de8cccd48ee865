//! Bitbucket Data Center: repository and project webhooks (contract bitbucket-datacenter).

mod api;
mod dialect;
mod events;
mod links;
mod payload;
mod settings;
mod variables;

use std::sync::Arc;

use axum::Router;
use domain::dialect::Dialect;
use domain::flow::Ports;

use crate::{ApiSettings, Surface};

pub use dialect::BitbucketDataCenter;
pub use settings::{BitbucketDataCenterSettings, PayloadDialect};

/// `/rest/api/1.0` and `/rest/api/latest`.
pub(crate) struct BitbucketDataCenterSurface(pub(crate) Arc<BitbucketDataCenterSettings>);

impl Surface for BitbucketDataCenterSurface {
    fn dialect(&self) -> Option<Arc<dyn Dialect>> {
        Some(Arc::new(BitbucketDataCenter::new(self.0.clone())))
    }

    fn routes(&self, ports: Ports, settings: ApiSettings) -> Router {
        api::routes(ports, settings, self.0.clone())
    }
}
