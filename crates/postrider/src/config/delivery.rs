//! `[delivery]`.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::ensure;
use domain::rules::backoff::Schedule;
use serde::{Deserialize, Serialize};

use super::breaker::BreakerConfig;

/// How deliveries are made (contract delivery-and-security D-18, D-19, D-22, D-23).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DeliveryConfig {
    /// Seconds for a whole exchange with a receiver, 1 to 30; a hook may have its own.
    pub timeout: u64,
    /// `postrider`, `standard`, `vendor`, `none`, or a list of seconds; a hook may have its own.
    pub retries: RetriesConfig,
    /// The same for single dialects.
    pub retries_by_dialect: BTreeMap<String, RetriesConfig>,
    /// Days after which an open delivery expires.
    pub max_age_days: u64,
    /// Exchanges under way at once, all hooks together.
    pub in_flight: usize,
    /// Exchanges under way at once for one hook.
    pub per_hook: usize,
    /// Exchanges under way at once with one destination host.
    pub per_host: usize,
    /// MiB of event payloads waiting in memory; the rest waits in the database.
    pub memory_mib: usize,
    /// The circuit breaker of each hook.
    pub breaker: BreakerConfig,
}

impl Default for DeliveryConfig {
    fn default() -> Self {
        Self {
            timeout: 10,
            retries: RetriesConfig::Name(Preset::Postrider),
            retries_by_dialect: BTreeMap::new(),
            max_age_days: 7,
            in_flight: 250,
            per_hook: 8,
            per_host: 64,
            memory_mib: 32,
            breaker: BreakerConfig::default(),
        }
    }
}

impl DeliveryConfig {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!((1..=30).contains(&self.timeout), "delivery.timeout: must be 1 to 30 seconds");
        ensure!(self.max_age_days > 0, "delivery.max_age_days: must be at least 1");
        ensure!(self.in_flight > 0, "delivery.in_flight: must be at least 1");
        ensure!(self.per_hook > 0, "delivery.per_hook: must be at least 1");
        ensure!(self.per_host > 0, "delivery.per_host: must be at least 1");
        ensure!(self.memory_mib > 0, "delivery.memory_mib: must be at least 1");
        self.breaker.check()
    }

    /// See `max_age_days`.
    pub(crate) fn max_age(&self) -> Duration {
        Duration::from_secs(self.max_age_days * 86_400)
    }
}

/// The presets of D-18.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Preset {
    /// Ten retries over two days.
    Postrider,
    /// The table of Standard Webhooks.
    Standard,
    /// What the vendor itself does.
    Vendor,
    /// One attempt.
    None,
}

/// A retry schedule as it is written in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "retries: expected postrider, standard, vendor, none or a list of seconds")]
pub(crate) enum RetriesConfig {
    /// A preset.
    Name(Preset),
    /// Seconds before each retry.
    Delays(Vec<u32>),
}

impl RetriesConfig {
    /// The schedule it stands for.
    pub(crate) fn schedule(&self) -> Schedule {
        match self {
            Self::Name(Preset::Postrider) => Schedule::Postrider,
            Self::Name(Preset::Standard) => Schedule::Standard,
            Self::Name(Preset::Vendor) => Schedule::Vendor,
            Self::Name(Preset::None) => Schedule::None,
            Self::Delays(delays) => Schedule::Custom(delays.clone()),
        }
    }
}
