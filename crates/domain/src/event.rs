//! What happened, once, immutable (design section 3).

use bytes::Bytes;

use crate::id::{AccountId, CiAppId, EventId, RepositoryId, TopicId, Uid};
use crate::time::Timestamp;

/// Where an event happened: decides which hooks are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The account concerned; for a repository event its owner.
    pub account: AccountId,
    /// The repository concerned, unless the event is the account's own.
    pub repository: Option<RepositoryId>,
    /// The app concerned, if it is about a build.
    pub app: Option<CiAppId>,
}

/// An event as accepted and kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Integer id.
    pub id: EventId,
    /// UUID given out with the 202.
    pub uid: Uid,
    /// CloudEvents `source`, in its short form: `/repos/{owner}/{repo}`.
    pub source: String,
    /// CloudEvents `id`, unique within the source.
    pub ce_id: String,
    /// CloudEvents `type`: a canonical type, `{dialect}.{event}`, or any dotted name.
    pub kind: String,
    /// CloudEvents `subject`.
    pub subject: Option<String>,
    /// CloudEvents `time`: when the publisher says it happened.
    pub occurred_at: Option<Timestamp>,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Where it happened.
    pub place: Place,
    /// CloudEvents `datacontenttype`.
    pub content_type: String,
    /// CloudEvents `data`, byte for byte.
    pub data: Bytes,
}

/// The pair that makes publishing idempotent, folded to 128 bits (D-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DedupeKey(pub [u8; 16]);

impl DedupeKey {
    /// Folds `source` and `id`. The lengths are part of the input, so no two pairs can run into each other.
    pub fn of(source: &str, id: &str) -> Self {
        let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
        context.update(&(source.len() as u64).to_be_bytes());
        context.update(source.as_bytes());
        context.update(id.as_bytes());
        Self(first_half(context.finish().as_ref()))
    }
}

/// The first 128 bits of the SHA-256 of a payload: tells a harmless repeat from a publisher's mistake (D-6).
pub fn payload_hash(data: &[u8]) -> [u8; 16] {
    first_half(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, data).as_ref())
}

/// The same for content with a media type, which is part of what it says.
pub fn content_hash(content_type: &str, data: &[u8]) -> [u8; 16] {
    let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    context.update(content_type.as_bytes());
    context.update(&[0]);
    context.update(data);
    first_half(context.finish().as_ref())
}

fn first_half(digest: &[u8]) -> [u8; 16] {
    let mut half = [0; 16];
    half.copy_from_slice(&digest[..16]);
    half
}

/// An event, its messages and its plan, ready to be committed in one transaction (D-1).
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// See [`Event::uid`].
    pub uid: Uid,
    /// See [`Event::source`].
    pub source: String,
    /// See [`Event::ce_id`].
    pub ce_id: String,
    /// See [`Event::kind`].
    pub kind: String,
    /// See [`Event::subject`].
    pub subject: Option<String>,
    /// See [`Event::occurred_at`].
    pub occurred_at: Option<Timestamp>,
    /// See [`Event::accepted_at`].
    pub accepted_at: Timestamp,
    /// See [`Event::place`].
    pub place: Place,
    /// See [`Event::content_type`].
    pub content_type: String,
    /// See [`Event::data`].
    pub data: Bytes,
    /// A push: the repository's `pushed_at` moves to `accepted_at` in the same transaction.
    pub moves_refs: bool,
    /// What to deliver, and to whom.
    pub plan: crate::delivery::Plan,
    /// Topics that are to be told of it: pages of ours it appears on.
    pub topics: Vec<TopicId>,
    /// How many deliveries in a row led to it (D-8).
    pub hops: u8,
}

/// The answer to a publish (design section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The event; for a duplicate, the first one.
    pub id: EventId,
    /// Its UUID.
    pub uid: Uid,
    /// How many deliveries were planned.
    pub deliveries: usize,
    /// This (source, id) pair had been accepted before; nothing new was planned.
    pub duplicate: bool,
    /// A duplicate whose payload differs from the first one's: a publisher's mistake.
    pub differs: bool,
}

#[cfg(test)]
mod tests {
    use super::content_hash;

    #[test]
    fn type_and_body_both_count_as_content() {
        assert_eq!(content_hash("a", b"b"), content_hash("a", b"b"));
        assert_ne!(content_hash("a", b"b"), content_hash("a", b"c"));
        assert_ne!(content_hash("a", b"b"), content_hash("c", b"b"));
    }
}
