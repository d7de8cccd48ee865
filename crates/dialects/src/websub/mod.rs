//! WebSub: streams of events as topics, and the hub that distributes them (contract websub).

mod api;
mod dialect;
mod diff;
mod discovery;
mod feed;
mod hosted;
mod hub;
mod media;
mod negotiate;
mod pages;
mod render;
mod settings;
mod sign;

use std::sync::Arc;

use axum::Router;
use domain::dialect::Dialect;
use domain::flow::Ports;

use crate::{ApiSettings, Surface};

pub use dialect::WebSub;
pub use settings::{PublishPolicy, WebSubSettings};
pub use sign::Method as SignatureMethod;

/// `/websub` and `/{owner}/{repo}/events/{event}`.
pub(crate) struct WebSubSurface(pub(crate) Arc<WebSubSettings>);

impl Surface for WebSubSurface {
    fn dialect(&self) -> Option<Arc<dyn Dialect>> {
        Some(Arc::new(WebSub::new(self.0.clone())))
    }

    fn routes(&self, ports: Ports, settings: ApiSettings) -> Router {
        pages::routes(ports.clone()).merge(api::routes(ports, settings, self.0.clone()))
    }
}
