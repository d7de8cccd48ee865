//! What subscribers of the hub subscribe to (contract websub).
//!
//! A subscription is a [`Hook`](crate::hook::Hook) on a topic: the pair of topic URL and callback URL, compared as
//! exact texts.

use crate::id::{EventId, RepositoryId, TopicId};
use crate::time::Timestamp;

/// A topic that somebody subscribed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Integer id.
    pub id: TopicId,
    /// Its URL, exactly as subscribers gave it; unique.
    pub url: String,
    /// Which page of ours it is; `None`: it is fetched from elsewhere.
    pub page: Option<Page>,
    /// The event that brought its newest whole content: queued deliveries of older ones are superseded. Never set for
    /// our own pages, where each event counts.
    pub latest: Option<EventId>,
    /// When somebody first subscribed.
    pub created_at: Timestamp,
}

/// A page of ours that lists events of a repository.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Page {
    /// The repository.
    pub repository: RepositoryId,
    /// Which events, and in which format, as the end of its URL says: `push`, `push.json`.
    pub name: String,
}

/// What a topic says, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// `Content-Type`, parameters included.
    pub content_type: String,
    /// The body.
    pub body: bytes::Bytes,
}

/// What the hub remembers of the last time it fetched a topic.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TopicState {
    /// `ETag`, for the next conditional request.
    pub etag: Option<String>,
    /// `Last-Modified`, for the next conditional request.
    pub last_modified: Option<String>,
    /// Hash of media type and body; `None` before the first fetch.
    pub hash: Option<[u8; 16]>,
    /// The entries of a feed, in the hub's own compact form; empty when it is none.
    pub entries: Vec<u8>,
    /// When it was last asked for.
    pub fetched_at: Timestamp,
}
