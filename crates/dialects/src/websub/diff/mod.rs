//! What is new in a feed (contract websub section 2: of feeds, and of feeds only, entries already sent may be left out).
//!
//! An entry counts by its bytes. An edited one has other bytes, and so is new again; one that moved, or that others were
//! dropped around, is not. Everything outside of entries is never compared, so that a feed whose only news is the moment
//! it was made has none.

mod scan;

use bytes::Bytes;
use domain::event::payload_hash;
use domain::hub::Reduced;

/// Most entries of a feed that are told apart; a longer feed is always sent whole.
const MAX_ENTRIES: usize = 2_000;
/// Bytes of an entry's hash.
const HASH: usize = 16;

/// Which entries a feed had: their hashes, sorted, each once. At most 32,000 bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FeedEntries(Vec<[u8; HASH]>);

impl FeedEntries {
    /// As it is stored.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        self.0.concat()
    }

    /// From what was stored; `None` if it never was.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (hashes, rest) = bytes.as_chunks::<HASH>();
        let sound = rest.is_empty() && hashes.len() <= MAX_ENTRIES && hashes.is_sorted_by(|left, right| left < right);
        sound.then(|| Self(hashes.to_vec()))
    }

    fn has(&self, hash: &[u8; HASH]) -> bool {
        self.0.binary_search(hash).is_ok()
    }
}

/// The entries of an Atom or RSS feed; `None` if it is no feed, is not well-formed, or has too many.
pub(crate) fn entries_of(content_type: Option<&str>, body: &[u8]) -> Option<FeedEntries> {
    let ranges = scan::entries(content_type, body)?;
    let mut hashes: Vec<_> = ranges.into_iter().filter_map(|range| body.get(range)).map(payload_hash).collect();
    hashes.sort_unstable();
    hashes.dedup();
    Some(FeedEntries(hashes))
}

/// Leaves out of a feed the entries that were there before. What is no feed, and what comes after nothing, is whole.
pub(crate) fn reduce(content_type: Option<&str>, body: &Bytes, old: &FeedEntries) -> Reduced {
    if old.0.is_empty() {
        return Reduced::Whole;
    }
    let Some(ranges) = scan::entries(content_type, body) else { return Reduced::Whole };
    let count = ranges.len();
    let known: Vec<_> = ranges
        .into_iter()
        .filter(|range| old.has(&payload_hash(body.get(range.clone()).unwrap_or_default())))
        .collect();
    if known.len() == count {
        return Reduced::Unchanged;
    }
    if known.is_empty() {
        return Reduced::Whole;
    }
    let mut left = Vec::with_capacity(body.len());
    let mut from = 0;
    for range in known {
        left.extend_from_slice(body.get(from..range.start).unwrap_or_default());
        from = range.end;
    }
    left.extend_from_slice(body.get(from..).unwrap_or_default());
    Reduced::Only(left.into())
}

#[cfg(test)]
mod tests;
