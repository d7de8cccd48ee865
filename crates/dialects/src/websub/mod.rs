//! WebSub: streams of events as topics, and the hub that distributes them (contract websub).

#[cfg_attr(not(test), expect(dead_code, reason = "the hub will ask"))]
mod diff;
#[cfg_attr(not(test), expect(dead_code, reason = "the hub will ask"))]
mod discovery;
mod feed;
mod hosted;
mod media;
mod negotiate;
mod pages;
mod render;

use std::sync::Arc;

use axum::Router;
use domain::dialect::Dialect;
use domain::flow::Ports;

use crate::{ApiSettings, Surface};

/// `/{owner}/{repo}/events/{event}`.
pub(crate) struct WebSubSurface;

impl Surface for WebSubSurface {
    fn dialect(&self) -> Option<Arc<dyn Dialect>> {
        None
    }

    fn routes(&self, ports: Ports, _: ApiSettings) -> Router {
        pages::routes(ports)
    }
}
