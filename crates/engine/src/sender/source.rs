//! Which of our own addresses connections come from.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::{TcpSocket, TcpStream};

/// The addresses that connections are bound to, in turn; without any the system chooses. Receivers let these through
/// their firewalls, so once some are named nothing comes from elsewhere.
#[derive(Debug)]
pub(super) struct Sources {
    addresses: Vec<IpAddr>,
    turn: AtomicUsize,
}

impl Sources {
    /// Of these addresses.
    pub(super) fn new(addresses: &[IpAddr]) -> Self {
        Self { addresses: addresses.to_vec(), turn: AtomicUsize::new(0) }
    }

    /// The next address of the same family as `target`.
    fn next(&self, target: IpAddr) -> Option<IpAddr> {
        let fits = |source: &&IpAddr| source.is_ipv4() == target.is_ipv4();
        let count = self.addresses.iter().filter(fits).count();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed).checked_rem(count)?;
        self.addresses.iter().filter(fits).nth(turn).copied()
    }

    /// Connects to `target`.
    pub(super) async fn connect(&self, target: SocketAddr) -> std::io::Result<TcpStream> {
        if self.addresses.is_empty() {
            return TcpStream::connect(target).await;
        }
        let none = || std::io::Error::new(std::io::ErrorKind::AddrNotAvailable, "no source address of that family");
        let source = self.next(target.ip()).ok_or_else(none)?;
        let socket = if target.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        socket.bind(SocketAddr::new(source, 0))?;
        socket.connect(target).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn sources_take_turns_within_a_family() {
        let sources = Sources::new(&["192.0.2.1", "2001:db8::1", "192.0.2.2"].map(address));
        let v4: Vec<_> = (0..4).map(|_| sources.next(address("198.51.100.1")).expect("one")).collect();
        assert_eq!(v4[0], v4[2]);
        assert_ne!(v4[0], v4[1]);
        assert_eq!(sources.next(address("2001:db8::9")), Some(address("2001:db8::1")));
        assert_eq!(Sources::new(&[address("192.0.2.1")]).next(address("2001:db8::9")), None);
    }
}
