//! Hooks, events, and the queue of what is to be delivered.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Edit, Stored};
use crate::attempt::Settlement;
use crate::delivery::{Outgoing, Work};
use crate::event::{Accepted, Event, NewEvent};
use crate::hook::{Hook, NewHook, SiblingRule};
use crate::id::{AttemptId, DeliveryId, EventId, HookId, RepositoryId};
use crate::rules::breaker::Breaker;
use crate::time::Timestamp;

/// Hooks. Reads go to the [`Directory`](crate::directory::Directory).
#[async_trait]
pub trait Hooks: Send + Sync {
    /// Creates a hook, unless `rule` finds it cannot stand beside its siblings.
    async fn create_hook(&self, new: NewHook, rule: SiblingRule) -> Stored<Arc<Hook>>;
    /// Edits a hook under the same rule; `id`, `uid`, `dialect`, `scope`, `app` and `created_at` stay,
    /// `version` rises, `updated_at` becomes `now`.
    async fn update_hook(&self, id: HookId, now: Timestamp, edit: Edit<Hook>, rule: SiblingRule) -> Stored<Arc<Hook>>;
    /// Deletes a hook. Its open deliveries end as cancelled when their turn comes; the log stays.
    async fn delete_hook(&self, id: HookId) -> Stored<()>;
}

/// Events: accepted once, then read.
#[async_trait]
pub trait Events: Send + Sync {
    /// Commits event, payload, idempotency pair and plan in one synced transaction (D-1, D-2), hands what the
    /// [`Bell`](super::Bell) admitted to it, and queues the rest. Returns only after the commit.
    async fn accept(&self, new: NewEvent) -> Stored<Accepted>;
    /// The event of that id.
    async fn event(&self, id: EventId) -> Stored<Option<Event>>;
    /// The messages of an event, bodies included.
    async fn outgoing(&self, id: EventId) -> Stored<Option<Arc<Outgoing>>>;
    /// The newest event of a repository with one of these types.
    async fn latest_event(&self, repository: RepositoryId, kinds: &[&str]) -> Stored<Option<Event>>;
    /// Events with an id below `before` (newest first), at most `limit`; of one repository if given.
    async fn events(
        &self,
        repository: Option<RepositoryId>,
        before: Option<EventId>,
        limit: usize,
    ) -> Stored<Vec<Event>>;
}

/// Ask for due work.
#[derive(Clone, Debug)]
pub struct ClaimDue {
    /// The moment of asking.
    pub now: Timestamp,
    /// Which lanes, and how many deliveries each can take. Due order within a lane.
    pub lanes: Vec<(HookId, usize)>,
    /// How long the claim holds unless renewed.
    pub lease_until: Timestamp,
}

/// When a lane has something due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// The lane's hook.
    pub hook: HookId,
    /// The earliest due time among its unclaimed rows.
    pub due: Timestamp,
}

/// The queue of open deliveries, kept in the database (design section 6).
///
/// A delivery is *fresh* from its acceptance until it is first settled: only the event's plan knows it. After that, as
/// long as it is open, it has a queue row. Both kinds survive a crash.
#[async_trait]
pub trait Queue: Send + Sync {
    /// An id for an attempt that has just ended; rises from call to call.
    fn attempt_id(&self, now: Timestamp) -> AttemptId;
    /// Takes over after a start: gives this process a new epoch, makes queue rows of every planned delivery that was
    /// neither settled nor queued, in steps of at most 1,000, each with one more recovery (D-13), and frees rows claimed
    /// under earlier epochs. Deliveries recovered five times become quarantined. Returns how many were recovered.
    async fn recover(&self, now: Timestamp) -> Stored<u64>;
    /// Claims due rows. A lane not named gets nothing.
    async fn claim_due(&self, claim: ClaimDue) -> Stored<Vec<Work>>;
    /// As [`claim_due`](Self::claim_due), but only first attempts that a person asked for ([`Work::by_hand`]).
    async fn claim_by_hand(&self, claim: ClaimDue) -> Stored<Vec<Work>>;
    /// Every lane with unclaimed rows.
    async fn backlog(&self) -> Stored<Vec<Backlog>>;
    /// Writes attempts and their consequences in one transaction (D-11): log row, queue row inserted, moved or deleted,
    /// hook switched off, breaker noted. A settlement whose lease has lapsed is logged as late and changes nothing else
    /// (D-12).
    async fn settle(&self, batch: Vec<Settlement>) -> Stored<()>;
    /// Gives claimed rows and fresh deliveries back, due at once: shutting down, or held by a breaker.
    async fn hand_back(&self, deliveries: Vec<DeliveryId>, now: Timestamp) -> Stored<()>;
    /// Plans a delivery by hand: the message of an attempt once more, due now. Returns the new delivery.
    async fn redeliver(&self, attempt: AttemptId, now: Timestamp) -> Stored<DeliveryId>;
    /// Breakers that were not closed when they were last noted, with the version of their hook: for the start, so that
    /// it does not storm dead hooks (D-20).
    async fn breakers(&self) -> Stored<Vec<(HookId, u32, Breaker)>>;
}
