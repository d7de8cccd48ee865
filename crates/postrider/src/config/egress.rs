//! `[egress]`: which receivers may be called (contract delivery-and-security section 5).

use std::net::IpAddr;

use domain::rules::target::{EgressPolicy, MixedDns};
use serde::{Deserialize, Serialize};

/// Which receivers may be called. Loopback, private and reserved addresses are refused unless allowed here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct EgressConfig {
    /// Exceptions: `CIDR[:port]`, `host:name[:port]`, `host:*.suffix[:port]`, `private`, `loopback` (E-9).
    pub allow: Vec<String>,
    /// What to do when a name resolves to allowed and refused addresses (E-3).
    pub mixed_dns: MixedDnsConfig,
    /// NAT64 prefixes whose embedded IPv4 address decides (E-5).
    pub nat64_prefixes: Vec<String>,
    /// Addresses of this machine that deliveries come from, in turn; unset, the system chooses. Published where the
    /// APIs tell receivers whom to let in.
    pub source_addresses: Vec<IpAddr>,
    /// Refuse hooks that switch certificate checks off (S-9).
    pub forbid_insecure_tls: bool,
}

/// See [`EgressConfig::mixed_dns`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MixedDnsConfig {
    /// Refuse the name.
    #[default]
    Refuse,
    /// Use the allowed addresses.
    Filter,
}

impl EgressConfig {
    /// The policy these settings describe, for a server that listens on `own_endpoints`. Errors name the key.
    pub(crate) fn policy(&self, own_endpoints: &[std::net::SocketAddr]) -> anyhow::Result<EgressPolicy> {
        let mut policy = EgressPolicy { own_endpoints: own_endpoints.to_vec(), ..EgressPolicy::default() };
        for text in &self.allow {
            let rule =
                EgressPolicy::parse_allow(text).map_err(|error| anyhow::anyhow!("egress.allow: {text:?}: {error}"))?;
            policy.allow.push(rule);
        }
        for text in &self.nat64_prefixes {
            let prefix = text.parse();
            policy
                .nat64_prefixes
                .push(prefix.map_err(|_| anyhow::anyhow!("egress.nat64_prefixes: {text:?} is not an IPv6 prefix"))?);
        }
        policy.mixed_dns = match self.mixed_dns {
            MixedDnsConfig::Refuse => MixedDns::Refuse,
            MixedDnsConfig::Filter => MixedDns::Filter,
        };
        Ok(policy)
    }

    pub(super) fn check(&self) -> anyhow::Result<()> {
        for address in &self.source_addresses {
            let usable = std::net::TcpListener::bind((*address, 0)).is_ok();
            anyhow::ensure!(usable, "egress.source_addresses: {address} is no address of this machine");
        }
        self.policy(&[]).map(drop)
    }
}
