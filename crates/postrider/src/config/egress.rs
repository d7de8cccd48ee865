//! `[egress]`: which receivers may be called (contract delivery-and-security section 5).

use anyhow::ensure;
use serde::{Deserialize, Serialize};

/// Which receivers may be called. Loopback, private and reserved addresses are refused unless allowed here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EgressConfig {
    /// Exceptions: `CIDR[:port]`, `host:name[:port]`, `host:*.suffix[:port]`, `private`, `loopback` (E-9).
    pub allow: Vec<String>,
    /// What to do when a name resolves to allowed and refused addresses (E-3).
    pub mixed_dns: MixedDnsConfig,
    /// NAT64 prefixes whose embedded IPv4 address decides (E-5).
    pub nat64_prefixes: Vec<String>,
    /// Refuse hooks that switch certificate checks off (S-9).
    pub forbid_insecure_tls: bool,
}

/// See [`EgressConfig::mixed_dns`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MixedDnsConfig {
    /// Refuse the name.
    #[default]
    Refuse,
    /// Use the allowed addresses.
    Filter,
}
