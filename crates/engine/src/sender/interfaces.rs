//! Our own addresses (E-6), from the kernel's tables. Other systems than Linux have none there; their operators rely on
//! the address ranges alone.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Addresses of this machine's interfaces, loopback left out, in order.
pub(super) fn own_addresses() -> Vec<IpAddr> {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let v4 = local_v4(&read("/proc/net/fib_trie"));
    let v6 = local_v6(&read("/proc/net/if_inet6"));
    let all: BTreeSet<_> = v4.into_iter().map(IpAddr::V4).chain(v6.into_iter().map(IpAddr::V6)).collect();
    all.into_iter().filter(|address| !address.is_loopback()).collect()
}

/// Leaves marked `host LOCAL`; the address is on the line before.
fn local_v4(trie: &str) -> Vec<Ipv4Addr> {
    let lines = trie.lines().zip(trie.lines().skip(1));
    let local = lines.filter(|(_, below)| below.trim() == "/32 host LOCAL");
    local.filter_map(|(above, _)| above.trim().strip_prefix("|-- ")?.parse().ok()).collect()
}

/// The first column: 32 hexadecimal digits.
fn local_v6(table: &str) -> Vec<Ipv6Addr> {
    let digits = table.lines().filter_map(|line| line.split_whitespace().next());
    digits.filter_map(|digits| u128::from_str_radix(digits, 16).ok()).map(Ipv6Addr::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e6_the_kernels_tables_are_read() {
        let trie = "Local:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 10.1.2.3\n        /32 host LOCAL\n     |-- 10.1.2.255\n        \
                    /32 link BROADCAST\n";
        assert_eq!(local_v4(trie), [Ipv4Addr::new(10, 1, 2, 3)]);
        let table = "fd000000000000000000000000000001 02 40 00 80     eth0\nrubbish\n";
        assert_eq!(local_v6(table), ["fd00::1".parse::<Ipv6Addr>().unwrap()]);
    }
}
