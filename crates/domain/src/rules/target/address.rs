//! Addresses that are not the public internet (E-4, E-5).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

/// A refused range and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// In CIDR form: `10.0.0.0/8`.
    pub net: &'static str,
    /// What it is for, for people.
    pub purpose: &'static str,
}

/// E-4, in address order.
const REFUSED_V4: &[(Ipv4Net, Range)] = &[
    (v4([0, 0, 0, 0], 8), Range { net: "0.0.0.0/8", purpose: "this network" }),
    (v4([10, 0, 0, 0], 8), Range { net: "10.0.0.0/8", purpose: "private" }),
    (v4([100, 64, 0, 0], 10), Range { net: "100.64.0.0/10", purpose: "carrier-grade NAT" }),
    (v4([127, 0, 0, 0], 8), Range { net: "127.0.0.0/8", purpose: "loopback" }),
    (v4([168, 63, 129, 16], 32), Range { net: "168.63.129.16/32", purpose: "cloud platform" }),
    (v4([169, 254, 0, 0], 16), Range { net: "169.254.0.0/16", purpose: "link-local" }),
    (v4([172, 16, 0, 0], 12), Range { net: "172.16.0.0/12", purpose: "private" }),
    (v4([192, 0, 0, 0], 24), Range { net: "192.0.0.0/24", purpose: "protocol assignments" }),
    (v4([192, 0, 2, 0], 24), Range { net: "192.0.2.0/24", purpose: "documentation" }),
    (v4([192, 31, 196, 0], 24), Range { net: "192.31.196.0/24", purpose: "AS112" }),
    (v4([192, 52, 193, 0], 24), Range { net: "192.52.193.0/24", purpose: "AMT" }),
    (v4([192, 88, 99, 0], 24), Range { net: "192.88.99.0/24", purpose: "6to4 relay" }),
    (v4([192, 168, 0, 0], 16), Range { net: "192.168.0.0/16", purpose: "private" }),
    (v4([192, 175, 48, 0], 24), Range { net: "192.175.48.0/24", purpose: "AS112" }),
    (v4([198, 18, 0, 0], 15), Range { net: "198.18.0.0/15", purpose: "benchmarking" }),
    (v4([198, 51, 100, 0], 24), Range { net: "198.51.100.0/24", purpose: "documentation" }),
    (v4([203, 0, 113, 0], 24), Range { net: "203.0.113.0/24", purpose: "documentation" }),
    (v4([224, 0, 0, 0], 4), Range { net: "224.0.0.0/4", purpose: "multicast" }),
    (v4([240, 0, 0, 0], 4), Range { net: "240.0.0.0/4", purpose: "reserved" }),
];

/// What E-5 refuses inside `2000::/3`, in address order.
const REFUSED_V6: &[(Ipv6Net, Range)] = &[
    (v6(0x2001, 0, 0, 23), Range { net: "2001::/23", purpose: "protocol assignments" }),
    (v6(0x2001, 0x0db8, 0, 32), Range { net: "2001:db8::/32", purpose: "documentation" }),
    (v6(0x2002, 0, 0, 16), Range { net: "2002::/16", purpose: "6to4" }),
    (v6(0x2620, 0x004f, 0x8000, 48), Range { net: "2620:4f:8000::/48", purpose: "AS112" }),
    (v6(0x3fff, 0, 0, 20), Range { net: "3fff::/20", purpose: "documentation" }),
];

/// The only part of IPv6 that is routed publicly.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 0, 3);
/// Everything outside [`GLOBAL_V6`].
const NOT_GLOBAL: Range = Range { net: "outside 2000::/3", purpose: "not global unicast" };

const fn v4(octets: [u8; 4], bits: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::from_octets(octets), bits)
}

const fn v6(a: u16, b: u16, c: u16, bits: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), bits)
}

/// The range that makes `address` unfit for calling, if any. IPv4-mapped addresses count as the IPv4 address they
/// carry.
pub fn refused_range(address: IpAddr) -> Option<Range> {
    match address.to_canonical() {
        IpAddr::V4(address) => REFUSED_V4.iter().find(|(net, _)| net.contains(&address)).map(|(_, range)| *range),
        IpAddr::V6(address) if !GLOBAL_V6.contains(&address) => Some(NOT_GLOBAL),
        IpAddr::V6(address) => REFUSED_V6.iter().find(|(net, _)| net.contains(&address)).map(|(_, range)| *range),
    }
}

/// The IPv4 address inside a NAT64 address under `prefix` (RFC 6052 section 2.2), if the prefix has one of the six
/// legal lengths and covers the address. Byte 8 is skipped, as the RFC says.
pub fn embedded_ipv4(address: Ipv6Addr, prefix: Ipv6Net) -> Option<Ipv4Addr> {
    if !prefix.contains(&address) {
        return None;
    }
    let at: [usize; 4] = match prefix.prefix_len() {
        32 => [4, 5, 6, 7],
        40 => [5, 6, 7, 9],
        48 => [6, 7, 9, 10],
        56 => [7, 9, 10, 11],
        64 => [9, 10, 11, 12],
        96 => [12, 13, 14, 15],
        _ => return None,
    };
    let bytes = address.octets();
    Some(Ipv4Addr::from(at.map(|at| bytes[at])))
}
