//! What every handler of this surface shares.

use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderMap, Uri};
use domain::flow::Ports;
use domain::hook::HookScope;
use domain::id::{AccountId, HookId};

use crate::ApiSettings;
use crate::bitbucket_dc::dialect::BitbucketDataCenter;
use crate::bitbucket_dc::links::Links;
use crate::bitbucket_dc::settings::BitbucketDataCenterSettings;
use crate::http::{Meter, base_for};

/// The state of the API.
#[derive(Debug)]
pub(super) struct App {
    /// The ports.
    pub(super) ports: Ports,
    /// The settings of all surfaces.
    pub(super) settings: ApiSettings,
    /// The settings of this one.
    pub(super) own: Arc<BitbucketDataCenterSettings>,
    /// The wire format.
    pub(super) dialect: BitbucketDataCenter,
    /// Test requests, by minute (E-12).
    pub(super) probes: Meter<Probed>,
}

/// What test requests are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Probed {
    /// A stored hook.
    Hook(HookId),
    /// A URL that is not saved: the place and the person.
    Draft(HookScope, AccountId),
}

impl App {
    /// A fresh one.
    pub(super) fn new(ports: Ports, settings: ApiSettings, own: Arc<BitbucketDataCenterSettings>) -> Self {
        let dialect = BitbucketDataCenter::new(own.clone());
        Self { ports, settings, own, dialect, probes: Meter::new(Duration::from_secs(60)) }
    }

    /// The URLs to give to this caller: below the configured base, or else below the one it called.
    pub(super) fn links(&self, headers: &HeaderMap, uri: &Uri) -> Links {
        Links::below(&base_for(headers, uri, &self.settings, &self.ports))
    }
}
