//! What the engine offers: somebody to tell that there is work, and the way out.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::attempt::Exchange;
use crate::delivery::{PlannedDelivery, Work};
use crate::id::{BuildId, HookId};
use crate::rules::target::TargetUrl;
use crate::secret::Secret;
use crate::time::Timestamp;

/// Tells the engine that there is work. Called from the store's own thread: implementations must not block.
pub trait Bell: Send + Sync {
    /// Before the commit: reserves places in the lanes for these deliveries of `bytes` bytes in all and returns for
    /// each whether it got one. Those without a place are queued in the same transaction, so nothing is stranded.
    fn admit(&self, deliveries: &[PlannedDelivery], bytes: usize) -> Vec<bool>;
    /// The transaction failed: gives reserved places back. Same arguments as `admit`.
    fn withdraw(&self, deliveries: &[PlannedDelivery], bytes: usize, admitted: &[bool]);
    /// After the commit: the deliveries that got a place. `bytes` as in `admit`.
    fn ring(&self, work: Vec<Work>, bytes: usize);
    /// After a commit: the lane has a queue row due then (queued, redelivered, freed).
    fn due(&self, hook: HookId, at: Timestamp);
    /// As `due`, for a row that [`Queue::claim_by_hand`](super::Queue::claim_by_hand) finds: an open breaker does not hold it.
    fn asked(&self, hook: HookId, at: Timestamp) {
        self.due(hook, at);
    }
    /// After a commit: the hub has something to do then.
    fn errand(&self, at: Timestamp) {
        let _ = at;
    }
    /// After a commit: the build is queued, or has ended.
    fn build(&self, build: BuildId) {
        let _ = build;
    }
    /// After a commit: the hook was edited or deleted. Its breaker and its pause are over.
    fn changed(&self, hook: HookId) {
        let _ = hook;
    }
}

/// What a request with a body asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendMethod {
    /// Take this: deliveries, and what is to be made.
    Post,
    /// Be this from now on.
    Put,
    /// Change in these ways.
    Patch,
}

/// One request to a receiver.
#[derive(Clone, Debug)]
pub struct SendRequest {
    /// Its method.
    pub method: SendMethod,
    /// Where to.
    pub url: TargetUrl,
    /// Header lines; the sender adds `Host` and `Content-Length`.
    pub headers: Vec<(&'static str, String)>,
    /// More of them, whose names the hook's maker chose.
    pub own_headers: Vec<(String, Secret)>,
    /// The body.
    pub body: Bytes,
    /// Accept any certificate.
    pub insecure_tls: bool,
    /// Budget of the whole exchange.
    pub timeout: Duration,
}

/// One request for what a URL has.
#[derive(Clone, Debug)]
pub struct FetchRequest {
    /// Where.
    pub url: TargetUrl,
    /// Header lines; the sender adds `Host`.
    pub headers: Vec<(&'static str, String)>,
    /// Budget of the whole exchange, body included.
    pub timeout: Duration,
    /// The most that is read of the body, in bytes.
    pub max_body: usize,
}

/// What came of a [`FetchRequest`].
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The exchange; its body is at most `max_body` long.
    pub exchange: Exchange,
    /// The body was read to its end.
    pub whole: bool,
}

/// Calls receivers. The only way out of the process (E-1).
#[async_trait]
pub trait Sender: Send + Sync {
    /// One request with a body. Never fails: whatever happens is an [`Exchange`].
    async fn send(&self, request: SendRequest) -> Exchange;
    /// One GET. Never fails, as `send`; redirects are not followed.
    async fn fetch(&self, request: FetchRequest) -> Fetched;
    /// Would a request to that target be let out now? Resolves its name and asks the guard; connects nowhere. `Err` says
    /// why not, without addresses (E-12).
    async fn vet(&self, url: &TargetUrl) -> Result<(), String>;
}
