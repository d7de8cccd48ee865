//! Which delivery goes next: lanes take turns, gates hold them back, and every decision costs the same however many
//! lanes wait (D-22, P6).
//!
//! A lane with work is listed in exactly one place: in the round, or in the line of the one gate that stopped it.
//! Whoever leaves a gate moves the next of its line into the round. A lane that comes from a line and is stopped by
//! another gate passes its turn on, so room is never left unused while somebody waits for it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::delivery::Work;
use domain::directory::Directory;
use domain::hook::{Hook, HookScope};
use domain::id::HookId;
use domain::time::Timestamp;

use crate::gates::{GateId, GateKey, Gates, LaneId, SLOW, Ticket};
use crate::lanes::{Charge, Item, Lane, Listed, Pace, Route};
use crate::settings::EngineSettings;

/// Most deliveries in memory, over all lanes: about 12 MiB of places.
const MAX_PLACES: usize = 100_000;

/// A delivery on its way, with the slots it occupies. Must be given back by [`State::release`].
#[derive(Debug)]
pub(crate) struct Job {
    /// The delivery.
    pub(crate) work: Work,
    /// Its hook as it is now; `None` if it was deleted.
    pub(crate) hook: Option<Arc<Hook>>,
    /// What to give back.
    pub(crate) slot: Slot,
    /// Memory held for its event.
    charge: Arc<Charge>,
}

/// What a delivery occupies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    lane: LaneId,
    route: Route,
    began: Duration,
}

/// What an exchange told about its receiver; `None` of it when there was none.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Observed {
    /// How long it took to get an answer or a failure.
    pub(crate) took: Option<Duration>,
    /// A response came.
    pub(crate) answered: bool,
    /// Nothing came in time.
    pub(crate) timed_out: bool,
    /// The receiver asked for a pause until then (D-16).
    pub(crate) pause_until: Option<Timestamp>,
}

/// The scheduler's state; [`crate::shared::Shared`] guards it with one lock, held for well under a microsecond.
#[derive(Debug)]
pub(crate) struct State {
    lanes: Vec<Option<Lane>>,
    free: Vec<LaneId>,
    by_hook: HashMap<HookId, LaneId>,
    round: VecDeque<LaneId>,
    last_ticket: Ticket,
    gates: Gates,
    /// Lanes with due rows, earliest first. An entry counts only while the lane still has that due time.
    due: BinaryHeap<Reverse<(Timestamp, HookId)>>,
    /// Paused lanes, by the end of their pause.
    resume: BinaryHeap<Reverse<(Timestamp, HookId)>>,
    /// Deliveries in memory and places reserved.
    places: usize,
    in_flight: usize,
    /// Bytes of messages in memory; charges give theirs back without the lock.
    held: Arc<AtomicUsize>,
    /// No delivery starts any more: shutting down.
    closed: bool,
    settings: Arc<EngineSettings>,
    directory: Arc<Directory>,
}

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

impl State {
    /// No lanes yet.
    pub(crate) fn new(settings: Arc<EngineSettings>, directory: Arc<Directory>) -> Self {
        Self {
            lanes: Vec::new(),
            free: Vec::new(),
            by_hook: HashMap::new(),
            round: VecDeque::new(),
            last_ticket: 0,
            gates: Gates::new(settings.bulkheads),
            due: BinaryHeap::new(),
            resume: BinaryHeap::new(),
            places: 0,
            in_flight: 0,
            held: Arc::default(),
            closed: false,
            settings,
            directory,
        }
    }

    fn lane(&mut self, id: LaneId) -> &mut Lane {
        self.lanes[id as usize].as_mut().expect("only empty, unlisted lanes are dropped")
    }

    fn lane_of(&mut self, hook: HookId) -> LaneId {
        if let Some(id) = self.by_hook.get(&hook) {
            return *id;
        }
        let id = if let Some(id) = self.free.pop() {
            id
        } else {
            self.lanes.push(None);
            LaneId::try_from(self.lanes.len() - 1).expect("fewer than 2^32 lanes")
        };
        self.lanes[id as usize] = Some(Lane::new(hook));
        self.by_hook.insert(hook, id);
        id
    }

    /// Reserves a place for a fresh delivery. A lane that has rows in the database refuses: they go first.
    pub(crate) fn reserve(&mut self, hook: HookId) -> bool {
        let most = self.settings.lane_depth;
        let has_places = self.places < MAX_PLACES && !self.closed;
        let id = self.lane_of(hook);
        let lane = self.lane(id);
        let has_room = lane.queue.len() + lane.reserved < lane.depth(most);
        if lane.overflow || !has_places || !has_room {
            lane.overflow = true;
            return false;
        }
        lane.reserved += 1;
        self.places += 1;
        true
    }

    /// Gives a reserved place back.
    pub(crate) fn unreserve(&mut self, hook: HookId) {
        let id = self.lane_of(hook);
        self.lane(id).reserved -= 1;
        self.places -= 1;
    }

    /// Is there room for that many bytes of messages?
    pub(crate) fn has_bytes(&self, bytes: usize) -> bool {
        !self.closed && self.held.load(Ordering::Relaxed).saturating_add(bytes) <= self.settings.held_bytes
    }

    /// The counter of bytes held.
    pub(crate) fn held(&self) -> &Arc<AtomicUsize> {
        &self.held
    }

    /// Moves a delivery into the place reserved for it.
    pub(crate) fn fill(&mut self, work: Work, charge: Arc<Charge>) {
        let id = self.lane_of(work.hook);
        self.lane(id).reserved -= 1;
        self.push(id, Item { work, charge });
    }

    fn push(&mut self, id: LaneId, item: Item) {
        let lane = self.lane(id);
        lane.queue.push_back(item);
        if lane.listed == Listed::Nowhere {
            self.join_round(id);
        }
    }

    /// Is any lane's turn?
    pub(crate) fn has_turns(&self) -> bool {
        !self.round.is_empty() && !self.closed
    }

    /// The next delivery that may go. `rows_wanted` is set when a lane got room for rows that are due.
    pub(crate) fn next(&mut self, monotonic: Duration, now: Timestamp, rows_wanted: &mut bool) -> Option<Job> {
        while !self.closed
            && let Some(id) = self.round.pop_front()
        {
            self.lane(id).listed = Listed::Nowhere;
            let lane_hook = self.lane(id).hook;
            let hook = self.directory.hook(lane_hook);
            self.reroute(id, hook.as_deref());
            if let Some(stopped) = self.stop(id, monotonic, now) {
                if let Stop::Gate(gate) = stopped {
                    self.line_up(id, gate);
                }
                self.pass_on(id);
                continue;
            }
            let job = self.take(id, hook, monotonic);
            *rows_wanted |= self.ask_for_rows(id, now);
            if job.is_some() {
                return job;
            }
        }
        None
    }

    /// What stops the lane, if anything.
    fn stop(&mut self, id: LaneId, monotonic: Duration, now: Timestamp) -> Option<Stop> {
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
        }
        let overdue = lane.pace != Pace::Slow && lane.is_overdue(monotonic, limits.slow_after);
        if overdue {
            self.set_pace(id, Pace::Slow);
        }
        let lane = self.lane(id);
        if lane.pending.len() >= lane.limit(limits.per_hook) {
            return Some(Stop::Itself);
        }
        let (route, strained) = (lane.route, lane.strained_gates());
        let mut gates = route.owner.into_iter().chain(route.host).chain(strained);
        gates.find(|gate| !self.gates.has_room(*gate)).map(Stop::Gate)
    }

    /// Lets the next in line in wherever this lane could have gone in.
    fn pass_on(&mut self, id: LaneId) {
        let lane = self.lane(id);
        let (route, strained) = (lane.route, lane.strained_gates());
        self.let_in(route.owner.into_iter().chain(route.host).chain(strained));
    }

    /// Moves as many from each line into the round as there is room for. A line is short while there is room, so this is
    /// seldom more than one.
    fn let_in(&mut self, gates: impl Iterator<Item = GateId>) {
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

    fn line_up(&mut self, id: LaneId, gate: GateId) {
        self.last_ticket += 1;
        let ticket = self.last_ticket;
        let lane = self.lane(id);
        lane.listed = Listed::Line;
        lane.ticket = ticket;
        self.gates.wait(gate, id, ticket);
    }

    fn join_round(&mut self, id: LaneId) {
        self.lane(id).listed = Listed::Round;
        self.round.push_back(id);
    }

    /// Starts the lane's first delivery.
    fn take(&mut self, id: LaneId, hook: Option<Arc<Hook>>, monotonic: Duration) -> Option<Job> {
        let lane = self.lane(id);
        let Item { work, charge } = lane.queue.pop_front()?;
        lane.pending.push(monotonic);
        let more = !lane.queue.is_empty();
        let (route, strained) = (lane.route, lane.strained_gates());
        for gate in route.owner.into_iter().chain(route.host).chain(strained) {
            self.gates.enter(gate, 1);
        }
        if more {
            self.join_round(id);
        }
        self.in_flight += 1;
        self.places -= 1;
        Some(Job { work, hook, slot: Slot { lane: id, route, began: monotonic }, charge })
    }

    /// If rows are due for this lane and it has room again, lists it for claiming.
    fn ask_for_rows(&mut self, id: LaneId, now: Timestamp) -> bool {
        let lane = self.lane(id);
        if !lane.starved || lane.claim_room() == 0 {
            return false;
        }
        lane.starved = false;
        let hook = lane.hook;
        self.set_due(hook, now);
        true
    }

    /// A delivery is done: its slots go to whoever waits for them.
    pub(crate) fn release(&mut self, job: Job, observed: &Observed) {
        let Slot { lane: id, route, began } = job.slot;
        drop(job.charge);
        let limits = self.settings.bulkheads;
        self.in_flight -= 1;
        let lane = self.lane(id);
        let strained = lane.strained_gates();
        if let Some(at) = lane.pending.iter().position(|pending| *pending == began) {
            lane.pending.swap_remove(at);
        }
        let pace = match observed.took {
            Some(took) => lane.observe(took, observed.answered, observed.timed_out, limits.slow_after),
            None => lane.pace,
        };
        lane.paused_until = lane.paused_until.max(observed.pause_until);
        for gate in route.owner.into_iter().chain(route.host).chain(strained) {
            self.gates.leave(gate, 1);
        }
        if pace != self.lane(id).pace {
            self.set_pace(id, pace);
        }
        let lane = self.lane(id);
        if lane.listed == Listed::Nowhere && !lane.queue.is_empty() {
            self.join_round(id);
        }
        let strained = self.lane(id).strained_gates();
        self.let_in(route.owner.into_iter().chain(route.host).chain(strained));
    }

    /// Moves the lane's exchanges in flight to the gates of its new pace.
    fn set_pace(&mut self, id: LaneId, pace: Pace) {
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
    fn reroute(&mut self, id: LaneId, hook: Option<&Hook>) {
        let old = self.lane(id).route;
        let version = hook.map_or(0, |hook| hook.version);
        if version == old.version {
            return;
        }
        let owner = hook.map(|hook| match hook.scope {
            HookScope::Account(account) => account,
            // A repository that is gone takes its hooks with it; until then its creator counts as the owner.
            HookScope::Repository(repository) => {
                self.directory.locate_by_id(repository).map_or(hook.creator, |found| found.owner.id)
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

    /// The lane has a row due then.
    pub(crate) fn set_due(&mut self, hook: HookId, at: Timestamp) {
        let id = self.lane_of(hook);
        let lane = self.lane(id);
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
        }
    }

    /// The lanes that have rows due and room for them, with their room; at most `most` rows in all.
    pub(crate) fn lanes_to_claim(&mut self, now: Timestamp, most: usize) -> Vec<(HookId, usize)> {
        let mut lanes = Vec::new();
        let mut left = most.min(MAX_PLACES.saturating_sub(self.places));
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
            let room = lane.claim_room().min(left);
            lane.due = None;
            if room == 0 {
                lane.starved = true;
                continue;
            }
            left -= room;
            lanes.push((hook, room));
        }
        lanes
    }

    /// Takes in what was claimed for `asked`. A lane that got all it asked for may have more rows.
    pub(crate) fn claimed(&mut self, asked: &[(HookId, usize)], works: Vec<Work>, now: Timestamp) {
        let mut got: HashMap<HookId, usize> = HashMap::with_capacity(asked.len());
        let mut charges: HashMap<*const domain::delivery::Outgoing, Arc<Charge>> = HashMap::new();
        for work in works {
            let bytes = || work.outgoing.messages.iter().map(|message| message.body.len()).sum();
            let charge =
                charges.entry(Arc::as_ptr(&work.outgoing)).or_insert_with(|| Charge::count(bytes(), &self.held));
            let charge = charge.clone();
            *got.entry(work.hook).or_default() += 1;
            let id = self.lane_of(work.hook);
            self.places += 1;
            self.push(id, Item { work, charge });
        }
        for (hook, room) in asked {
            if got.get(hook).is_some_and(|count| count >= room) {
                self.set_due(*hook, now);
            } else {
                let id = self.lane_of(*hook);
                self.lane(id).overflow = false;
            }
        }
    }

    /// Every lane with rows, as just read: lanes not in it have none, so they take fresh work again.
    pub(crate) fn drained_but(&mut self, backlog: &std::collections::HashSet<HookId>) {
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

    /// Drops lanes of deleted hooks and gates nobody uses: nothing grows with time alone.
    pub(crate) fn prune(&mut self) {
        for at in 0..self.lanes.len() {
            let Some(lane) = &self.lanes[at] else { continue };
            let unused = lane.is_empty() && lane.listed == Listed::Nowhere && lane.due.is_none();
            if unused && self.directory.hook(lane.hook).is_none() {
                let route = lane.route;
                self.by_hook.remove(&lane.hook);
                self.lanes[at] = None;
                self.free.push(LaneId::try_from(at).expect("fewer than 2^32 lanes"));
                route.owner.into_iter().chain(route.host).for_each(|gate| self.gates.forget(gate));
            }
        }
        self.gates.prune();
    }

    /// Starts nothing more, and gives out what has not started.
    pub(crate) fn close(&mut self) -> Vec<Work> {
        self.closed = true;
        let queues = self.lanes.iter_mut().flatten().flat_map(|lane| std::mem::take(&mut lane.queue));
        let works: Vec<_> = queues.map(|item| item.work).collect();
        self.places -= works.len();
        works
    }

    /// Was it closed?
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// What is going on.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let lanes = || self.lanes.iter().flatten();
        Snapshot {
            in_flight: self.in_flight,
            queued: lanes().map(|lane| lane.queue.len()).sum(),
            lanes: lanes().count(),
            deepest_lane: lanes().map(|lane| lane.queue.len()).max().unwrap_or(0),
            slow_lanes: lanes().filter(|lane| lane.pace == Pace::Slow).count(),
            slow_in_flight: self.gates.inside(SLOW),
            held_bytes: self.held.load(Ordering::Relaxed),
            unsettled: 0,
            oldest_due: lanes().filter_map(|lane| lane.due).min(),
        }
    }
}

/// What stops a lane.
enum Stop {
    /// Its own limit, pause or emptiness; the event that ends it lists the lane again.
    Itself,
    /// A gate, in whose line it waits.
    Gate(GateId),
}

#[cfg(test)]
mod tests;
