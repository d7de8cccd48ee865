//! `[websub]`: the open hub (contract websub; docs/websub.md).

use std::time::Duration;

use anyhow::ensure;
use dialects::{PublishPolicy, SignatureMethod, WebSubSettings};
use domain::hub::HubTerms;
use domain::ports::MaxPending;
use serde::{Deserialize, Serialize};

/// The hub and its pages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub(crate) struct WebSubConfig {
    /// Accept any topic that names this hub and itself, wherever it is.
    pub public: bool,
    /// Topics accepted whether or not they name this hub: URLs, or beginnings of URLs that end in `*`.
    pub topics: Vec<String>,
    /// `open`, `listed` or `token`: who may say that a topic changed.
    pub publish: PublishConfig,
    /// `sha1`, `sha256`, `sha384` or `sha512`: how deliveries are signed.
    pub signature: SignatureConfig,
    /// Seconds a subscription lasts whose subscriber does not say.
    pub default_lease: u64,
    /// Shorter leases become this, in seconds.
    pub min_lease: u64,
    /// Longer leases become this, in seconds.
    pub max_lease: u64,
    /// Subscriptions one topic may have.
    pub max_per_topic: usize,
    /// Subscriptions one callback host may have.
    pub max_per_host: usize,
    /// Unverified requests that may wait for one callback host.
    pub max_pending_per_host: usize,
    /// Unverified requests that may wait for one topic.
    pub max_pending_per_topic: usize,
    /// Requests one address may make in a minute.
    pub requests_per_minute: u32,
    /// Only https callbacks.
    pub https_callbacks: bool,
    /// Tell subscribers when they are denied.
    pub send_denials: bool,
    /// Forgive whitespace around an echoed challenge.
    pub trim_challenge: bool,
    /// Try callbacks again that answer 404, three times.
    pub retry_404: bool,
    /// Distribute only new and changed entries of feeds.
    pub feed_diff: bool,
    /// Where the hub has moved; every request is sent there.
    pub moved_to: Option<String>,
}

/// Who may say that a topic changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PublishConfig {
    /// Everybody.
    Open,
    /// Everybody, for topics in `topics`.
    Listed,
    /// Only with a token that may publish events.
    Token,
}

/// The HMAC's hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SignatureConfig {
    /// `sha1`
    Sha1,
    /// `sha256`
    Sha256,
    /// `sha384`
    Sha384,
    /// `sha512`
    Sha512,
}

impl Default for WebSubConfig {
    fn default() -> Self {
        let settings = WebSubSettings::default();
        let terms = settings.terms;
        Self {
            public: terms.public,
            topics: settings.topics,
            publish: PublishConfig::Open,
            signature: SignatureConfig::Sha256,
            default_lease: terms.default_lease.as_secs(),
            min_lease: terms.min_lease.as_secs(),
            max_lease: terms.max_lease.as_secs(),
            max_per_topic: terms.max_per_topic,
            max_per_host: terms.max_per_host,
            max_pending_per_host: terms.max_pending.per_host,
            max_pending_per_topic: terms.max_pending.per_topic,
            requests_per_minute: settings.requests_per_minute,
            https_callbacks: settings.https_callbacks,
            send_denials: terms.send_denials,
            trim_challenge: terms.trim_challenge,
            retry_404: settings.retry_404,
            feed_diff: terms.feed_diff,
            moved_to: settings.moved_to,
        }
    }
}

/// The longest lease that can be configured, in seconds (E-15).
const LONGEST_LEASE: u64 = 2_592_000;

impl WebSubConfig {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        let leases = self.min_lease > 0 && self.min_lease <= self.default_lease && self.default_lease <= self.max_lease;
        ensure!(leases, "websub.default_lease: must be between min_lease and max_lease");
        ensure!(self.max_lease <= LONGEST_LEASE, "websub.max_lease: must be at most {LONGEST_LEASE} seconds");
        for (name, number) in [
            ("max_per_topic", self.max_per_topic),
            ("max_per_host", self.max_per_host),
            ("max_pending_per_host", self.max_pending_per_host),
            ("max_pending_per_topic", self.max_pending_per_topic),
            ("requests_per_minute", self.requests_per_minute as usize),
        ] {
            ensure!(number > 0, "websub.{name}: must be at least 1");
        }
        for topic in &self.topics {
            let web = topic.starts_with("http://") || topic.starts_with("https://");
            ensure!(web, "websub.topics: {topic:?} does not begin with http:// or https://");
        }
        if let Some(url) = &self.moved_to {
            let web = url::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
            ensure!(web, "websub.moved_to: {url:?} is not an http or https URL");
        }
        Ok(())
    }

    /// What the hub is told.
    pub(crate) fn settings(&self) -> WebSubSettings {
        WebSubSettings {
            terms: HubTerms {
                default_lease: Duration::from_secs(self.default_lease),
                min_lease: Duration::from_secs(self.min_lease),
                max_lease: Duration::from_secs(self.max_lease),
                max_per_topic: self.max_per_topic,
                max_per_host: self.max_per_host,
                max_pending: MaxPending { per_host: self.max_pending_per_host, per_topic: self.max_pending_per_topic },
                public: self.public,
                send_denials: self.send_denials,
                trim_challenge: self.trim_challenge,
                feed_diff: self.feed_diff,
            },
            topics: self.topics.clone(),
            publish: match self.publish {
                PublishConfig::Open => PublishPolicy::Open,
                PublishConfig::Listed => PublishPolicy::Listed,
                PublishConfig::Token => PublishPolicy::Token,
            },
            signature: match self.signature {
                SignatureConfig::Sha1 => SignatureMethod::Sha1,
                SignatureConfig::Sha256 => SignatureMethod::Sha256,
                SignatureConfig::Sha384 => SignatureMethod::Sha384,
                SignatureConfig::Sha512 => SignatureMethod::Sha512,
            },
            https_callbacks: self.https_callbacks,
            retry_404: self.retry_404,
            requests_per_minute: self.requests_per_minute,
            moved_to: self.moved_to.clone(),
        }
    }
}
