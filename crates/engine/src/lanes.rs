//! A lane: one hook's bounded queue in memory, and what is known of its receiver's pace.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use domain::delivery::Work;
use domain::hook::DialectName;
use domain::id::HookId;
use domain::rules::breaker::Breaker;
use domain::time::Timestamp;

use crate::gates::{GateId, SLOW, STRAINED, Ticket};

/// Places of a lane that is slow or paused: what is in memory for it keeps others out.
const SLOW_DEPTH: usize = 64;
/// Places of a lane that was never answered.
const NEW_DEPTH: usize = 512;
/// Rows claimed for a lane that is slow or was never answered.
const STRAINED_CLAIM: usize = 4;
/// Rows claimed for any other lane.
const CLAIM: usize = 256;
/// Weight of the newest exchange in the moving average.
const NEWEST: f64 = 0.3;

/// One delivery in a lane.
#[derive(Debug)]
pub(crate) struct Item {
    /// The delivery.
    pub(crate) work: Work,
    /// Its share of the memory budget, given back when the last delivery of the event is done.
    pub(crate) charge: Arc<Charge>,
}

/// Bytes held in memory for the deliveries of one event.
#[derive(Debug)]
pub(crate) struct Charge {
    bytes: usize,
    held: Arc<AtomicUsize>,
}

impl Charge {
    /// Takes over `bytes` that are already counted in `held`.
    pub(crate) fn counted(bytes: usize, held: &Arc<AtomicUsize>) -> Arc<Self> {
        Arc::new(Self { bytes, held: held.clone() })
    }

    /// Counts `bytes` in `held`.
    pub(crate) fn count(bytes: usize, held: &Arc<AtomicUsize>) -> Arc<Self> {
        held.fetch_add(bytes, Ordering::Relaxed);
        Self::counted(bytes, held)
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// How a receiver has been answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// Never answered since this process started.
    New,
    /// Answers in time.
    Brisk,
    /// Takes too long on average, or the last exchange timed out, or one is pending for too long.
    Slow,
}

/// Where a lane is listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Listed {
    /// Nowhere: it has nothing to do, or is at its own limit; its next event lists it.
    Nowhere,
    /// In the round of lanes whose turn comes.
    Round,
    /// In the line of a gate.
    Line,
    /// Until its pause is over.
    Paused,
}

/// The gates a lane's exchanges go through beside its own limit.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Route {
    /// Of the hook's version.
    pub(crate) version: u32,
    /// The owner's gate.
    pub(crate) owner: Option<GateId>,
    /// The destination's gate; the one after it is its share for strained lanes.
    pub(crate) host: Option<GateId>,
}

/// One hook's lane.
#[derive(Debug)]
pub(crate) struct Lane {
    /// The hook.
    pub(crate) hook: HookId,
    /// Deliveries in memory, first come first served.
    pub(crate) queue: VecDeque<Item>,
    /// Places given to deliveries that are being committed.
    pub(crate) reserved: usize,
    /// When each exchange in flight began.
    pub(crate) pending: Vec<Duration>,
    /// Where it is listed.
    pub(crate) listed: Listed,
    /// Its place in a gate's line, while it is in one.
    pub(crate) ticket: Ticket,
    /// Its gates, as of the hook's version last seen.
    pub(crate) route: Route,
    /// How its receiver has been answering.
    pub(crate) pace: Pace,
    /// Moving average of the exchange time, in seconds.
    average: f64,
    /// Fresh work is refused until the database has none left for it.
    pub(crate) overflow: bool,
    /// The earliest due time known among its rows.
    pub(crate) due: Option<Timestamp>,
    /// Rows are due, but the queue has no room; the courier that makes room says so.
    pub(crate) starved: bool,
    /// The receiver asked for a pause (D-16).
    pub(crate) paused_until: Option<Timestamp>,
    /// That pause is long: nothing waits for its end in memory.
    pub(crate) parked: bool,
    /// The hook's breaker (D-20).
    pub(crate) health: Health,
}

/// A lane's breaker and what goes with it.
#[derive(Debug, Default)]
pub(crate) struct Health {
    /// The breaker. Changed by [`set`](Self::set) alone.
    breaker: Breaker,
    /// The version of the hook that the breaker belongs to; 0 if the hook is gone.
    pub(crate) version: u32,
    /// Changes of the breaker so far.
    pub(crate) steps: u64,
    /// The breaker remembers failures. Couriers look here, without the scheduler's lock, whether a success says
    /// anything new.
    troubled: Arc<AtomicBool>,
    /// A probe is under way.
    pub(crate) probing: bool,
    /// The database has rows that a person asked for, which an open breaker does not hold.
    pub(crate) asked: bool,
    /// The hook's dialect; `None` if the hook was gone when the lane was made.
    pub(crate) dialect: Option<DialectName>,
    /// In skip mode: the limit of [`BreakerSettings::in_flight_max`](domain::rules::breaker::BreakerSettings). `None`:
    /// hold mode.
    pub(crate) skip_above: Option<usize>,
    /// The bit that marks events with deliveries for this lane, if its dialect counts them.
    pub(crate) counted: u8,
}

impl Health {
    /// The breaker.
    pub(crate) fn breaker(&self) -> Breaker {
        self.breaker
    }

    /// Puts another breaker in place.
    pub(crate) fn set(&mut self, breaker: Breaker) {
        self.breaker = breaker;
        self.troubled.store(!breaker.is_untroubled(), Ordering::Release);
    }

    /// Where to look whether a success says anything new.
    pub(crate) fn troubled(&self) -> Arc<AtomicBool> {
        self.troubled.clone()
    }

    /// Open or half-open: one at a time goes, and waits for nobody else's slots of this lane.
    pub(crate) fn is_open(&self) -> bool {
        self.breaker.open_until.is_some()
    }

    /// Open or half-open, and what comes waits in the database.
    pub(crate) fn holds(&self) -> bool {
        self.is_open() && self.skip_above.is_none()
    }
}

impl Lane {
    /// An empty lane.
    pub(crate) fn new(hook: HookId) -> Self {
        Self {
            hook,
            queue: VecDeque::new(),
            reserved: 0,
            pending: Vec::new(),
            listed: Listed::Nowhere,
            ticket: 0,
            route: Route::default(),
            pace: Pace::New,
            average: 0.0,
            overflow: false,
            due: None,
            starved: false,
            paused_until: None,
            parked: false,
            health: Health::default(),
        }
    }

    /// How many exchanges it may have in flight while its breaker is closed.
    pub(crate) fn limit(&self, per_hook: usize) -> usize {
        let limit = match self.pace {
            Pace::New => 1,
            Pace::Brisk | Pace::Slow => per_hook,
        };
        self.health.breaker.limit(limit)
    }

    /// The end of its rest, which may be past: its receiver's pause, or the pause of a breaker that holds.
    pub(crate) fn rest_end(&self) -> Option<Timestamp> {
        self.paused_until.max(self.health.breaker.open_until.filter(|_| self.health.holds()))
    }

    /// Nothing of it goes before that moment, but for what a person asked for.
    pub(crate) fn rests_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.rest_end().filter(|until| *until > now)
    }

    /// Fresh work goes to the database.
    pub(crate) fn is_shut(&self) -> bool {
        self.parked || self.health.holds()
    }

    /// How many fresh deliveries may be in memory.
    pub(crate) fn depth(&self, most: usize) -> usize {
        let depth = match self.pace {
            // A limit for all of them bounds these lanes; beyond it they skip, and do not wait in the database.
            _ if self.health.skip_above.is_some() => most,
            _ if self.paused_until.is_some() => SLOW_DEPTH,
            Pace::New => NEW_DEPTH,
            Pace::Slow => SLOW_DEPTH,
            Pace::Brisk => most,
        };
        depth.min(most)
    }

    /// How many rows to claim now; 0 until a good part of the queue is done. A half-open breaker has room for its probe.
    pub(crate) fn claim_room(&self, now: Timestamp, per_hook: usize) -> usize {
        if self.rests_until(now).is_some() {
            return 0;
        }
        if self.health.holds() {
            return usize::from(!self.health.probing && self.queue.is_empty());
        }
        let depth = match self.pace {
            // Nothing of it is sent any more.
            _ if self.health.version == 0 => CLAIM,
            Pace::New | Pace::Slow => STRAINED_CLAIM,
            Pace::Brisk if self.health.breaker.healed.is_some() => {
                (2 * self.limit(per_hook)).clamp(STRAINED_CLAIM, CLAIM)
            }
            // If the next failures open the breaker, what was claimed goes back to the database for nothing.
            Pace::Brisk if self.health.breaker.failures > 0 => STRAINED_CLAIM.max(per_hook),
            Pace::Brisk => CLAIM,
        };
        let used = self.queue.len() + self.reserved;
        if used > depth / 2 { 0 } else { depth - used }
    }

    /// The gates that strained lanes go through as well.
    pub(crate) fn strained_gates(&self) -> impl Iterator<Item = GateId> + Clone + use<> {
        let (slow, strained) = match self.pace {
            Pace::Brisk => (None, false),
            Pace::New => (None, true),
            Pace::Slow => (Some(SLOW), true),
        };
        let host = self.route.host.map(|host| host + 1);
        let both = if strained { [Some(STRAINED), host] } else { [None, None] };
        slow.into_iter().chain(both.into_iter().flatten())
    }

    /// Is an exchange pending for longer than `limit`?
    pub(crate) fn is_overdue(&self, now: Duration, limit: Duration) -> bool {
        self.pending.iter().any(|began| now.saturating_sub(*began) > limit)
    }

    /// The pace after one more exchange.
    pub(crate) fn observe(&mut self, took: Duration, answered: bool, timed_out: bool, limit: Duration) -> Pace {
        self.average = match self.pace {
            Pace::New => took.as_secs_f64(),
            Pace::Brisk | Pace::Slow => self.average * (1.0 - NEWEST) + took.as_secs_f64() * NEWEST,
        };
        match self.pace {
            _ if timed_out || self.average > limit.as_secs_f64() => Pace::Slow,
            Pace::New if !answered => Pace::New,
            Pace::New | Pace::Brisk | Pace::Slow => Pace::Brisk,
        }
    }

    /// Nothing in it, nothing on its way.
    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.reserved == 0 && self.pending.is_empty()
    }
}
