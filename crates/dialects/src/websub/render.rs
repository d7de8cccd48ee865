//! A topic's content: what its page shows, and what the hub distributes, byte for byte (contract websub section 8).

use bytes::Bytes;
use domain::feed::MAX_ENTRIES;
use domain::flow::Ports;
use domain::id::EventId;
use domain::ports::Stored;
use domain::time::Timestamp;

use super::feed::{atom, feed_of, json_feed};
use super::hosted::{Format, Hosted};

/// A topic's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Content {
    /// Its media type with parameters.
    pub(crate) media_type: &'static str,
    /// The document.
    pub(crate) body: Bytes,
    /// When the newest event in it was accepted, or, without any, when the repository was created.
    pub(crate) updated: Timestamp,
}

/// The content of a topic as it is now, or as it was when the event `up_to` was the newest.
pub(crate) async fn render(ports: &Ports, topic: &Hosted, up_to: Option<EventId>) -> Stored<Content> {
    let Hosted { located, stream, format } = topic;
    let events = ports.store.stream(located.repository.id, stream, up_to, MAX_ENTRIES).await?;
    let feed = feed_of(&events, located, stream, &ports.public_url, topic.url(&ports.public_url));
    let body = match format {
        Format::Plain | Format::Atom => atom::render(&feed),
        Format::Json => json_feed::render(&feed),
    };
    Ok(Content { media_type: format.content_type(), body: body.into(), updated: feed.updated })
}
