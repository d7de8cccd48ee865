//! Bitbucket Cloud: repository and workspace webhooks (contract bitbucket-cloud).

mod api;
mod dialect;
mod events;
mod links;
mod payload;
mod settings;

use std::sync::Arc;

use axum::Router;
use domain::dialect::Dialect;
use domain::flow::Ports;

use crate::{ApiSettings, Surface};

pub use dialect::BitbucketCloud;
pub use settings::BitbucketCloudSettings;

/// `/2.0`.
pub(crate) struct BitbucketCloudSurface(pub(crate) Arc<BitbucketCloudSettings>);

impl Surface for BitbucketCloudSurface {
    fn dialect(&self) -> Option<Arc<dyn Dialect>> {
        Some(Arc::new(BitbucketCloud::new(self.0.clone())))
    }

    fn routes(&self, ports: Ports, settings: ApiSettings) -> Router {
        api::routes(ports, settings, self.0.clone())
    }

    /// The same: some clients can only be pointed here by a name for their fixed `api.bitbucket.org`.
    fn api_host_routes(&self, ports: &Ports, settings: &ApiSettings) -> Option<Router> {
        Some(self.routes(ports.clone(), settings.clone()))
    }
}
