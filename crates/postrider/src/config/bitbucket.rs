//! `[bitbucket_dc]` and `[bitbucket_cloud]`.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{bail, ensure};
use dialects::{BitbucketCloudSettings, BitbucketDataCenterSettings, PayloadDialect};
use domain::rules::breaker::BreakerSettings;
use serde::{Deserialize, Serialize};

use super::breaker::{OnOpenConfig, check_numbers};

/// The Data Center surface and its hooks (contract bitbucket-datacenter sections 1.1, 2 and 4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub(crate) struct BitbucketDcConfig {
    /// Show `********` instead of secrets.
    pub mask_secrets: bool,
    /// PUT changes what it names and keeps the rest.
    pub lenient_put: bool,
    /// Accept event keys that are documented, but that Data Center refuses.
    pub accept_documented_events: bool,
    /// Send `X-Attempt-Number`.
    pub attempt_header: bool,
    /// `epoch` or `iso`: how moments are written for hooks that do not say.
    pub payload_dialect: PayloadDialectConfig,
    /// `User-Agent` of deliveries.
    pub user_agent: Option<String>,
    /// `hold` or `skip`: what becomes of deliveries while a hook's breaker is open.
    pub on_open: OnOpenConfig,
    /// Limits of an exchange.
    pub timeout: TimeoutConfig,
    /// When the breaker opens, and for how long.
    pub backoff: BackoffConfig,
    /// Deliveries at once.
    pub in_flight: InFlightConfig,
    /// Data Center's own configuration properties; they win over the keys above.
    pub properties: BTreeMap<String, f64>,
}

impl Default for BitbucketDcConfig {
    fn default() -> Self {
        let settings = BitbucketDataCenterSettings::default();
        Self {
            mask_secrets: settings.mask_secrets,
            lenient_put: settings.lenient_put,
            accept_documented_events: settings.accept_documented_events,
            attempt_header: settings.attempt_header,
            payload_dialect: PayloadDialectConfig::Epoch,
            user_agent: None,
            on_open: OnOpenConfig::Hold,
            timeout: TimeoutConfig::default(),
            backoff: BackoffConfig::default(),
            in_flight: InFlightConfig::default(),
            properties: BTreeMap::new(),
        }
    }
}

/// See [`PayloadDialect`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PayloadDialectConfig {
    /// Milliseconds.
    Epoch,
    /// Text.
    Iso,
}

/// `[bitbucket_dc.timeout]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct TimeoutConfig {
    /// Seconds for a whole exchange, 1 to 30.
    pub read: u64,
}

impl Default for TimeoutConfig {
    fn default() -> Self {
        Self { read: 20 }
    }
}

/// `[bitbucket_dc.backoff]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BackoffConfig {
    /// Failures in a row that open the breaker.
    pub trigger_count: u32,
    /// Seconds of the first pause.
    pub initial: u64,
    /// Seconds of the longest pause.
    pub max: u64,
    /// By what each further failure multiplies the pause.
    pub exponent: f64,
}

impl Default for BackoffConfig {
    fn default() -> Self {
        Self { trigger_count: 5, initial: 10, max: 36_000, exponent: 1.2 }
    }
}

/// `[bitbucket_dc.in_flight]`
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct InFlightConfig {
    /// With `on_open = "skip"`: deliveries under way or waiting in memory; further ones are skipped.
    pub max: usize,
}

impl Default for InFlightConfig {
    fn default() -> Self {
        Self { max: 250 }
    }
}

impl BitbucketDcConfig {
    /// What Data Center's properties say, in our own keys. Refuses properties that it does not know.
    fn resolved(&self) -> anyhow::Result<Self> {
        let mut resolved = self.clone();
        for (name, value) in &self.properties {
            let key = format!("bitbucket_dc.properties.{name:?}");
            ensure!(value.is_finite() && *value >= 0.0, "{key}: must be a positive number");
            match name.as_str() {
                "plugin.webhooks.http.backoff.trigger.count" => resolved.backoff.trigger_count = whole(*value),
                "plugin.webhooks.http.backoff.interval.exponent" => resolved.backoff.exponent = *value,
                // Milliseconds, as all timeouts of these properties.
                "plugin.webhooks.socket.timeout" => resolved.timeout.read = u64::from(whole(*value).div_ceil(1_000)),
                // One connection pool serves all dialects, and no thread waits for a receiver: see `per_host`.
                "plugin.webhooks.http.connection.host.max" | "plugin.webhooks.io.threads" => {}
                _ => bail!("{key}: is not known here (docs/bitbucket.md lists those that are)"),
            }
        }
        Ok(resolved)
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        let resolved = self.resolved()?;
        ensure!((1..=30).contains(&resolved.timeout.read), "bitbucket_dc.timeout.read: must be 1 to 30 seconds");
        let BackoffConfig { trigger_count, initial, max, exponent } = resolved.backoff;
        check_numbers("bitbucket_dc.backoff", trigger_count, initial, max, exponent)?;
        ensure!(resolved.in_flight.max > 0, "bitbucket_dc.in_flight.max: must be at least 1");
        if let Some(agent) = &self.user_agent {
            let sendable = !agent.is_empty() && agent.bytes().all(|byte| (b' '..=b'~').contains(&byte));
            ensure!(sendable, "bitbucket_dc.user_agent: must be visible ASCII");
        }
        Ok(())
    }

    /// What the surface and its dialect are told.
    pub(crate) fn settings(&self) -> anyhow::Result<BitbucketDataCenterSettings> {
        let resolved = self.resolved()?;
        Ok(BitbucketDataCenterSettings {
            mask_secrets: resolved.mask_secrets,
            lenient_put: resolved.lenient_put,
            accept_documented_events: resolved.accept_documented_events,
            attempt_header: resolved.attempt_header,
            payload_dialect: match resolved.payload_dialect {
                PayloadDialectConfig::Epoch => PayloadDialect::Epoch,
                PayloadDialectConfig::Iso => PayloadDialect::Iso,
            },
            user_agent: resolved.user_agent,
            timeout: Duration::from_secs(resolved.timeout.read),
        })
    }

    /// The breaker of its hooks. Its pauses have no jitter, as Data Center's have none.
    pub(crate) fn breaker(&self) -> anyhow::Result<BreakerSettings> {
        let resolved = self.resolved()?;
        Ok(BreakerSettings {
            trigger: resolved.backoff.trigger_count,
            initial: Duration::from_secs(resolved.backoff.initial),
            max: Duration::from_secs(resolved.backoff.max),
            exponent: resolved.backoff.exponent,
            on_open: resolved.on_open.into(),
            jitter: (1.0, 1.0),
            in_flight_max: resolved.in_flight.max,
        })
    }

    /// Exchanges at once with one host that Data Center's property asks for.
    pub(crate) fn per_host(&self) -> Option<usize> {
        let asked = self.properties.get("plugin.webhooks.http.connection.host.max")?;
        usize::try_from(whole(*asked).max(1)).ok()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be finite and positive; capped"
)]
fn whole(value: f64) -> u32 {
    value.clamp(0.0, f64::from(u32::MAX)) as u32
}

/// The Cloud surface and its hooks (contract bitbucket-cloud sections 1.2 and 2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BitbucketCloudConfig {
    /// Hooks one repository may have.
    pub max_hooks_per_repository: usize,
    /// Hooks one workspace may have.
    pub max_hooks_per_workspace: usize,
    /// Skip payloads over 256 KB, as Cloud does, instead of delivering them.
    pub strict_payload_limit: bool,
    /// Write `X-Hook-UUID` with braces.
    pub braces_in_hook_uuid: bool,
}

impl Default for BitbucketCloudConfig {
    fn default() -> Self {
        let settings = BitbucketCloudSettings::default();
        Self {
            max_hooks_per_repository: settings.max_hooks_per_repository,
            max_hooks_per_workspace: settings.max_hooks_per_workspace,
            strict_payload_limit: settings.strict_payload_limit,
            braces_in_hook_uuid: settings.braces_in_hook_uuid,
        }
    }
}

impl BitbucketCloudConfig {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let (repository, workspace) = (self.max_hooks_per_repository, self.max_hooks_per_workspace);
        ensure!(repository > 0, "bitbucket_cloud.max_hooks_per_repository: must be at least 1");
        ensure!(workspace > 0, "bitbucket_cloud.max_hooks_per_workspace: must be at least 1");
        Ok(())
    }

    /// What the surface and its dialect are told.
    pub(crate) fn settings(&self) -> BitbucketCloudSettings {
        BitbucketCloudSettings {
            max_hooks_per_repository: self.max_hooks_per_repository,
            max_hooks_per_workspace: self.max_hooks_per_workspace,
            strict_payload_limit: self.strict_payload_limit,
            braces_in_hook_uuid: self.braces_in_hook_uuid,
        }
    }
}
