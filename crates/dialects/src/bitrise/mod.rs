//! Bitrise: outgoing webhooks of apps, and the API that manages apps and builds (contract bitrise).

mod api;
mod dialect;
mod dry_run;
mod environment;
mod events;
mod payload;
mod register;
mod settings;
pub(crate) mod start;
pub(crate) mod trigger;
mod ulid;

use std::sync::Arc;

use axum::Router;
use domain::dialect::Dialect;
use domain::flow::Ports;

use crate::{ApiSettings, Surface};

pub use dialect::Bitrise;
pub use dry_run::{Startable, TriggerTest, test_triggers};
pub use environment::{BuildFolders, build_variables};
pub use settings::{BitriseSettings, CreateEnvelope};
pub use trigger::Report as TriggerReport;

/// `/v0.1`.
pub(crate) struct BitriseSurface(pub(crate) Arc<BitriseSettings>);

impl Surface for BitriseSurface {
    fn dialect(&self) -> Option<Arc<dyn Dialect>> {
        Some(Arc::new(Bitrise))
    }

    fn routes(&self, ports: Ports, settings: ApiSettings) -> Router {
        api::routes(ports, settings, self.0.clone())
    }

    /// The same: clients are written for the fixed name `api.bitrise.io`.
    fn api_host_routes(&self, ports: &Ports, settings: &ApiSettings) -> Option<Router> {
        Some(self.routes(ports.clone(), settings.clone()))
    }
}

/// Reads a `bitrise.yml` and gives its warnings, or all that is wrong with it, first things first.
pub(crate) fn check_config(text: &str) -> Result<Vec<String>, Vec<String>> {
    let told = |problems: &[trigger::Problem]| problems.iter().map(ToString::to_string).collect();
    match trigger::Config::parse(text) {
        Ok(config) => Ok(told(config.warnings())),
        Err(problems) => Err(told(&problems)),
    }
}
