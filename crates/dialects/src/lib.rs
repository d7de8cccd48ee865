//! Wire formats, and the HTTP APIs that speak them.
//!
//! One folder per dialect with the same file names in each; what no vendor owns lives in [`http`] and in the files beside
//! it. A handler extracts, calls one `domain::flow` verb and maps the answer; it knows neither SQL nor the engine.

mod announce;
mod apps;
mod aside;
mod bitbucket_cloud;
mod bitbucket_dc;
mod bitrise;
mod git_hosts;
mod github;
mod hmac;
pub mod http;
mod incoming;
mod json;
mod members;
mod standard;
#[cfg(test)]
mod testing;
mod unregistered;
mod websub;

use std::sync::Arc;

use axum::Router;
use domain::dialect::Dialect;
use domain::flow::Ports;

pub use bitbucket_cloud::{BitbucketCloud, BitbucketCloudSettings};
pub use bitbucket_dc::{BitbucketDataCenter, BitbucketDataCenterSettings, PayloadDialect};
pub use bitrise::{Bitrise, BitriseSettings, BuildFolders, CreateEnvelope, build_variables};
pub use bitrise::{Startable, TriggerReport, TriggerTest, test_triggers};
pub use git_hosts::{GitHosts, MAX_GIT_HOST_TIMEOUT};
pub use github::GitHub;
pub use http::{ApiSettings, UrlPolicy};
pub use websub::{PublishPolicy, SignatureMethod, WebSub, WebSubSettings};

/// An HTTP surface, and the dialect of the hooks made on it.
pub trait Surface: Send + Sync {
    /// The wire format of this surface's hooks; none for a surface that has no hooks of its own.
    fn dialect(&self) -> Option<Arc<dyn Dialect>>;

    /// All routes, with their full paths.
    fn routes(&self, ports: Ports, settings: ApiSettings) -> Router;

    /// Routes to serve instead of all others when the request's `Host` starts with `api.`; most surfaces have none.
    fn api_host_routes(&self, ports: &Ports, settings: &ApiSettings) -> Option<Router> {
        let _ = (ports, settings);
        None
    }
}

/// Settings of single surfaces.
#[derive(Clone, Debug, Default)]
pub struct SurfaceSettings {
    /// Of Bitbucket Cloud.
    pub bitbucket_cloud: BitbucketCloudSettings,
    /// Of Bitbucket Data Center.
    pub bitbucket_dc: BitbucketDataCenterSettings,
    /// Of Bitrise.
    pub bitrise: BitriseSettings,
    /// Of the WebSub hub.
    pub websub: WebSubSettings,
}

/// All surfaces. A sixth dialect is a new folder and one line here.
pub fn surfaces(settings: &SurfaceSettings) -> Vec<Box<dyn Surface>> {
    vec![
        Box::new(github::GitHubSurface::default()),
        Box::new(bitbucket_cloud::BitbucketCloudSurface(Arc::new(settings.bitbucket_cloud.clone()))),
        Box::new(bitbucket_dc::BitbucketDataCenterSurface(Arc::new(settings.bitbucket_dc.clone()))),
        Box::new(bitrise::BitriseSurface(Arc::new(settings.bitrise.clone()))),
        Box::new(incoming::IncomingSurface),
        Box::new(websub::WebSubSurface(Arc::new(settings.websub.clone()))),
        Box::new(standard::StandardSurface),
    ]
}
