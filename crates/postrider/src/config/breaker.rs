//! `[delivery.breaker]`.

use std::time::Duration;

use anyhow::ensure;
use domain::rules::breaker::{BreakerSettings, OnOpen};
use serde::{Deserialize, Serialize};

/// When the circuit breaker of a hook opens, and for how long (contract delivery-and-security D-20).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BreakerConfig {
    /// Failures in a row that open it.
    pub trigger_count: u32,
    /// Seconds of the first pause.
    pub initial: u64,
    /// Seconds of the longest pause.
    pub max: u64,
    /// By what each further failure multiplies the pause.
    pub exponent: f64,
    /// `hold` or `skip`: what becomes of deliveries meanwhile.
    pub on_open: OnOpenConfig,
}

impl Default for BreakerConfig {
    fn default() -> Self {
        let settings = BreakerSettings::default();
        Self {
            trigger_count: settings.trigger,
            initial: settings.initial.as_secs(),
            max: settings.max.as_secs(),
            exponent: settings.exponent,
            on_open: OnOpenConfig::Hold,
        }
    }
}

/// See [`OnOpen`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnOpenConfig {
    /// They wait in the database.
    Hold,
    /// They end as skipped, and can be redelivered.
    Skip,
}

impl From<OnOpenConfig> for OnOpen {
    fn from(config: OnOpenConfig) -> Self {
        match config {
            OnOpenConfig::Hold => Self::Hold,
            OnOpenConfig::Skip => Self::Skip,
        }
    }
}

impl BreakerConfig {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        check_numbers("delivery.breaker", self.trigger_count, self.initial, self.max, self.exponent)
    }

    /// The settings it stands for.
    pub(crate) fn settings(&self) -> BreakerSettings {
        BreakerSettings {
            trigger: self.trigger_count,
            initial: Duration::from_secs(self.initial),
            max: Duration::from_secs(self.max),
            exponent: self.exponent,
            on_open: self.on_open.into(),
            ..BreakerSettings::default()
        }
    }
}

/// Refuses numbers that make no sense; `section` is where they stand.
pub(super) fn check_numbers(section: &str, trigger: u32, initial: u64, max: u64, exponent: f64) -> anyhow::Result<()> {
    ensure!(trigger > 0, "{section}.trigger_count: must be at least 1");
    ensure!(initial > 0, "{section}.initial: must be at least 1 second");
    ensure!(max >= initial, "{section}.max: must be at least {section}.initial");
    ensure!(exponent.is_finite() && exponent >= 1.0, "{section}.exponent: must be at least 1");
    Ok(())
}
