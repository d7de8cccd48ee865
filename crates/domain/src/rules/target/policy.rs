//! The egress policy: tables, names, ports, and what the operator permits beyond them (E-4 to E-9).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::Ipv6Net;

use super::address::{Range, embedded_ipv4, refused_range};
use super::allow::{AllowError, AllowRule};
use super::url::{TargetHost, TargetUrl};

/// Which targets may be called. The default permits the public internet and nothing else.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EgressPolicy {
    /// What the operator permits although the tables refuse it.
    pub allow: Vec<AllowRule>,
    /// What to do with a name that resolves to good and bad addresses.
    pub mixed_dns: MixedDns,
    /// Prefixes under which IPv6 addresses carry IPv4 addresses; those are classified instead (E-5).
    pub nat64_prefixes: Vec<Ipv6Net>,
    /// Addresses of our own interfaces (E-6); loopback needs no mention.
    pub own_addresses: Vec<IpAddr>,
    /// What we listen on, and the services we use: database, metrics, tracing (E-6). An unspecified address stands for
    /// every address of this machine.
    pub own_endpoints: Vec<SocketAddr>,
}

/// What to do with a name that resolves to good and bad addresses (E-3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MixedDns {
    /// Refuse the target.
    #[default]
    Refuse,
    /// Use the good ones.
    Filter,
}

/// Why a target may not be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a URL by E-2.
    #[error("the URL is not valid")]
    Url,
    /// A name that is internal by convention (E-7).
    #[error("the name is internal (localhost, .local, .internal, or a single label)")]
    Name,
    /// The port is not for web servers (E-8).
    #[error("the port is refused")]
    Port,
    /// Not a public address (E-4, E-5).
    #[error("the address is not public ({}: {})", .0.net, .0.purpose)]
    Address(Range),
    /// A cloud's metadata service (E-6).
    #[error("the address belongs to a metadata service")]
    Metadata,
    /// This machine itself (E-6).
    #[error("the address is this machine's own")]
    Own,
    /// Our own listener or a service we use (E-6).
    #[error("the target is this server's own endpoint")]
    OwnEndpoint,
}

impl Refusal {
    /// Every reason's name, as in metrics.
    pub const NAMES: [&'static str; 7] = ["url", "name", "port", "address", "metadata", "own", "own_endpoint"];

    /// The name in metrics. Says nothing about the address.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Name => "name",
            Self::Port => "port",
            Self::Address(_) => "address",
            Self::Metadata => "metadata",
            Self::Own => "own",
            Self::OwnEndpoint => "own_endpoint",
        }
    }
}

/// Refused even inside a permitted range, unless named literally (E-6).
const METADATA: [IpAddr; 6] = [
    IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)),
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 0, 192)),
    IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x0254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0x00ce, 0, 0, 0, 0, 0, 0x0254)),
];

/// Ports above 1023 that are refused: the Fetch standard's bad ports, then databases and the like (E-8).
const BAD_PORTS: [u16; 22] = [
    1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6679, 6697, 10080, 2375, 2379, 3306, 5432, 6379,
    9200, 11211, 27017,
];
/// The rest of both lists.
const BAD_PORT_RANGES: [(u16, u16); 2] = [(6665, 6669), (10250, 10250)];

/// Is this port open to every target (E-8)?
fn is_web_port(port: u16) -> bool {
    let bad = BAD_PORTS.contains(&port) || BAD_PORT_RANGES.iter().any(|(first, last)| (*first..=*last).contains(&port));
    matches!(port, 80 | 443 | 1024..) && !bad
}

/// Is this name internal by convention (E-7)?
fn is_internal_name(name: &str) -> bool {
    let below = |suffix: &str| name == suffix || name.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.'));
    !name.contains('.') || below("localhost") || below("local") || below("internal")
}

impl EgressPolicy {
    /// Reads one entry of `egress.allow` (E-9).
    pub fn parse_allow(text: &str) -> Result<AllowRule, AllowError> {
        text.parse()
    }

    /// What can be said about a URL before its name is resolved: when a hook is saved, tested, and before each
    /// connection.
    pub fn check_url(&self, url: &TargetUrl) -> Result<(), Refusal> {
        let target = url.target().map_err(|_| Refusal::Url)?;
        self.check_host(&target.host, target.port)
    }

    /// As [`check_url`](Self::check_url), from the parts.
    pub fn check_host(&self, host: &TargetHost, port: u16) -> Result<(), Refusal> {
        match host {
            TargetHost::Address(address) => self.check_address(*address, port, None),
            TargetHost::Name(name) => {
                let allowed = |rule: &AllowRule| rule.permits_port(port) && rule.covers_name(name);
                if is_internal_name(name) && !self.allow.iter().any(allowed) {
                    return Err(Refusal::Name);
                }
                // An address rule may name the port as well; whether it applies shows when the name is resolved.
                let named = |rule: &AllowRule| rule.port == Some(port);
                if is_web_port(port) || self.allow.iter().any(named) { Ok(()) } else { Err(Refusal::Port) }
            }
        }
    }

    /// Judges one address that a connection would go to; `name` is the host name it was resolved from.
    pub fn check_address(&self, address: IpAddr, port: u16, name: Option<&str>) -> Result<(), Refusal> {
        let address = self.real_address(address);
        self.check_ours(address, port)?;
        let mut covering =
            self.allow.iter().filter(|rule| rule.permits_port(port) && rule.covers_address(address, name));
        let allowed = covering.clone().next().is_some();
        if let Some(range) = refused_range(address)
            && !allowed
        {
            return Err(Refusal::Address(range));
        }
        if is_web_port(port) || covering.any(|rule| rule.port == Some(port)) { Ok(()) } else { Err(Refusal::Port) }
    }

    /// E-6: metadata services and ourselves. Only an entry for exactly this address permits them; for an endpoint of
    /// ours it must name the port as well.
    fn check_ours(&self, address: IpAddr, port: u16) -> Result<(), Refusal> {
        let mut literal = self.allow.iter().filter(|rule| rule.permits_port(port) && rule.is_literally(address));
        if literal.clone().any(|rule| rule.port.is_some()) {
            return Ok(());
        }
        let listed = literal.next().is_some();
        if !listed && METADATA.contains(&address) {
            return Err(Refusal::Metadata);
        }
        let own = self.own_addresses.contains(&address);
        let is_endpoint = |endpoint: &SocketAddr| {
            let here = address.is_loopback() || address.is_unspecified() || own;
            let same = endpoint.ip().to_canonical() == address || (endpoint.ip().is_unspecified() && here);
            endpoint.port() == port && same
        };
        if self.own_endpoints.iter().any(is_endpoint) {
            return Err(Refusal::OwnEndpoint);
        }
        if !listed && own && !address.is_loopback() {
            return Err(Refusal::Own);
        }
        Ok(())
    }

    /// The address traffic would end at: the IPv4 address inside mapped and NAT64 addresses.
    fn real_address(&self, address: IpAddr) -> IpAddr {
        match address.to_canonical() {
            IpAddr::V6(v6) => self
                .nat64_prefixes
                .iter()
                .find_map(|prefix| embedded_ipv4(v6, *prefix))
                .map_or(IpAddr::V6(v6), IpAddr::V4),
            v4 @ IpAddr::V4(_) => v4,
        }
    }
}
