//! What the engine's tasks share: the scheduler's lock, sleeping couriers, and the bell the store rings.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::delivery::{PlannedDelivery, Work};
use domain::id::HookId;
use domain::ports::{Bell, Clock};
use domain::time::Timestamp;
use tokio::sync::Notify;

use crate::lanes::Charge;
use crate::scheduler::{Job, Observed, State};

/// A courier's number.
pub(crate) type Seat = usize;

/// Shared by all tasks.
pub(crate) struct Shared {
    inner: Mutex<Inner>,
    /// Where each courier sleeps.
    seats: Vec<Notify>,
    /// Wakes the dispatcher: rows became due, or a lane got room for them.
    pub(crate) dispatch: Notify,
    clock: Arc<dyn Clock>,
}

struct Inner {
    state: State,
    /// Sleeping couriers; the last to fall asleep is the first to be woken, its memory is still warm.
    asleep: Vec<Seat>,
}

impl Shared {
    /// For `seats` couriers.
    pub(crate) fn new(state: State, seats: usize, clock: Arc<dyn Clock>) -> Self {
        Self {
            inner: Mutex::new(Inner { state, asleep: Vec::with_capacity(seats) }),
            seats: (0..seats).map(|_| Notify::new()).collect(),
            dispatch: Notify::new(),
            clock,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // The state is changed by code that does not panic half-way; delivering on beats stopping for good.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs `change` on the scheduler, then wakes a courier if it is somebody's turn.
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut inner = self.lock();
        let result = change(&mut inner.state);
        let woken = inner.wake_one();
        drop(inner);
        self.wake(woken);
        result
    }

    /// Waits for the next delivery; `None` when the engine shuts down.
    pub(crate) async fn next(&self, seat: Seat) -> Option<Job> {
        loop {
            match self.try_next(seat) {
                Turn::Job(job) => return Some(job),
                Turn::Asleep => self.seats[seat].notified().await,
                Turn::Closed => return None,
            }
        }
    }

    /// The next delivery, or the courier counts as asleep.
    fn try_next(&self, seat: Seat) -> Turn {
        let (monotonic, now) = (self.clock.monotonic(), self.clock.now());
        let mut inner = self.lock();
        if inner.state.is_closed() {
            return Turn::Closed;
        }
        let mut rows_wanted = false;
        let job = inner.state.next(monotonic, now, &mut rows_wanted);
        // One courier wakes the next, so that many turns at once do not depend on the first one's exchange.
        let woken = job.as_ref().and_then(|_| inner.wake_one());
        if job.is_none() {
            inner.asleep.push(seat);
        }
        drop(inner);
        self.wake(woken);
        if rows_wanted {
            self.dispatch.notify_one();
        }
        job.map_or(Turn::Asleep, Turn::Job)
    }

    /// The delivery is done. The courier asks for the next one at once, so nobody needs waking.
    pub(crate) fn release(&self, job: Job, observed: &Observed) {
        self.lock().state.release(job, observed);
    }

    /// Wakes every courier: shutting down.
    pub(crate) fn wake_all(&self) {
        let asleep = std::mem::take(&mut self.lock().asleep);
        for seat in asleep {
            self.seats[seat].notify_one();
        }
    }

    fn wake(&self, seat: Option<Seat>) {
        if let Some(seat) = seat {
            self.seats[seat].notify_one();
        }
    }
}

/// What a courier that asks for work gets.
enum Turn {
    Job(Job),
    Asleep,
    Closed,
}

impl Inner {
    fn wake_one(&mut self) -> Option<Seat> {
        if self.state.has_turns() { self.asleep.pop() } else { None }
    }
}

impl Bell for Shared {
    fn admit(&self, deliveries: &[PlannedDelivery], bytes: usize) -> Vec<bool> {
        let mut inner = self.lock();
        let state = &mut inner.state;
        let fits = state.has_bytes(bytes);
        let admitted: Vec<_> = deliveries.iter().map(|planned| fits && state.reserve(planned.hook)).collect();
        if admitted.contains(&true) {
            state.held().fetch_add(bytes, Ordering::Relaxed);
        }
        admitted
    }

    fn withdraw(&self, deliveries: &[PlannedDelivery], bytes: usize, admitted: &[bool]) {
        let mut inner = self.lock();
        let state = &mut inner.state;
        for (planned, admitted) in deliveries.iter().zip(admitted) {
            if *admitted {
                state.unreserve(planned.hook);
            }
        }
        if admitted.contains(&true) {
            state.held().fetch_sub(bytes, Ordering::Relaxed);
        }
    }

    fn ring(&self, work: Vec<Work>, bytes: usize) {
        if work.is_empty() {
            return;
        }
        let count = work.len();
        let mut inner = self.lock();
        let charge = Charge::counted(bytes, inner.state.held());
        for work in work {
            inner.state.fill(work, charge.clone());
        }
        let few = count.min(inner.asleep.len());
        let woken = if inner.state.has_turns() { inner.asleep.len() - few..inner.asleep.len() } else { 0..0 };
        let woken: Vec<Seat> = inner.asleep.drain(woken).collect();
        drop(inner);
        for seat in woken {
            self.seats[seat].notify_one();
        }
    }

    fn due(&self, hook: HookId, at: Timestamp) {
        let mut inner = self.lock();
        let sooner = inner.state.next_due().is_none_or(|next| at < next);
        inner.state.set_due(hook, at);
        drop(inner);
        if sooner {
            self.dispatch.notify_one();
        }
    }
}
