//! Requests of git hosts and others that ask for builds (contract bitrise sections 6 and 7).
//!
//! ```text
//! POST /h/{provider}/{app}/{token} ─► verify ─► provider.read ─► skip ─► triggers ─► stored ─► answer
//!   door.rs                   desk.rs  verify.rs  providers/*.rs   skip.rs  bitrise    flow      answer/
//! ```

mod answer;
mod desk;
mod door;
mod mask;
mod plan;
mod privacy;
mod provider;
mod providers;
mod reading;
mod relay;
mod request;
mod skip;
#[cfg(test)]
mod tests;
mod verify;

use std::sync::Arc;

use axum::Router;
use domain::dialect::Dialect;
use domain::flow::Ports;

use crate::{ApiSettings, Surface};

pub(crate) use desk::Desk;
pub(crate) use provider::HookProvider;

/// `/h`, and a word about this server at `/`.
pub(crate) struct IncomingSurface;

impl Surface for IncomingSurface {
    fn dialect(&self) -> Option<Arc<dyn Dialect>> {
        None
    }

    fn routes(&self, ports: Ports, settings: ApiSettings) -> Router {
        door::routes(Desk::new(ports, settings.git_hosts))
    }
}
