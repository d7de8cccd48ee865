//! Does what the hub has to do beside deliveries: claims tasks that are due, performs them, a few at a time, and sweeps
//! once a minute. What was claimed when the process dies is free again after the next start.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::flow::Ports;
use domain::flow::hub::{commit, failed, perform, sweep};
use domain::ports::StoreError;
use domain::task::{Task, TaskEnd, TaskNote};
use domain::time::Timestamp;
use futures_util::FutureExt as _;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// Tasks under way at once. Most of their time is spent waiting for callbacks.
const IN_FLIGHT: usize = 32;
/// How often the database is asked what is due, whatever the bell said (N-4).
const POLL: Duration = Duration::from_secs(1);
/// How often leases and topics are looked through.
const SWEEP: Duration = Duration::from_secs(60);
/// Pause before the end of a task is offered to a failing store again.
const RETRY: Duration = Duration::from_secs(1);
/// Longest pause before a task is done all over again because of the store.
const MAX_RETRY: Duration = Duration::from_secs(60);

/// When there is something to do; rung by the store.
#[derive(Debug, Default)]
pub(crate) struct Due {
    next: Mutex<Option<Timestamp>>,
    rung: Notify,
}

impl Due {
    /// Something is due then. Always wakes: an earlier task may be waiting for others of its host or topic.
    pub(crate) fn at(&self, at: Timestamp) {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        *next = Some(next.map_or(at, |next| next.min(at)));
        drop(next);
        self.rung.notify_one();
    }

    fn set(&self, at: Option<Timestamp>) {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    fn get(&self) -> Option<Timestamp> {
        *self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The one who runs errands.
pub(crate) struct Errands {
    ports: Ports,
    due: Arc<Due>,
}

impl Errands {
    /// For a server whose store rings `due`.
    pub(crate) fn new(ports: Ports, due: Arc<Due>) -> Self {
        Self { ports, due }
    }

    /// Runs errands until `stop`, then ends those under way.
    pub(crate) async fn run(&self, stop: &CancellationToken) {
        if self.ports.dialects.hub().is_none() {
            return;
        }
        let mut under_way = JoinSet::new();
        let mut next_sweep = self.ports.clock.now();
        while !stop.is_cancelled() {
            let now = self.ports.clock.now();
            if now >= next_sweep {
                next_sweep = now.plus(SWEEP);
                self.sweep().await;
            }
            let full = match self.claim(now, IN_FLIGHT - under_way.len()).await {
                Ok(tasks) => {
                    for task in tasks {
                        let ports = self.ports.clone();
                        under_way.spawn(async move { see_through(&ports, &task).await });
                    }
                    under_way.len() >= IN_FLIGHT
                }
                Err(error) => {
                    tracing::warn!(%error, "the hub's tasks could not be read");
                    false
                }
            };
            tokio::select! {
                _ = under_way.join_next(), if !under_way.is_empty() => {}
                () = self.due.rung.notified(), if !full => {}
                () = sleep(self.pause()), if !full => {}
                () = stop.cancelled() => {}
            }
        }
        while under_way.join_next().await.is_some() {}
    }

    /// Until something is due, at most a poll.
    fn pause(&self) -> Duration {
        let due = self.due.get().map_or(POLL, |due| due.since(self.ports.clock.now()));
        // What is due and was not claimed waits for others of its host or topic.
        if due.is_zero() { POLL } else { due.min(POLL) }
    }

    /// Claims what is due, if anything is.
    async fn claim(&self, now: Timestamp, room: usize) -> Result<Vec<Task>, StoreError> {
        // What is put down while the database is asked rings, and so is looked for once more.
        let next = self.ports.store.next_task().await?;
        self.due.set(next);
        if room == 0 || next.is_none_or(|next| next > now) {
            return Ok(Vec::new());
        }
        let tasks = self.ports.store.claim_tasks(now, room).await?;
        self.due.set(self.ports.store.next_task().await?);
        Ok(tasks)
    }

    /// Does everything that is due now, one after the other: for tests that move the clock by hand.
    pub(crate) async fn tick(&self) -> Result<(), StoreError> {
        loop {
            let tasks = self.ports.store.claim_tasks(self.ports.clock.now(), 1).await?;
            let Some(task) = tasks.first() else { return Ok(()) };
            see_through(&self.ports, task).await;
        }
    }

    /// Looks leases and topics through.
    pub(crate) async fn sweep(&self) {
        match sweep(&self.ports).await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "{ended} subscriptions ended"),
            Err(error) => tracing::warn!(%error, "subscriptions could not be swept"),
        }
        match self.ports.store.hub_backlog(self.ports.clock.now()).await {
            Ok(backlog) => {
                metrics::gauge!("postrider_hub_tasks").set(count(backlog.tasks));
                metrics::gauge!("postrider_hub_subscriptions_expiring").set(count(backlog.expiring));
            }
            Err(error) => tracing::warn!(%error, "the hub's backlog could not be counted"),
        }
        let topics = self.ports.directory().topics();
        let subscriptions: usize = topics.iter().map(|topic| self.ports.directory().subscription_count(topic.id)).sum();
        metrics::gauge!("postrider_hub_subscriptions").set(count(subscriptions as u64));
    }
}

/// Performs a task and commits what came of it. A panic costs this try, as with deliveries (D-13).
async fn see_through(ports: &Ports, task: &Task) {
    if AssertUnwindSafe(perform_and_commit(ports, task)).catch_unwind().await.is_ok() {
        return;
    }
    tracing::error!(task = task.id.0, "task {} panicked", task.id);
    match insist(ports, &failed(ports, task, "internal error")).await {
        Ok(note) => tell(task, &note),
        // Claimed as it is; the next start frees it, and drops it in the end.
        Err(error) => tracing::error!(%error, task = task.id.0, "task {} could not be ended", task.id),
    }
}

async fn perform_and_commit(ports: &Ports, task: &Task) {
    let mut pause = RETRY;
    loop {
        let error = match perform(ports, task).await {
            Ok(end) => match insist(ports, &end).await {
                Ok(note) => return tell(task, &note),
                Err(error) => error,
            },
            Err(error) => error,
        };
        tracing::warn!(%error, task = task.id.0, "task {} must be done again: {error}", task.id);
        // Each time may call a stranger.
        sleep(pause).await;
        pause = (pause * 2).min(MAX_RETRY);
    }
}

/// Offers the end of a task to the store until it takes it: whoever was called is not called again because our disk is
/// full or our store away. An error is one that waiting does not mend.
async fn insist(ports: &Ports, end: &TaskEnd) -> Result<TaskNote, StoreError> {
    loop {
        match commit(ports, end).await {
            Err(error @ (StoreError::Busy | StoreError::Full | StoreError::Unavailable(_))) => {
                tracing::warn!(%error, task = end.task.0, "task {} could not be ended; trying again", end.task);
                sleep(RETRY).await;
            }
            other => return other,
        }
    }
}

fn tell(task: &Task, note: &TaskNote) {
    metrics::counter!("postrider_hub_tasks_total", "job" => task.job.name(), "outcome" => note.outcome.clone())
        .increment(1);
    tracing::info!(
        task = task.id.0,
        job = note.job,
        topic = note.topic,
        mode = note.mode,
        callback_host = note.callback_host,
        callback = note.callback_hash,
        status = note.status,
        reason = note.reason,
        "{} {}: {}",
        note.job,
        task.id,
        note.outcome
    );
}

#[expect(clippy::cast_precision_loss, reason = "a gauge needs no more than 52 bits")]
fn count(number: u64) -> f64 {
    number as f64
}
