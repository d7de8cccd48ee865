//! Whose turn it is: what stops a lane, and who goes instead (D-22).

use std::cmp::Reverse;
use std::time::Duration;

use domain::hook::{Hook, HookScope};
use domain::time::Timestamp;

use super::State;
use crate::gates::{GateId, GateKey, LaneId};
use crate::lanes::{Lane, Listed, Pace, Route};

/// What stops a lane.
pub(super) enum Stop {
    /// Its own limit, pause or emptiness; the event that ends it lists the lane again.
    Itself,
    /// A gate, in whose line it waits.
    Gate(GateId),
}

impl State {
    /// What stops the lane, if anything.
    pub(super) fn stop(&mut self, id: LaneId, monotonic: Duration, now: Timestamp) -> Option<Stop> {
        let limits = self.settings.bulkheads;
        let lane = self.lane(id);
        if lane.queue.is_empty() {
            return Some(Stop::Itself);
        }
        if let Some(until) = lane.paused_until {
            if until > now {
                lane.listed = Listed::Paused;
                let hook = lane.hook;
                self.resume.push(Reverse((until, hook)));
                return Some(Stop::Itself);
            }
            lane.paused_until = None;
            lane.parked = false;
        }
        let overdue = lane.pace != Pace::Slow && lane.is_overdue(monotonic, limits.slow_after);
        if overdue {
            self.set_pace(id, Pace::Slow);
        }
        let lane = self.lane(id);
        let full =
            if lane.health.is_open() { lane.health.probing } else { lane.pending.len() >= lane.limit(limits.per_hook) };
        if full {
            return Some(Stop::Itself);
        }
        let (route, strained) = (lane.route, lane.strained_gates());
        let mut gates = route.owner.into_iter().chain(route.host).chain(strained);
        gates.find(|gate| !self.gates.has_room(*gate)).map(Stop::Gate)
    }

    /// Lets the next in line in wherever this lane could have gone in.
    pub(super) fn pass_on(&mut self, id: LaneId) {
        let lane = self.lane(id);
        let (route, strained) = (lane.route, lane.strained_gates());
        self.let_in(route.owner.into_iter().chain(route.host).chain(strained));
    }

    /// Moves as many from each line into the round as there is room for. A line is short while there is room, so this is
    /// seldom more than one.
    pub(super) fn let_in(&mut self, gates: impl Iterator<Item = GateId>) {
        for gate in gates {
            let mut left = self.gates.room(gate);
            while left > 0
                && let Some((next, ticket)) = self.gates.admit(gate)
            {
                let waits = |lane: &Lane| lane.listed == Listed::Line && lane.ticket == ticket;
                if self.lanes[next as usize].as_ref().is_some_and(waits) {
                    self.join_round(next);
                    left -= 1;
                }
            }
        }
    }

    pub(super) fn line_up(&mut self, id: LaneId, gate: GateId) {
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        let lane = self.lane(id);
        lane.listed = Listed::Line;
        lane.ticket = ticket;
        self.gates.wait(gate, id, ticket);
    }

    pub(super) fn join_round(&mut self, id: LaneId) {
        self.lane(id).listed = Listed::Round;
        self.round.push_back(id);
    }

    /// Moves the lane's exchanges in flight to the gates of its new pace.
    pub(super) fn set_pace(&mut self, id: LaneId, pace: Pace) {
        let lane = self.lane(id);
        let pending = lane.pending.len();
        let old = lane.strained_gates();
        lane.pace = pace;
        let new = lane.strained_gates();
        old.clone().for_each(|gate| self.gates.leave(gate, pending));
        new.for_each(|gate| self.gates.enter(gate, pending));
        // The gate it waits for may not concern it any more. It leaves the line first, or it would be let in there and
        // use up the turn of somebody who does need that gate.
        if self.lane(id).listed == Listed::Line {
            self.join_round(id);
        }
        self.let_in(old);
    }

    /// Finds the lane's gates when its hook is new or was edited.
    pub(super) fn reroute(&mut self, id: LaneId, hook: Option<&Hook>) {
        let old = self.lane(id).route;
        let version = hook.map_or(0, |hook| hook.version);
        self.lane(id).forget_breaker_of_others(version);
        if version == old.version {
            return;
        }
        let owner = hook.and_then(|hook| match hook.scope {
            HookScope::Account(account) => Some(account),
            // Subscribers of a topic have nothing to do with each other, and need no common limit.
            HookScope::Topic(_) => None,
            HookScope::App(app) => Some(self.directory.ci_app_by_id(app).map_or(hook.creator, |found| found.owner)),
            // A repository that is gone takes its hooks with it; until then its creator counts as the owner.
            HookScope::Repository(repository) => {
                Some(self.directory.locate_by_id(repository).map_or(hook.creator, |found| found.owner.id))
            }
        });
        let host = hook.and_then(|hook| hook.url.target().ok());
        let host = host.and_then(|target| std::str::from_utf8(&target.authority).ok());
        let route = Route {
            version,
            owner: owner.map(|owner| self.gates.know(GateKey::Owner(owner))),
            host: host.map(|host| self.gates.know(GateKey::Host(host.into()))),
        };
        let lane = self.lane(id);
        let pending = lane.pending.len();
        let before = lane.strained_gates();
        lane.route = route;
        let after = lane.strained_gates();
        before.clone().for_each(|gate| self.gates.leave(gate, pending));
        after.for_each(|gate| self.gates.enter(gate, pending));
        // If it was let in here, the turn goes to the next in the lines it left.
        self.let_in(old.owner.into_iter().chain(old.host).chain(before));
        old.owner.into_iter().chain(old.host).for_each(|gate| self.gates.forget(gate));
    }
}
