//! Where a request comes from (H-5).

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The header in which proxies say whom they speak for; the last one they added comes last.
const FORWARDED_FOR: &str = "x-forwarded-for";

/// The client's address, as an extension of each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer(pub IpAddr);

impl Peer {
    /// The client behind the connection's other end: that end itself, unless it is a trusted proxy that names another.
    /// What proxies we do not trust have written counts for nothing.
    pub fn behind(connected: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(&address.to_canonical()));
        let mut peer = connected.to_canonical();
        let lines = headers.get_all(FORWARDED_FOR).iter().rev();
        let mut named = lines.flat_map(|line| line.to_str().unwrap_or("?").rsplit(',').map(str::trim));
        while is_trusted(peer) {
            match named.next().map(str::parse::<IpAddr>) {
                Some(Ok(address)) => peer = address.to_canonical(),
                // An entry that cannot be read hides whoever stands behind it.
                Some(Err(_)) | None => break,
            }
        }
        Self(peer)
    }

    /// Whom the address stands for when requests are counted: one of IPv6 is one of many that its network can choose from.
    pub fn network(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)).into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn behind(connected: &str, lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().expect("a header value"));
        }
        let trusted = ["10.0.0.0/8".parse().expect("a net"), "::1/128".parse().expect("a net")];
        Peer::behind(connected.parse().expect("an address"), &headers, &trusted).0.to_string()
    }

    #[test]
    fn addresses_of_one_network_count_together() {
        let network = |text: &str| Peer(text.parse().expect("an address")).network().to_string();
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
    }

    #[test]
    fn h5_only_trusted_proxies_are_believed() {
        assert_eq!(behind("192.0.2.1", &["198.51.100.7"]), "192.0.2.1", "no proxy of ours");
        assert_eq!(behind("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(behind("10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(behind("::ffff:10.0.0.1", &["198.51.100.7"]), "198.51.100.7");
        assert_eq!(behind("10.0.0.1", &["203.0.113.9, 198.51.100.7, 10.0.0.2"]), "198.51.100.7", "the rest is hearsay");
        assert_eq!(behind("10.0.0.1", &["203.0.113.9", "198.51.100.7"]), "198.51.100.7", "lines are one list");
        assert_eq!(behind("10.0.0.1", &["198.51.100.7, nonsense"]), "10.0.0.1");
    }
}
