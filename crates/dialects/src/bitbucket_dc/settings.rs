//! What can be set about this dialect; the defaults are the contract's.

use std::time::Duration;

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
    /// `User-Agent` of deliveries; visible ASCII and blanks.
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
            user_agent: None,
            timeout: Duration::from_secs(20),
        }
    }
}
