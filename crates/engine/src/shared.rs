//! What the engine's tasks share: the scheduler's lock, sleeping couriers, and the bell the store rings.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::delivery::{PlannedDelivery, Reason, Work};
use domain::id::{BuildId, HookId};
use domain::ports::{Bell, Clock};
use domain::rules::breaker::Observation;
use domain::time::Timestamp;
use tokio::sync::Notify;

use crate::builds::BuildBell;
use crate::errands::Due;
use crate::lanes::{Charge, Item};
use crate::scheduler::{Change, Job, Observed, State};

/// A courier's number.
pub(crate) type Seat = usize;

/// Shared by all tasks.
pub(crate) struct Shared {
    inner: Mutex<Inner>,
    /// Where each courier sleeps.
    seats: Vec<Notify>,
    /// Wakes the dispatcher: rows became due, a lane got room for them, or deliveries are to be held.
    pub(crate) dispatch: Notify,
    /// Wakes whoever ends skipped deliveries.
    skips: Notify,
    /// When the hub has something to do.
    pub(crate) errands: Arc<Due>,
    /// Who runs builds.
    pub(crate) builds: Arc<BuildBell>,
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
            skips: Notify::new(),
            errands: Arc::default(),
            builds: Arc::default(),
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
        let aside = inner.state.has_aside();
        drop(inner);
        self.wake(woken);
        self.tell_of(aside);
        result
    }

    /// Wakes those who look after deliveries that were set aside.
    fn tell_of(&self, (held_back, skipped): (bool, bool)) {
        if held_back {
            self.dispatch.notify_one();
        }
        if skipped {
            self.skips.notify_one();
        }
    }

    /// The database did not take them; they wait for the next tick, which nobody hurries.
    pub(crate) fn keep_held_back(&self, items: Vec<Item>) {
        self.lock().state.keep_held_back(items);
    }

    /// Waits for deliveries that end as skipped; `None` when the engine shuts down.
    pub(crate) async fn next_skipped(&self) -> Option<Vec<(Item, Reason)>> {
        loop {
            let skipped = {
                let mut inner = self.lock();
                if inner.state.is_closed() {
                    return None;
                }
                inner.state.take_skipped()
            };
            if !skipped.is_empty() {
                return Some(skipped);
            }
            self.skips.notified().await;
        }
    }

    /// Takes in what an exchange said about its receiver, before it is settled (D-11, D-20).
    pub(crate) fn observe(&self, job: &Job, what: Observation, jitter: f64) -> Option<Change> {
        let now = self.clock.now();
        let mut inner = self.lock();
        let change = inner.state.observe(job, what, now, jitter);
        let aside = inner.state.has_aside();
        drop(inner);
        self.tell_of(aside);
        if change.is_some_and(|change| change.step.breaker.open_until != change.before.open_until) {
            // Rows of a breaker that closed are due now; of one that opened, those that a person asked for.
            self.dispatch.notify_one();
        }
        change
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
        let dispatch = self.lock().state.release(job, observed, &|| self.clock.now());
        if dispatch {
            self.dispatch.notify_one();
        }
    }

    /// Wakes every courier: shutting down.
    pub(crate) fn wake_all(&self) {
        self.skips.notify_one();
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
        let admitted: Vec<_> = deliveries.iter().map(|planned| state.reserve(planned.hook, fits)).collect();
        state.count_event();
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
            inner.state.fill(work, charge.clone(), &|| self.clock.now());
        }
        let aside = inner.state.has_aside();
        let few = count.min(inner.asleep.len());
        let woken = if inner.state.has_turns() { inner.asleep.len() - few..inner.asleep.len() } else { 0..0 };
        let woken: Vec<Seat> = inner.asleep.drain(woken).collect();
        drop(inner);
        self.tell_of(aside);
        for seat in woken {
            self.seats[seat].notify_one();
        }
    }

    fn due(&self, hook: HookId, at: Timestamp) {
        let mut inner = self.lock();
        let before = inner.state.next_due();
        inner.state.set_due(hook, at);
        let after = inner.state.next_due();
        drop(inner);
        // A lane that rests changes nothing.
        if before.is_none_or(|before| after.is_some_and(|after| after < before)) {
            self.dispatch.notify_one();
        }
    }

    fn asked(&self, hook: HookId, at: Timestamp) {
        self.lock().state.asked(hook, at);
        self.dispatch.notify_one();
    }

    fn errand(&self, at: Timestamp) {
        self.errands.at(at);
    }

    fn build(&self, build: BuildId) {
        self.builds.ring(build);
    }

    fn changed(&self, hook: HookId) {
        let now = self.clock.now();
        self.with(|state| state.changed(hook, now));
        self.dispatch.notify_one();
    }
}
