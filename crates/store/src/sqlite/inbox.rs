//! What waits for the writer thread: a bounded queue of commands (D-7), and how each is answered.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use domain::ports::{StoreError, Stored};
use tokio::sync::oneshot;

use super::writer::Tx;
use crate::error::{Done, Failure, repeat};

/// Commands that may wait (D-7).
const MAX_WAITING: usize = 10_000;
/// Payload bytes that may wait (D-7).
const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;
/// Commands taken into one transaction (D-3).
const MAX_BATCH: usize = 256;
/// Payload bytes taken into one transaction, unless one command alone has more (D-3).
const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;

/// How a command that fails is undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Care {
    /// By its own savepoint: it fails alone.
    Savepoint,
    /// Not at all: it makes sure that it either writes nothing or marks the whole transaction as spoilt. Saves the
    /// savepoint's copies of changed pages on the hottest path.
    Own,
}

/// The terms on which a command comes in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    /// Payload bytes it holds.
    pub(crate) bytes: usize,
    /// How its failure is undone.
    pub(crate) care: Care,
    /// Let in even if the queue is full: it ends work that was accepted before, and there is never more of that than
    /// is in flight.
    pub(crate) essential: bool,
}

/// A command in the queue.
pub(crate) trait Job: Send {
    /// How it came in.
    fn terms(&self) -> Terms;
    /// Does its work inside the transaction. A panic is a failure.
    fn run(&mut self, tx: &mut Tx<'_>) -> Done<()>;
    /// After the transaction: tells the caller.
    fn answer(self: Box<Self>, outcome: Result<(), &StoreError>);
}

struct Ask<F, T> {
    terms: Terms,
    work: Option<F>,
    value: Option<T>,
    reply: oneshot::Sender<Stored<T>>,
}

impl<F, T> Job for Ask<F, T>
where
    F: FnOnce(&mut Tx<'_>) -> Done<T> + Send,
    T: Send,
{
    fn terms(&self) -> Terms {
        self.terms
    }

    fn run(&mut self, tx: &mut Tx<'_>) -> Done<()> {
        let Some(work) = self.work.take() else { return Ok(()) };
        match catch_unwind(AssertUnwindSafe(|| work(tx))) {
            Ok(done) => self.value = Some(done?),
            Err(_) => return Err(Failure::Store(StoreError::Unavailable("the command panicked".to_owned()))),
        }
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), &StoreError>) {
        let answer = match (outcome, self.value) {
            (Ok(()), Some(value)) => Ok(value),
            (Ok(()), None) => Err(gone()),
            (Err(error), _) => Err(repeat(error)),
        };
        // The caller may have stopped waiting; what is committed stays committed.
        drop(self.reply.send(answer));
    }
}

/// May commands come in?
#[derive(Debug)]
enum Door {
    Open,
    /// No more; what waits is still done.
    Draining,
    /// No more, and what waits is dropped.
    Shut(String),
}

struct Waiting {
    jobs: VecDeque<Box<dyn Job>>,
    bytes: usize,
    door: Door,
}

/// The queue.
pub(crate) struct Inbox {
    waiting: Mutex<Waiting>,
    arrived: Condvar,
}

fn gone() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

impl Inbox {
    /// An empty, open queue.
    pub(crate) fn new() -> Self {
        let waiting = Waiting { jobs: VecDeque::new(), bytes: 0, door: Door::Open };
        Self { waiting: Mutex::new(waiting), arrived: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands a command to the writer and waits for the answer, which comes after the commit.
    pub(crate) async fn ask<T: Send + 'static>(
        &self,
        terms: Terms,
        work: impl FnOnce(&mut Tx<'_>) -> Done<T> + Send + 'static,
    ) -> Stored<T> {
        let (reply, answer) = oneshot::channel();
        self.push(Box::new(Ask { terms, work: Some(work), value: None, reply }))?;
        answer.await.unwrap_or_else(|_| Err(gone()))
    }

    fn push(&self, job: Box<dyn Job>) -> Stored<()> {
        let mut waiting = self.lock();
        match &waiting.door {
            Door::Open => {}
            Door::Draining => return Err(gone()),
            Door::Shut(reason) => return Err(StoreError::Unavailable(reason.clone())),
        }
        let terms = job.terms();
        let bytes = waiting.bytes + terms.bytes;
        // One oversized command may pass when nothing else waits, or it never could.
        let full = waiting.jobs.len() >= MAX_WAITING || (bytes > MAX_WAITING_BYTES && !waiting.jobs.is_empty());
        if full && !terms.essential {
            return Err(StoreError::Busy);
        }
        waiting.bytes = bytes;
        waiting.jobs.push_back(job);
        // The writer only sleeps when nothing waits.
        if waiting.jobs.len() == 1 {
            self.arrived.notify_one();
        }
        Ok(())
    }

    /// The commands of the next transaction, and how many still wait; blocks until there are some. `None`: the end.
    pub(crate) fn take(&self) -> Option<(Vec<Box<dyn Job>>, usize)> {
        let mut waiting = self.lock();
        loop {
            match waiting.door {
                Door::Shut(_) => return None,
                Door::Draining if waiting.jobs.is_empty() => return None,
                Door::Open | Door::Draining => {}
            }
            if !waiting.jobs.is_empty() {
                break;
            }
            waiting = self.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let mut jobs = Vec::with_capacity(waiting.jobs.len().min(MAX_BATCH));
        let mut bytes = 0;
        while let Some(next) = waiting.jobs.front().map(|job| job.terms().bytes) {
            if jobs.len() == MAX_BATCH || (bytes + next > MAX_BATCH_BYTES && !jobs.is_empty()) {
                break;
            }
            bytes += next;
            jobs.extend(waiting.jobs.pop_front());
        }
        waiting.bytes = waiting.bytes.saturating_sub(bytes);
        Some((jobs, waiting.jobs.len()))
    }

    /// Lets nobody in any more; what waits is still done.
    pub(crate) fn drain(&self) {
        let mut waiting = self.lock();
        if matches!(waiting.door, Door::Open) {
            waiting.door = Door::Draining;
        }
        self.arrived.notify_all();
    }

    /// Lets nobody in any more and drops what waits; its callers hear that the store is unavailable.
    pub(crate) fn shut(&self, reason: &str) {
        let mut waiting = self.lock();
        waiting.door = Door::Shut(reason.to_owned());
        let dropped = std::mem::take(&mut waiting.jobs);
        waiting.bytes = 0;
        drop(waiting);
        drop(dropped);
        self.arrived.notify_all();
    }
}
