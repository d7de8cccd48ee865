//! What a hub's wire format decides, and its terms; the verbs are in [`flow::hub`](crate::flow::hub).

use std::time::Duration;

use async_trait::async_trait;

use crate::flow::Ports;
use crate::id::EventId;
use crate::ports::{MaxPending, Stored};
use crate::topic::{Content, Page};

/// The member of [`Hook::extra`](crate::hook::Hook::extra) that names a subscription's own signature method.
pub const SIGNATURE: &str = "signature";

/// What the operator of a hub has set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent switches")]
pub struct HubTerms {
    /// Lease when the subscriber names none.
    pub default_lease: Duration,
    /// Shorter leases become this.
    pub min_lease: Duration,
    /// Longer leases become this (E-15).
    pub max_lease: Duration,
    /// Subscriptions one topic may have.
    pub max_per_topic: usize,
    /// Subscriptions one callback host may have.
    pub max_per_host: usize,
    /// Unverified requests that may wait.
    pub max_pending: MaxPending,
    /// Any topic that names this hub is accepted.
    pub public: bool,
    /// Subscribers are told that they are denied.
    pub send_denials: bool,
    /// Whitespace around an echoed challenge is forgiven.
    pub trim_challenge: bool,
    /// Only new and changed entries of feeds are distributed.
    pub feed_diff: bool,
}

/// What a page says about hubs (contract websub section 10). Absolute http and https URLs, each once, in the page's order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Advertised {
    /// `rel="hub"`, in order.
    pub hubs: Vec<String>,
    /// `rel="self"`. A topic has exactly one.
    pub selves: Vec<String>,
}

/// What is left of a feed when entries that were distributed before are taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reduced {
    /// Nothing new.
    Unchanged,
    /// It is no feed, or all of it is new.
    Whole,
    /// The feed without the entries that were there before.
    Only(bytes::Bytes),
}

/// A hub.
#[async_trait]
pub trait Hub: Send + Sync {
    /// What its operator has set.
    fn terms(&self) -> &HubTerms;

    /// Names of the signature methods that an operator can choose for one subscription.
    fn signature_methods(&self) -> &'static [&'static str];

    /// `User-Agent` of its requests.
    fn user_agent(&self) -> &str;

    /// Its URL as it is advertised, byte for byte.
    fn url(&self, public_url: &str) -> String;

    /// Does the operator accept this topic, wherever it is?
    fn accepts(&self, topic: &str) -> bool;

    /// The page of ours that this URL names, if everybody may see it.
    fn page(&self, ports: &Ports, url: &str) -> Option<Page>;

    /// Does an event of this type appear on the page?
    fn page_takes(&self, page: &Page, kind: &str) -> bool;

    /// The page as it stood right after that event; `None` if it is no longer there.
    async fn content(&self, ports: &Ports, page: &Page, up_to: EventId) -> Stored<Option<Content>>;

    /// The hubs that a fetched page names. `head` has its response header lines, `Name: value\r\n` each.
    fn advertised(&self, url: &str, head: &[u8], content: &Content) -> Advertised;

    /// The entries of a feed in a compact form; empty when it is none.
    fn entries(&self, content: &Content) -> Vec<u8>;

    /// Takes out the entries that `before` lists.
    fn reduce(&self, content: &Content, before: &[u8]) -> Reduced;
}
