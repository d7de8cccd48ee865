//! What can be set about this dialect; the defaults are the contract's.

use std::time::Duration;

/// How moments are written in payloads (section 3.2); chosen per hook, under the configuration key
/// [`KEY`](Self::KEY).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PayloadDialect {
    /// Milliseconds, as up to release 10.2; what older receivers need.
    #[default]
    Epoch,
    /// Text, as from release 10.3 on.
    Iso,
}

impl PayloadDialect {
    /// The key in a hook's `configuration`.
    pub const KEY: &str = "payload_dialect";

    /// The one of that name: `epoch` or `iso`.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "epoch" => Some(Self::Epoch),
            "iso" => Some(Self::Iso),
            _ => None,
        }
    }
}

/// Settings of the Data Center surface and dialect.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches, each off or on in the configuration file")]
pub struct BitbucketDataCenterSettings {
    /// Show `********` instead of secrets. Off by default: published clients compare what they read (section 1.1).
    pub mask_secrets: bool,
    /// PUT changes what it names and keeps the rest, instead of replacing everything (section 1.1).
    pub lenient_put: bool,
    /// Accept event keys that are documented but that the product refuses (section 3).
    pub accept_documented_events: bool,
    /// Send `X-Attempt-Number`, as Cloud does (section 9).
    pub attempt_header: bool,
    /// How moments are written for hooks that do not say.
    pub payload_dialect: PayloadDialect,
    /// `User-Agent` of deliveries, in visible ASCII and blanks; anything else is not sent.
    pub user_agent: Option<String>,
    /// Whole-exchange limit of a delivery (section 2).
    pub timeout: Duration,
}

impl Default for BitbucketDataCenterSettings {
    fn default() -> Self {
        Self {
            mask_secrets: false,
            lenient_put: false,
            accept_documented_events: true,
            attempt_header: false,
            payload_dialect: PayloadDialect::Epoch,
            user_agent: None,
            timeout: Duration::from_secs(20),
        }
    }
}
