//! Typed ids, made from clock and entropy (design section 5, ADR 0003).

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::ports::Entropy;
use crate::time::Timestamp;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

ids! {
    /// A user or an organization.
    AccountId,
    /// A repository.
    RepositoryId,
    /// An access token (never its value).
    TokenId,
    /// An OAuth application.
    AppId,
    /// A hook. Unique across dialects and scopes.
    HookId,
    /// An accepted event. Within one node, ids rise in commit order.
    EventId,
    /// What subscribers of the hub subscribe to.
    TopicId,
    /// One message for one hook.
    DeliveryId,
    /// One try of a delivery: GitHub's "delivery id". Rises with the end of attempts, so that the log grows at its end.
    AttemptId,
    /// Something the hub has to do.
    TaskId,
    /// An app whose code is built.
    CiAppId,
    /// A build.
    BuildId,
    /// A request of a git host.
    IncomingId,
}

impl AccountId {
    /// No account: the maker of what an open surface was asked for, and the place of what no account owns.
    pub const NOBODY: Self = Self(0);
}

/// A 128-bit, time-ordered id (UUID version 7), printed as a UUID: GitHub's delivery GUID, Bitbucket's `{uuid}`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uid(pub Uuid);

impl Uid {
    /// Makes a version 7 UUID from the given moment and 74 random bits.
    pub fn new(now: Timestamp, entropy: &dyn Entropy) -> Self {
        let mut random = [0; 10];
        entropy.fill(&mut random);
        let millis = u64::try_from(now.as_micros() / 1000).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// Reads the form it is printed in, in any case; other forms of a UUID are not it.
    pub fn parse(text: &str) -> Option<Self> {
        let hyphenated = text.len() == 36;
        Uuid::try_parse(text).ok().filter(|_| hyphenated).map(Self)
    }
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// Bits of an id that name the node which made it.
const NODE_BITS: u32 = 4;
/// Bits of an id that count within one millisecond. More ids than that borrow from the following milliseconds.
const SEQUENCE_BITS: u32 = 8;
/// Distance between two consecutive ids of one node.
pub const ID_STRIDE: i64 = 1 << NODE_BITS;
/// 2025-01-01T00:00:00Z in milliseconds: ids stay below 2^53 (exact in JavaScript) until the year 2094.
const EPOCH_MILLIS: i64 = 1_735_689_600_000;

/// Hands out event, delivery and attempt ids: 41 bits of milliseconds, 8 of sequence, 4 of node.
///
/// Ids of one source rise strictly, also when the clock steps back, and a block of ids is contiguous in steps of
/// [`ID_STRIDE`].
#[derive(Debug)]
pub struct IdSource {
    node: i64,
    /// The next free value of `milliseconds << SEQUENCE_BITS | sequence`.
    next: AtomicI64,
}

impl IdSource {
    /// A source for `node` (0 to 15) whose ids are all above `floor`, the highest id already stored.
    pub fn new(node: u8, floor: i64) -> Self {
        Self { node: i64::from(node) & (ID_STRIDE - 1), next: AtomicI64::new((floor >> NODE_BITS) + 1) }
    }

    /// Reserves `count` ids and returns the first; the others follow in steps of [`ID_STRIDE`].
    pub fn reserve(&self, now: Timestamp, count: usize) -> i64 {
        let floor = (now.as_micros() / 1000 - EPOCH_MILLIS).max(0) << SEQUENCE_BITS;
        let count = i64::try_from(count).unwrap_or(i64::MAX >> NODE_BITS);
        let mut next = self.next.load(Ordering::Relaxed);
        loop {
            let first = next.max(floor);
            match self.next.compare_exchange_weak(next, first + count, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return first << NODE_BITS | self.node,
                Err(seen) => next = seen,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

    #[test]
    fn ids_rise_even_when_the_clock_steps_back() {
        let ids = IdSource::new(3, 0);
        let first = ids.reserve(NOW, 10);
        let second = ids.reserve(Timestamp::from_micros(NOW.as_micros() - 9_000_000), 1);
        assert_eq!(second, first + 10 * ID_STRIDE);
        assert_eq!(second & (ID_STRIDE - 1), 3, "the node stays in the low bits");
    }

    #[test]
    fn ids_stay_exact_in_javascript_for_decades() {
        let in_2090 = Timestamp::from_micros(3_786_912_000_000_000);
        assert!(IdSource::new(15, 0).reserve(in_2090, 1) < 1 << 53);
    }

    #[test]
    fn ids_start_above_what_is_stored() {
        let floor = IdSource::new(0, 0).reserve(Timestamp::from_micros(NOW.as_micros() * 2), 1);
        assert!(IdSource::new(1, floor).reserve(NOW, 1) > floor);
    }
}
