//! Breakers: what is set aside while one is open, what opens and closes it, and who probes (D-20).

use std::collections::HashMap;

use domain::attempt::BreakerStep;
use domain::delivery::{Reason, Work};
use domain::id::HookId;
use domain::rules::breaker::{Breaker, Observation, OnOpen, Seen};
use domain::time::Timestamp;

use super::{Job, Now, State};
use crate::gates::LaneId;
use crate::lanes::{Item, Lane, Listed};

/// What an observation changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    /// What to note.
    pub(crate) step: BreakerStep,
    /// The breaker before.
    pub(crate) before: Breaker,
    /// What it does when open.
    pub(crate) on_open: OnOpen,
}

/// Where a delivery goes that comes to its lane.
enum Fate {
    Queued,
    HeldBack,
    Skipped(Reason),
}

impl Lane {
    /// Another version of the hook begins with a closed breaker.
    pub(super) fn forget_breaker_of_others(&mut self, version: u32) {
        if self.health.version != version {
            self.health.version = version;
            if !self.health.breaker().is_untroubled() {
                self.health.set(Breaker::default());
            }
        }
    }
}

impl State {
    /// Looks up what a new lane must know of its hook's dialect, which never changes.
    pub(super) fn know_dialect(&self, lane: &mut Lane) {
        let hook = self.directory.hook(lane.hook);
        lane.health.version = hook.as_ref().map_or(0, |hook| hook.version);
        let dialect = hook.map(|hook| hook.dialect);
        let settings = self.settings.breaker_of(dialect);
        lane.health.dialect = dialect;
        lane.health.skip_above = match settings.on_open {
            OnOpen::Hold => None,
            OnOpen::Skip => Some(settings.in_flight_max),
        };
        let bit = self.publishes.iter().position(|(counted, _)| Some(*counted) == dialect);
        lane.health.counted = bit.map_or(0, |bit| 1 << bit);
    }

    /// A delivery comes to its lane.
    pub(super) fn push(&mut self, id: LaneId, item: Item, now: Now<'_>) {
        match self.fate(id, &item, now) {
            Fate::Queued => {
                let lane = self.lane(id);
                lane.queue.push_back(item);
                let skips = lane.health.skip_above.is_some();
                if lane.listed == Listed::Nowhere {
                    self.join_round(id);
                }
                self.skip_load += usize::from(skips);
            }
            Fate::HeldBack => {
                self.places -= 1;
                self.held_back.push(item);
                self.newly_held_back = true;
                self.count_held(id, 1);
            }
            Fate::Skipped(reason) => {
                self.places -= 1;
                self.skipped.push((item, reason));
            }
        }
    }

    fn fate(&mut self, id: LaneId, item: &Item, now: Now<'_>) -> Fate {
        let load = self.skip_load;
        let lane = self.lane(id);
        if lane.parked && lane.paused_until.is_some_and(|until| until > now()) {
            return Fate::HeldBack;
        }
        if item.work.by_hand() {
            return Fate::Queued;
        }
        let is_open = lane.health.breaker().open_until.is_some_and(|until| until > now());
        match lane.health.skip_above {
            None if is_open => Fate::HeldBack,
            Some(_) if is_open => Fate::Skipped(Reason::BreakerOpen),
            Some(most) if load >= most => Fate::Skipped(Reason::InFlight),
            None | Some(_) => Fate::Queued,
        }
    }

    /// Empties the queue of a lane that is parked, or whose breaker opened; what a person asked for may stay in the
    /// latter.
    pub(super) fn set_aside(&mut self, id: LaneId) {
        let lane = self.lane(id);
        let keeps = |item: &Item| !lane.parked && item.work.by_hand();
        let (kept, aside): (Vec<_>, Vec<_>) = std::mem::take(&mut lane.queue).into_iter().partition(keeps);
        lane.queue.extend(kept);
        let skip = lane.health.skip_above.is_some();
        let holds = !skip || lane.parked;
        lane.overflow |= holds;
        self.places -= aside.len();
        self.skip_load -= if skip { aside.len() } else { 0 };
        if holds {
            self.count_held(id, aside.len() as u64);
            self.newly_held_back |= !aside.is_empty();
            self.held_back.extend(aside);
        } else {
            self.skipped.extend(aside.into_iter().map(|item| (item, Reason::BreakerOpen)));
        }
    }

    /// Is anything newly to be held, and anything to be skipped?
    pub(crate) fn has_aside(&mut self) -> (bool, bool) {
        (std::mem::take(&mut self.newly_held_back), !self.skipped.is_empty())
    }

    /// What is to be held in the database.
    pub(crate) fn take_held_back(&mut self) -> Vec<Item> {
        std::mem::take(&mut self.held_back)
    }

    /// The database did not take them.
    pub(crate) fn keep_held_back(&mut self, items: Vec<Item>) {
        self.held_back.extend(items);
    }

    /// What is to end as skipped.
    pub(crate) fn take_skipped(&mut self) -> Vec<(Item, Reason)> {
        std::mem::take(&mut self.skipped)
    }

    /// Takes in what an exchange said. `None`: nothing new.
    pub(crate) fn observe(&mut self, job: &Job, what: Observation, now: Timestamp, jitter: f64) -> Option<Change> {
        let limit = self.settings.bulkheads.per_hook;
        let id = job.slot.lane;
        let health = &self.lane(id).health;
        // What was sent to the hook before it was edited says nothing about it now.
        if health.version != job.slot.route.version {
            return None;
        }
        let (before, dialect) = (health.breaker(), health.dialect);
        let settings = *self.settings.breaker_of(dialect);
        let after = before.after(&Seen { what, probe: job.slot.probe, now, jitter, limit }, &settings);
        if after == before {
            return None;
        }
        let health = &mut self.lane(id).health;
        health.set(after);
        health.steps += 1;
        let step = BreakerStep { version: health.version, step: health.steps, breaker: after };
        if after.open_until != before.open_until {
            if after.open_until.is_some() {
                self.set_aside(id);
                if before.open_until.is_none() {
                    self.ask_for_by_hand(id);
                }
            } else {
                self.look_again(id, now);
            }
        }
        Some(Change { step, before, on_open: settings.on_open })
    }

    /// The lane rests no longer: rows of it that are due are wanted now, if there are any.
    fn look_again(&mut self, id: LaneId, now: Timestamp) {
        let lane = self.lane(id);
        lane.due = None;
        lane.starved = false;
        lane.health.asked = false;
        let hook = lane.hook;
        self.set_due(hook, now);
    }

    /// A probe is over. Returns whether the dispatcher has something to do.
    pub(super) fn end_probe(&mut self, id: LaneId, now: Now<'_>) -> bool {
        let lane = self.lane(id);
        lane.health.probing = false;
        let (hook, asked) = (lane.hook, lane.health.asked);
        if asked {
            self.asked.push(hook);
        }
        // It may have ended without saying anything: then the next row is wanted.
        self.ask_for_rows(id, now);
        true
    }

    /// How a hook's breaker stood when this process began.
    pub(crate) fn restore(&mut self, hook: HookId, version: u32, breaker: Breaker) {
        let id = self.lane_of(hook);
        let lane = self.lane(id);
        lane.health.version = version;
        lane.health.set(breaker);
        lane.overflow |= lane.health.holds();
        self.ask_for_by_hand(id);
    }

    /// The breaker holds from now on: rows that a person asked for may be among those it found.
    fn ask_for_by_hand(&mut self, id: LaneId) {
        let lane = self.lane(id);
        if lane.health.holds() && !lane.health.asked {
            lane.health.asked = true;
            let hook = lane.hook;
            self.asked.push(hook);
        }
    }

    /// The hook was edited or deleted: whatever stopped its lane is over (D-14).
    pub(crate) fn changed(&mut self, hook: HookId, now: Timestamp) {
        let Some(id) = self.by_hook.get(&hook).copied() else { return };
        let version = self.directory.hook(hook).map_or(0, |hook| hook.version);
        let lane = self.lane(id);
        lane.forget_breaker_of_others(version);
        lane.paused_until = None;
        lane.parked = false;
        if lane.listed == Listed::Paused {
            self.join_round(id);
        }
        self.look_again(id, now);
    }

    /// The lane has a row that a person asked for.
    pub(crate) fn asked(&mut self, hook: HookId, at: Timestamp) {
        let id = self.lane_of(hook);
        self.ask_for_by_hand(id);
        self.set_due(hook, at);
    }

    /// Open lanes that may probe now with what a person asked for, one row each. Must be followed by
    /// [`claimed_by_hand`](Self::claimed_by_hand) or [`ask_again`](Self::ask_again).
    pub(crate) fn lanes_to_probe(&mut self, now: Timestamp) -> Vec<(HookId, usize)> {
        let mut lanes = Vec::new();
        for hook in std::mem::take(&mut self.asked) {
            let id = self.lane_of(hook);
            let lane = self.lane(id);
            if !lane.health.asked {
                continue;
            }
            if let Some(until) = lane.paused_until.filter(|until| *until > now) {
                self.resume.push(std::cmp::Reverse((until, hook)));
            } else if !lane.health.holds() {
                lane.health.asked = false;
                self.set_due(hook, now);
            } else if !lane.health.probing && lane.queue.is_empty() {
                lane.health.asked = false;
                lanes.push((hook, 1));
            }
            // Else a probe is on its way, and its end asks again.
        }
        lanes
    }

    /// Takes in what was claimed for such lanes. A lane that got one may have more.
    pub(crate) fn claimed_by_hand(&mut self, works: Vec<Work>, now: Timestamp) {
        let got: HashMap<HookId, usize> = self.take_in(works, now);
        for hook in got.into_keys() {
            let id = self.lane_of(hook);
            let lane = self.lane(id);
            if !lane.health.holds() {
                // It closed meanwhile; the others are claimed like any row.
                self.set_due(hook, now);
                continue;
            }
            lane.health.asked = true;
            if lane.queue.is_empty() {
                // Its receiver asked for a long pause meanwhile.
                self.asked.push(hook);
            }
        }
    }

    /// The claim failed.
    pub(crate) fn ask_again(&mut self, lanes: &[(HookId, usize)]) {
        for (hook, _) in lanes {
            let id = self.lane_of(*hook);
            self.lane(id).health.asked = true;
            self.asked.push(*hook);
        }
    }

    /// Has a person asked for something that an open lane may probe with? Not once it is closed: what is claimed then is
    /// handed back, which asks again.
    pub(crate) fn is_asked(&self) -> bool {
        !self.asked.is_empty() && !self.closed
    }
}
