//! Entries of `egress.allow` (E-9).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// One entry: what the operator permits although the tables refuse it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowRule {
    /// Where to.
    pub scope: Scope,
    /// Only this port; it may be one that is refused otherwise (E-8).
    pub port: Option<u16>,
}

/// What an entry names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// `10.1.0.0/16`, or one address.
    Net(IpNet),
    /// `host:…`: the name, whatever it resolves to.
    Host(NamePattern),
    /// `private`: RFC 1918 and unique local addresses.
    Private,
    /// `loopback`: `127.0.0.0/8` and `::1`, and the names `localhost` and `*.localhost`.
    Loopback,
}

/// A host name, or everything below one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NamePattern {
    /// This name.
    Exactly(Arc<str>),
    /// `*.suffix`: any name below `suffix`, but not `suffix` itself.
    Below(Arc<str>),
}

/// Not an entry by the grammar of E-9.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an egress rule: write CIDR[:port], host:NAME[:port], host:*.SUFFIX[:port], private or loopback")]
pub struct AllowError(
    /// The entry as it was written.
    pub String,
);

impl FromStr for AllowRule {
    type Err = AllowError;

    fn from_str(text: &str) -> Result<Self, AllowError> {
        let wrong = || AllowError(text.to_owned());
        match text {
            "private" => return Ok(Self { scope: Scope::Private, port: None }),
            "loopback" => return Ok(Self { scope: Scope::Loopback, port: None }),
            _ => {}
        }
        if let Some(rest) = text.strip_prefix("host:") {
            let (name, port) = split_port(rest).ok_or_else(wrong)?;
            let pattern = NamePattern::parse(name).ok_or_else(wrong)?;
            return Ok(Self { scope: Scope::Host(pattern), port });
        }
        let (net, port) = split_net(text).ok_or_else(wrong)?;
        Ok(Self { scope: Scope::Net(net), port })
    }
}

/// Splits `text` at a port, if one is there.
fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    match text.rsplit_once(':') {
        Some((rest, port)) => Some((rest, Some(parse_port(port)?))),
        None => Some((text, None)),
    }
}

fn parse_port(text: &str) -> Option<u16> {
    let port = text.parse().ok()?;
    (port != 0 && text.bytes().all(|byte| byte.is_ascii_digit())).then_some(port)
}

/// Splits `CIDR[:port]`. An IPv6 address with a port needs brackets, unless its prefix length sets it apart:
/// `fd00::/8:8080` and `[fd00::1]:8080` are unambiguous, `fd00::1:8080` is an address.
fn split_net(text: &str) -> Option<(IpNet, Option<u16>)> {
    if let Some((address, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        let address: IpAddr = address.parse::<std::net::Ipv6Addr>().ok()?.into();
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(parse_port(port)?),
            None if rest.is_empty() => None,
            None => return None,
        };
        return Some((IpNet::from(address), port));
    }
    if let Some((address, rest)) = text.split_once('/') {
        let (bits, port) = split_port(rest)?;
        let net = IpNet::new(address.parse().ok()?, bits.parse().ok()?).ok()?;
        return Some((net.trunc(), port));
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some((IpNet::from(address), None));
    }
    let (address, port) = split_port(text)?;
    Some((IpNet::from(IpAddr::from(address.parse::<std::net::Ipv4Addr>().ok()?)), port))
}

impl NamePattern {
    fn parse(text: &str) -> Option<Self> {
        let (below, name) = match text.strip_prefix("*.") {
            Some(suffix) => (true, suffix),
            None => (false, text),
        };
        // One trailing dot is dropped and IDNA applied, as for the names it is compared with.
        let name = url::Host::parse(name).ok()?;
        let url::Host::Domain(name) = name else { return None };
        let name: Arc<str> = name.strip_suffix('.').unwrap_or(&name).into();
        let legal = !name.is_empty() && name.split('.').all(|label| !label.is_empty() && !label.contains('*'));
        legal.then_some(if below { Self::Below(name) } else { Self::Exactly(name) })
    }

    /// Does it cover `name` (lower case, without trailing dot)?
    pub fn covers(&self, name: &str) -> bool {
        match self {
            Self::Exactly(exactly) => **exactly == *name,
            Self::Below(suffix) => {
                name.strip_suffix(&**suffix).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
            }
        }
    }
}

/// RFC 1918 and RFC 4193.
const PRIVATE_V4: [Ipv4Net; 3] = [
    Ipv4Net::new_assert(std::net::Ipv4Addr::new(10, 0, 0, 0), 8),
    Ipv4Net::new_assert(std::net::Ipv4Addr::new(172, 16, 0, 0), 12),
    Ipv4Net::new_assert(std::net::Ipv4Addr::new(192, 168, 0, 0), 16),
];
const PRIVATE_V6: Ipv6Net = Ipv6Net::new_assert(std::net::Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7);

impl AllowRule {
    /// May this (canonical) address be called, reached by that name if by one?
    pub fn covers_address(&self, address: IpAddr, name: Option<&str>) -> bool {
        match &self.scope {
            Scope::Net(net) => net.contains(&address),
            Scope::Host(pattern) => name.is_some_and(|name| pattern.covers(name)),
            Scope::Private => match address {
                IpAddr::V4(address) => PRIVATE_V4.iter().any(|net| net.contains(&address)),
                IpAddr::V6(address) => PRIVATE_V6.contains(&address),
            },
            Scope::Loopback => address.is_loopback(),
        }
    }

    /// May this name be looked up although it is an internal one (E-7)?
    pub fn covers_name(&self, name: &str) -> bool {
        match &self.scope {
            Scope::Host(pattern) => pattern.covers(name),
            Scope::Loopback => name == "localhost" || name.ends_with(".localhost"),
            Scope::Net(_) | Scope::Private => false,
        }
    }

    /// Does it name exactly this one address (E-6)?
    pub fn is_literally(&self, address: IpAddr) -> bool {
        matches!(self.scope, Scope::Net(net) if net.prefix_len() == net.max_prefix_len() && net.addr() == address)
    }

    /// Does it apply to that port?
    pub fn permits_port(&self, port: u16) -> bool {
        self.port.is_none_or(|own| own == port)
    }
}

impl fmt::Display for AllowRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.scope {
            Scope::Net(net) if net.prefix_len() == net.max_prefix_len() && self.port.is_some() => match net.addr() {
                IpAddr::V4(address) => address.fmt(f)?,
                IpAddr::V6(address) => write!(f, "[{address}]")?,
            },
            Scope::Net(net) => net.fmt(f)?,
            Scope::Host(NamePattern::Exactly(name)) => write!(f, "host:{name}")?,
            Scope::Host(NamePattern::Below(suffix)) => write!(f, "host:*.{suffix}")?,
            Scope::Private => f.write_str("private")?,
            Scope::Loopback => f.write_str("loopback")?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}
