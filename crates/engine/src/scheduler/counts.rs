//! What is counted: for metrics, and for tests.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use domain::hook::DialectName;
use domain::rules::breaker::BreakerState;
use domain::time::Timestamp;

use super::State;
use crate::gates::{LaneId, SLOW};
use crate::lanes::Pace;

/// What the engine is doing, for metrics and tests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Deliveries being sent.
    pub in_flight: usize,
    /// Deliveries in memory, not yet sent.
    pub queued: usize,
    /// Lanes known.
    pub lanes: usize,
    /// Deliveries in the fullest lane.
    pub deepest_lane: usize,
    /// Breakers that are open or half-open.
    pub open_breakers: usize,
    /// Lanes known to be slow.
    pub slow_lanes: usize,
    /// Exchanges in flight in those.
    pub slow_in_flight: usize,
    /// Bytes of messages held in memory.
    pub held_bytes: usize,
    /// Attempts whose records are not committed yet.
    pub unsettled: usize,
    /// The earliest due time known among rows in the database.
    pub oldest_due: Option<Timestamp>,
}

/// How many breakers of a dialect's hooks are not closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct BreakerCounts {
    pub(crate) open: usize,
    pub(crate) half_open: usize,
    pub(crate) healing: usize,
    /// Deliveries held so far.
    pub(crate) held: u64,
}

impl State {
    /// What is going on.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let lanes = || self.lanes.iter().flatten();
        Snapshot {
            in_flight: self.in_flight,
            queued: lanes().map(|lane| lane.queue.len()).sum(),
            lanes: lanes().count(),
            deepest_lane: lanes().map(|lane| lane.queue.len()).max().unwrap_or(0),
            open_breakers: lanes().filter(|lane| lane.health.is_open()).count(),
            slow_lanes: lanes().filter(|lane| lane.pace == Pace::Slow).count(),
            slow_in_flight: self.gates.inside(SLOW),
            held_bytes: self.held.load(Ordering::Relaxed),
            unsettled: 0,
            oldest_due: lanes().filter_map(|lane| lane.due).min(),
        }
    }

    /// Deliveries for hooks of these dialects have their events counted. At most eight dialects.
    pub(crate) fn count_publishes(&mut self, dialects: impl IntoIterator<Item = DialectName>) {
        self.publishes = dialects.into_iter().take(8).map(|dialect| (dialect, 0)).collect();
    }

    /// All places for an event were asked for: counts it for the dialects that want it.
    pub(crate) fn count_event(&mut self) {
        if self.marks == 0 {
            return;
        }
        for (bit, (_, count)) in self.publishes.iter_mut().enumerate() {
            *count += u64::from(self.marks >> bit & 1);
        }
        self.marks = 0;
    }

    /// Events counted so far, by dialect.
    pub(crate) fn publishes(&self) -> &[(DialectName, u64)] {
        &self.publishes
    }

    pub(super) fn count_held(&mut self, id: LaneId, count: u64) {
        let health = &self.lane(id).health;
        if let Some(dialect) = health.dialect.filter(|_| health.holds()) {
            *self.held_count.entry(dialect).or_default() += count;
        }
    }

    /// How many breakers are not closed, by dialect.
    pub(crate) fn breakers(&self, now: Timestamp) -> HashMap<DialectName, BreakerCounts> {
        let mut counts: HashMap<DialectName, BreakerCounts> = HashMap::new();
        for (dialect, held) in &self.held_count {
            counts.entry(*dialect).or_default().held = *held;
        }
        for lane in self.lanes.iter().flatten() {
            let Some(dialect) = lane.health.dialect else { continue };
            match lane.health.breaker().state(now) {
                BreakerState::Closed => {}
                BreakerState::Open => counts.entry(dialect).or_default().open += 1,
                BreakerState::HalfOpen => counts.entry(dialect).or_default().half_open += 1,
                BreakerState::Healing => counts.entry(dialect).or_default().healing += 1,
            }
        }
        counts
    }
}
