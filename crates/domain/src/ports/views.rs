//! What people look at.

use async_trait::async_trait;

use super::Stored;
use crate::attempt::{Attempt, Exchange};
use crate::delivery::{DeliveryState, Reason};
use crate::event::Event;
use crate::id::{AttemptId, EventId, HookId, RepositoryId, Uid};
use crate::rules::breaker::Breaker;
use crate::rules::target::TargetUrl;
use crate::stream::Stream;
use crate::time::Timestamp;

/// Which attempts of a hook to list.
#[derive(Clone, Debug, Default)]
pub struct AttemptFilter {
    /// Only ids below this one (newest first).
    pub before: Option<AttemptId>,
    /// Only HTTP statuses in this inclusive range.
    pub status: Option<(u16, u16)>,
    /// Only (or no) redeliveries.
    pub redelivery: Option<bool>,
    /// Only this event name.
    pub kind: Option<String>,
    /// Only this action.
    pub action: Option<String>,
    /// Only this message.
    pub message_uid: Option<Uid>,
    /// Only attempts begun at or after this moment.
    pub since: Option<Timestamp>,
    /// Only attempts begun before this moment.
    pub until: Option<Timestamp>,
    /// Only attempts that were not answered with 2xx (`true`) or that were (`false`).
    pub failed: Option<bool>,
    /// List rows of deliveries that ended without an attempt, too.
    pub with_unsent: bool,
}

/// An attempt with what a list shows of its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// The attempt. In lists, heads and bodies are empty.
    pub attempt: Attempt,
    /// The state its delivery entered with it; `Open` while a retry follows.
    pub state: DeliveryState,
    /// Why, if it ended early.
    pub reason: Option<Reason>,
    /// Written after its lease had lapsed.
    pub late: bool,
    /// When the retry that follows is due.
    pub retry_at: Option<Timestamp>,
    /// The message's stable id.
    pub uid: Uid,
    /// The message's event name.
    pub kind: String,
    /// The message's action.
    pub action: Option<String>,
    /// The repository the event happened in.
    pub repository: Option<RepositoryId>,
    /// The URL the request went to.
    pub url: TargetUrl,
}

/// Counts of P3: `planned` equals the sum of the rest, always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conservation {
    /// Deliveries planned, by plan and by hand.
    pub planned: u64,
    /// Deliveries in each state.
    pub by_state: Vec<(DeliveryState, u64)>,
}

impl Conservation {
    /// Does the sum hold?
    pub fn holds(&self) -> bool {
        self.planned == self.by_state.iter().map(|(_, count)| count).sum::<u64>()
    }
}

/// What the exchanges of one event name came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The event name.
    pub kind: String,
    /// How many were answered with 2xx.
    pub successes: u64,
    /// How many were answered otherwise.
    pub failures: u64,
    /// How many were not answered, or not sent by rule.
    pub errors: u64,
    /// The newest answered with 2xx.
    pub last_success: Option<AttemptId>,
    /// The newest answered otherwise.
    pub last_failure: Option<AttemptId>,
    /// The newest not answered or not sent by rule.
    pub last_error: Option<AttemptId>,
}

/// Most events of a repository that [`Views::stream`] looks at.
pub const MAX_STREAM_SCAN: usize = 10_000;

/// What people look at.
#[async_trait]
pub trait Views: Send + Sync {
    /// Attempts of a hook, newest first, at most `limit`.
    async fn attempts_of(&self, hook: HookId, filter: AttemptFilter, limit: usize) -> Stored<Vec<AttemptRow>>;
    /// How many attempts of a hook are in the log; deliveries that ended without one do not count.
    async fn count_attempts_of(&self, hook: HookId) -> Stored<u64>;
    /// One attempt, with heads and bodies.
    async fn attempt(&self, id: AttemptId) -> Stored<Option<AttemptRow>>;
    /// The newest exchange of each of these hooks, heads and bodies empty; hooks without one are left out.
    async fn last_exchanges(&self, hooks: &[HookId]) -> Stored<Vec<(HookId, Exchange)>>;
    /// Tallies of a hook by event name, from the UTC day of `since` on; only for settlements that asked for it.
    async fn tallies(&self, hook: HookId, since: Timestamp) -> Stored<Vec<Tally>>;
    /// The counts of P3 over the whole store.
    async fn conservation(&self) -> Stored<Conservation>;
    /// Open deliveries of a hook that have a queue row.
    async fn queued(&self, hook: HookId) -> Stored<u64>;
    /// The breakers of these hooks as they were last noted; closed ones without failures are left out.
    async fn breakers_of(&self, hooks: &[HookId]) -> Stored<Vec<(HookId, Breaker)>>;
    /// The newest events of a repository that a stream takes, newest first, at most `limit`; none newer than `up_to`.
    /// `data` is empty where it is larger than [`MAX_CONTENT`](crate::feed::MAX_CONTENT), and then it was not read. Of
    /// the repository's events only the newest [`MAX_STREAM_SCAN`] up to there are looked at.
    async fn stream(
        &self,
        repository: RepositoryId,
        stream: &Stream,
        up_to: Option<EventId>,
        limit: usize,
    ) -> Stored<Vec<Event>>;
}
