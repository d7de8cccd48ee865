//! What every handler of this surface shares.

use std::sync::Arc;

use axum::http::{HeaderMap, Uri};
use domain::flow::Ports;
use domain::time::Timestamp;

use crate::ApiSettings;
use crate::bitbucket_cloud::links::Links;
use crate::bitbucket_cloud::settings::BitbucketCloudSettings;
use crate::http::base_for;

/// The state of the API.
#[derive(Debug)]
pub(super) struct App {
    /// The ports.
    pub(super) ports: Ports,
    /// Settings that all surfaces have.
    pub(super) settings: ApiSettings,
    /// Settings of this surface.
    pub(super) own: Arc<BitbucketCloudSettings>,
    /// Since when the settings are what they are.
    pub(super) since: Timestamp,
}

impl App {
    /// The state from now on.
    pub(super) fn new(ports: Ports, settings: ApiSettings, own: Arc<BitbucketCloudSettings>) -> Self {
        let since = ports.clock.now();
        Self { ports, settings, own, since }
    }

    /// The URLs to give to this caller: on the public base, else on the one it called.
    pub(super) fn links(&self, headers: &HeaderMap, uri: &Uri) -> Links {
        Links::below(&base_for(headers, uri, &self.settings, &self.ports))
    }
}
