//! A feed of events as plain data: what readers are shown, whichever format it is written in.
//!
//! Everything in it comes from stored events and registry rows, never from the clock, so that the same events always
//! make the same feed.

use crate::id::Uid;
use crate::time::Timestamp;

/// Most entries one page of a feed has.
pub const MAX_ENTRIES: usize = 30;
/// Largest event data that a feed shows, in bytes; larger data is left out.
pub const MAX_CONTENT: usize = 64 * 1024;
/// Most event data one page of a feed shows, in bytes; data of entries further down is left out.
pub const MAX_PAGE_CONTENT: usize = 1024 * 1024;

/// A page of a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed<'a> {
    /// What it is called.
    pub title: String,
    /// Always the same for one stream of one repository.
    pub id: Uid,
    /// Its own absolute URL: the topic that subscribers name.
    pub self_url: String,
    /// The hub that distributes it.
    pub hub_url: String,
    /// The page for people that it is about.
    pub home_page_url: String,
    /// Who publishes it.
    pub author: String,
    /// When its newest entry was accepted; without entries, when its repository was created.
    pub updated: Timestamp,
    /// Newest first, at most [`MAX_ENTRIES`].
    pub entries: Vec<Entry<'a>>,
}

/// An event in a feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The event's own.
    pub id: Uid,
    /// One line for people: `alice pushed 2 commits to main in acme/widgets`.
    pub title: String,
    /// What else people want to read: commit messages, a comment. Plain text, cut to a bearable length.
    pub text: Option<String>,
    /// Where the event itself is.
    pub url: String,
    /// When it happened, as the publisher says, or when it was accepted.
    pub published: Timestamp,
    /// When it was accepted.
    pub updated: Timestamp,
    /// Who did it, if the event tells.
    pub author: Option<String>,
    /// The event's type, as it was published.
    pub kind: &'a str,
    /// The event's data: JSON text, byte for byte. None if it is no JSON, larger than [`MAX_CONTENT`], or too much for
    /// the page.
    pub content: Option<&'a str>,
}
