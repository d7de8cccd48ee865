//! The hub's topics and tasks.

use std::sync::Arc;

use async_trait::async_trait;

use super::Stored;
use crate::id::TopicId;
use crate::rules::target::TargetUrl;
use crate::task::{NewTask, Task, TaskEnd, TaskNote};
use crate::time::Timestamp;
use crate::topic::{Page, Topic, TopicState};

/// What waits for the subscribers of a hub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HubBacklog {
    /// Tasks not done yet.
    pub tasks: u64,
    /// Those of them that are being done.
    pub under_way: u64,
    /// Subscriptions whose lease ends within a day.
    pub expiring: u64,
}

/// How many requests to verify may wait (E-15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxPending {
    /// For one callback host.
    pub per_host: usize,
    /// For one topic.
    pub per_topic: usize,
}

impl MaxPending {
    /// No limit: for what nobody outside asked for.
    pub const UNLIMITED: Self = Self { per_host: usize::MAX, per_topic: usize::MAX };
}

/// The hub's topics and tasks. Subscriptions are [`Hooks`](super::Hooks).
#[async_trait]
pub trait Tasks: Send + Sync {
    /// The topic of that URL, made if there is none.
    async fn ensure_topic(&self, url: &str, page: Option<Page>, now: Timestamp) -> Stored<Arc<Topic>>;
    /// What is remembered of the last time the topic was fetched.
    async fn topic_state(&self, topic: TopicId) -> Stored<TopicState>;
    /// Puts a task down, durably. A request to verify takes the place of older ones of the same topic and callback, and a
    /// fetch joins one that waits already. [`StoreError::Conflict`](super::StoreError::Conflict): as many as `max` says wait
    /// for that callback host or topic.
    async fn enqueue(&self, task: NewTask, max: MaxPending) -> Stored<()>;
    /// Does a request of this topic and callback wait to be verified?
    async fn is_pending(&self, topic: &str, callback: &TargetUrl) -> Stored<bool>;
    /// Claims at most `limit` due tasks, never two fetches of a topic at once, and few of one callback host.
    async fn claim_tasks(&self, now: Timestamp, limit: usize) -> Stored<Vec<Task>>;
    /// When the next unclaimed task is due.
    async fn next_task(&self) -> Stored<Option<Timestamp>>;
    /// Ends one try and applies its effects in one transaction. `false`: the task was superseded, so nothing followed.
    async fn end_task(&self, end: TaskEnd) -> Stored<bool>;
    /// Deletes subscriptions whose lease has ended, in steps. Returns how many.
    async fn purge_lapsed(&self, now: Timestamp) -> Stored<u64>;
    /// Deletes a topic's subscriptions, in steps, and tells each subscriber why if there is a reason to tell.
    async fn end_topic(&self, topic: TopicId, denial: Option<String>, now: Timestamp) -> Stored<u64>;
    /// Deletes topics that nobody subscribes to and nothing is to be done for.
    async fn purge_topics(&self) -> Stored<u64>;
    /// The newest notes on tasks: those with an id below `before`, about that topic if one is named.
    async fn task_notes(&self, topic: Option<&str>, before: Option<i64>, limit: usize) -> Stored<Vec<(i64, TaskNote)>>;
    /// What waits.
    async fn hub_backlog(&self, now: Timestamp) -> Stored<HubBacklog>;
}
