//! Rows: when lanes have some due in the database, and taking them in (N-1, N-4).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use domain::delivery::{Outgoing, Work};
use domain::id::HookId;
use domain::time::Timestamp;

use super::{MAX_PLACES, Now, State};
use crate::gates::LaneId;
use crate::lanes::{Charge, Item, Listed};

/// What an event costs in memory beside the bodies of its messages, in bytes; roughly.
pub(crate) const OUTGOING_WEIGHT: usize = 1_024;

impl State {
    /// If rows are due for this lane and it has room again, or rests, lists it for claiming.
    pub(super) fn ask_for_rows(&mut self, id: LaneId, now: Now<'_>) -> bool {
        let per_hook = self.settings.bulkheads.per_hook;
        let lane = self.lane(id);
        if !lane.starved {
            return false;
        }
        let now = now();
        if lane.rests_until(now).is_none() && lane.claim_room(now, per_hook) == 0 {
            return false;
        }
        lane.starved = false;
        let hook = lane.hook;
        self.set_due(hook, now);
        true
    }

    /// The lane has a row due then. While the lane rests, that is when the rest ends: rows that come meanwhile cost
    /// nothing.
    pub(crate) fn set_due(&mut self, hook: HookId, at: Timestamp) {
        let id = self.lane_of(hook);
        let lane = self.lane(id);
        let at = lane.rest_end().map_or(at, |end| at.max(end));
        if lane.due.is_none_or(|due| at < due) {
            lane.due = Some(at);
            self.due.push(Reverse((at, hook)));
        }
    }

    /// The earliest moment at which [`lanes_to_claim`](Self::lanes_to_claim) has something to do.
    pub(crate) fn next_due(&self) -> Option<Timestamp> {
        let first = |heap: &BinaryHeap<Reverse<(Timestamp, HookId)>>| heap.peek().map(|Reverse((at, _))| *at);
        match (first(&self.due), first(&self.resume)) {
            (Some(due), Some(resume)) => Some(due.min(resume)),
            (due, resume) => due.or(resume),
        }
    }

    /// Puts lanes whose pause is over back into the round.
    pub(crate) fn resume(&mut self, now: Timestamp) {
        while let Some(Reverse((at, hook))) = self.resume.peek().copied()
            && at <= now
        {
            self.resume.pop();
            let id = self.lane_of(hook);
            if self.lane(id).listed == Listed::Paused {
                self.join_round(id);
            }
            if self.lane(id).health.asked {
                self.asked.push(hook);
            }
        }
    }

    /// The lanes that have rows due and room for them, with their room; at most `most` rows in all. `weight` is what a
    /// row may cost in bytes: while memory is short each lane gets one row at a time, so that many lanes with much to do
    /// hold neither more than their share nor anybody up.
    pub(crate) fn lanes_to_claim(&mut self, now: Timestamp, most: usize, weight: usize) -> Vec<(HookId, usize)> {
        let mut lanes = Vec::new();
        let mut left = most.min(MAX_PLACES.saturating_sub(self.places));
        let free = self.settings.held_bytes.saturating_sub(self.held.load(Ordering::Relaxed));
        let mut affordable = free / weight.max(1);
        let per_hook = self.settings.bulkheads.per_hook;
        let mut load = self.skip_load;
        while left > 0
            && !self.closed
            && let Some(Reverse((at, hook))) = self.due.peek().copied()
            && at <= now
        {
            self.due.pop();
            let id = self.lane_of(hook);
            let lane = self.lane(id);
            if lane.due != Some(at) {
                continue;
            }
            lane.due = None;
            if lane.rests_until(now).is_some() {
                self.set_due(hook, at);
                continue;
            }
            let mut room = lane.claim_room(now, per_hook).min(left);
            if let Some(most) = lane.health.skip_above {
                // What waits in the database is not skipped for want of room in memory.
                room = room.min(most.saturating_sub(load));
                load += room;
            }
            if affordable < room {
                room = affordable.max(usize::from(room > 0 && lane.queue.is_empty()));
            }
            if room == 0 {
                lane.starved = true;
                continue;
            }
            affordable = affordable.saturating_sub(room);
            left -= room;
            lanes.push((hook, room));
        }
        lanes
    }

    /// Takes in what was claimed for `asked`. A lane that got all it asked for may have more rows.
    pub(crate) fn claimed(&mut self, asked: &[(HookId, usize)], works: Vec<Work>, now: Timestamp) {
        let got = self.take_in(works, now);
        for (hook, room) in asked {
            if got.get(hook).is_some_and(|count| count >= room) {
                self.set_due(*hook, now);
            } else {
                let id = self.lane_of(*hook);
                self.lane(id).overflow = false;
            }
        }
    }

    /// Moves claimed rows into their lanes. Returns how many each lane got.
    pub(super) fn take_in(&mut self, works: Vec<Work>, now: Timestamp) -> HashMap<HookId, usize> {
        let mut got: HashMap<HookId, usize> = HashMap::new();
        let mut charges: HashMap<*const Outgoing, Arc<Charge>> = HashMap::new();
        for work in works {
            let bytes = || work.outgoing.messages.iter().map(|message| message.body.len()).sum::<usize>();
            let charge = charges
                .entry(Arc::as_ptr(&work.outgoing))
                .or_insert_with(|| Charge::count(bytes() + OUTGOING_WEIGHT, &self.held));
            let charge = charge.clone();
            *got.entry(work.hook).or_default() += 1;
            let id = self.lane_of(work.hook);
            self.places += 1;
            self.push(id, Item { work, charge }, &|| now);
        }
        got
    }

    /// Every lane with rows, as just read: lanes not in it have none, so they take fresh work again.
    pub(crate) fn drained_but(&mut self, backlog: &HashSet<HookId>) {
        for lane in self.lanes.iter_mut().flatten() {
            if lane.overflow && lane.due.is_none() && !backlog.contains(&lane.hook) {
                lane.overflow = false;
            }
        }
    }

    /// Rows of this lane came first in the backlog of a start: fresh work queues up behind them.
    pub(crate) fn set_overflow(&mut self, hook: HookId) {
        let id = self.lane_of(hook);
        self.lane(id).overflow = true;
    }
}
