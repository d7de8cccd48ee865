//! Writes what came of attempts, many in one transaction (D-11), and keeps it while the store is away (N-5).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::attempt::{Next, Settlement};
use domain::id::HookId;
use domain::ports::Queue;
use domain::time::Timestamp;
use tokio::sync::{Notify, Semaphore, oneshot};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::settings::EngineSettings;
use crate::shared::Shared;

/// Pause between two tries while the store fails (N-5).
const RETRY: Duration = Duration::from_secs(1);

/// The settler: couriers hand in, one task writes.
pub(crate) struct Settler {
    pending: Mutex<Pending>,
    /// Something was handed in.
    arrived: Notify,
    /// A batch is full, or somebody waits for its commit.
    pressed: Notify,
    /// One permit for each attempt that may still be handed in (P4).
    room: Semaphore,
    settings: Arc<EngineSettings>,
}

#[derive(Default)]
struct Pending {
    entries: VecDeque<Entry>,
    /// Somebody waits for the commit of one of them.
    pressed: bool,
}

struct Entry {
    settlement: Settlement,
    committed: Option<oneshot::Sender<()>>,
}

impl Settler {
    /// Nothing to write yet.
    pub(crate) fn new(settings: Arc<EngineSettings>) -> Self {
        Self {
            pending: Mutex::default(),
            arrived: Notify::new(),
            pressed: Notify::new(),
            room: Semaphore::new(settings.max_unsettled),
            settings,
        }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a settlement in. Waits only while too many are unsettled (P4).
    pub(crate) async fn hand_in(&self, settlement: Settlement) {
        self.push(settlement, None).await;
    }

    /// Hands a settlement in and waits for its commit: for retries and final failures (D-11).
    pub(crate) async fn commit(&self, settlement: Settlement) {
        let (committed, wait) = oneshot::channel();
        self.push(settlement, Some(committed)).await;
        // An error means the settler is gone, at the end of a shutdown: recovery will repeat this delivery.
        let _ = wait.await;
    }

    async fn push(&self, settlement: Settlement, committed: Option<oneshot::Sender<()>>) {
        self.room.acquire().await.expect("the semaphore is never closed").forget();
        let waited_for = committed.is_some();
        let mut pending = self.pending();
        pending.entries.push_back(Entry { settlement, committed });
        let (first, full) = (pending.entries.len() == 1, pending.entries.len() == self.settings.settle_batch);
        let pressed = waited_for && !pending.pressed;
        pending.pressed |= waited_for;
        drop(pending);
        if first {
            self.arrived.notify_one();
        }
        if full || pressed {
            self.pressed.notify_one();
        }
    }

    /// How many attempts are handed in and not taken for writing.
    pub(crate) fn unsettled(&self) -> usize {
        self.pending().entries.len()
    }

    /// Writes until `stop`; then writes what is left and returns.
    pub(crate) async fn run(&self, store: &dyn Queue, shared: &Shared, stop: &CancellationToken) {
        let mut extra = 0;
        loop {
            tokio::select! {
                () = self.arrived.notified() => {}
                () = stop.cancelled() => {}
            }
            self.linger(stop).await;
            while self.write_batch(store, shared, &mut extra).await && self.is_pressed() {}
            let left = self.unsettled();
            if left > 0 {
                self.arrived.notify_one();
            } else if stop.is_cancelled() {
                return;
            }
        }
    }

    /// Waits for more to write in the same transaction, unless there is reason to hurry.
    async fn linger(&self, stop: &CancellationToken) {
        if self.is_pressed() || stop.is_cancelled() {
            return;
        }
        let pressed = async {
            loop {
                self.pressed.notified().await;
                // The permit may be left over from an earlier batch.
                if self.is_pressed() {
                    return;
                }
            }
        };
        tokio::select! {
            _ = timeout(self.settings.settle_delay, pressed) => {}
            () = stop.cancelled() => {}
        }
    }

    fn is_pressed(&self) -> bool {
        let pending = self.pending();
        pending.pressed || pending.entries.len() >= self.settings.settle_batch
    }

    /// Writes one batch, however often the store must be asked. Returns whether there was one. `extra` counts permits
    /// given out beyond the usual limit, because the store failed.
    async fn write_batch(&self, store: &dyn Queue, shared: &Shared, extra: &mut usize) -> bool {
        let (batch, waiting) = self.take_batch();
        if batch.is_empty() {
            return false;
        }
        let count = batch.len();
        let retries: Vec<_> = batch.iter().filter_map(retry_due).collect();
        while let Err(error) = store.settle(batch.clone()).await {
            let unsettled = count + self.unsettled();
            tracing::error!(%error, unsettled, "attempts could not be recorded; kept in memory, trying again");
            if *extra == 0 {
                *extra = self.settings.max_unsettled_failing.saturating_sub(self.settings.max_unsettled);
                self.room.add_permits(*extra);
            }
            sleep(RETRY).await;
        }
        self.room.add_permits(count);
        *extra -= self.room.forget_permits(*extra);
        if !retries.is_empty() {
            shared.with(|state| retries.into_iter().for_each(|(hook, at)| state.set_due(hook, at)));
        }
        for committed in waiting {
            // The courier is gone only if the engine is being dropped.
            let _ = committed.send(());
        }
        true
    }

    fn take_batch(&self) -> (Vec<Settlement>, Vec<oneshot::Sender<()>>) {
        let mut pending = self.pending();
        let count = pending.entries.len().min(self.settings.settle_batch);
        let mut waiting = Vec::new();
        let entries = pending.entries.drain(..count).map(|entry| {
            waiting.extend(entry.committed);
            entry.settlement
        });
        let batch = entries.collect();
        pending.pressed = pending.entries.iter().any(|entry| entry.committed.is_some());
        (batch, waiting)
    }
}

/// The lane and moment of the retry that follows, if one does.
fn retry_due(settlement: &Settlement) -> Option<(HookId, Timestamp)> {
    match settlement.next {
        Next::RetryAt(at) => Some((settlement.attempt.hook, at)),
        Next::Ended { .. } => None,
    }
}

#[cfg(test)]
mod tests;
