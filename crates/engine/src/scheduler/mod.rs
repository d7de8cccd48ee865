//! Which delivery goes next: lanes take turns, gates hold them back, and every decision costs the same however many
//! lanes wait (D-22, P6).
//!
//! A lane with work is listed in exactly one place: in the round, or in the line of the one gate that stopped it.
//! Whoever leaves a gate moves the next of its line into the round. A lane that comes from a line and is stopped by
//! another gate passes its turn on, so room is never left unused while somebody waits for it.
//!
//! A lane whose breaker is open (D-20) is an ordinary lane with next to nothing in its queue: while it is open, its queue
//! has only what a person asked for. Everything else is set aside: when it opens, and whatever comes in meanwhile. In
//! hold mode what is set aside goes back to the database, fresh work goes there at once, and rows count as due when the
//! pause ends; the first of them is the probe. In skip mode it ends as skipped. An open or half-open lane has one probe
//! under way, which ends before the next begins; exchanges that had begun before it opened do not count.

mod breakers;
mod counts;
mod rows;
#[cfg(test)]
mod tests;
mod turns;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use domain::delivery::{Reason, Work};
use domain::directory::Directory;
use domain::hook::{DialectName, Hook};
use domain::id::HookId;
use domain::time::Timestamp;

use crate::gates::{Gates, LaneId, Ticket};
use crate::lanes::{Charge, Item, Lane, Listed, Route};
use crate::settings::EngineSettings;
pub(crate) use breakers::Change;
pub(crate) use counts::BreakerCounts;
pub use counts::Snapshot;
pub(crate) use rows::OUTGOING_WEIGHT;
use turns::Stop;

/// Most deliveries in memory, over all lanes: about 12 MiB of places.
const MAX_PLACES: usize = 100_000;

/// Tells the wall clock's time where it is seldom needed.
pub(crate) type Now<'a> = &'a dyn Fn() -> Timestamp;

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
    /// The lane's breaker remembers failures, so that a success says something new.
    troubled: Arc<AtomicBool>,
}

impl Job {
    /// Does a success change the lane's breaker?
    pub(crate) fn is_troubled(&self) -> bool {
        self.troubled.load(Ordering::Acquire)
    }
}

/// What a delivery occupies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    lane: LaneId,
    route: Route,
    began: Duration,
    /// It is the probe of an open or half-open breaker.
    probe: bool,
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
    /// That pause is so long that nothing should wait for its end in memory.
    pub(crate) parks: bool,
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
    /// Open lanes with rows that a person asked for.
    asked: Vec<HookId>,
    /// Deliveries that go back to the database, where they are held.
    held_back: Vec<Item>,
    /// Some were added since the dispatcher was last woken for them.
    newly_held_back: bool,
    /// Deliveries that end as skipped.
    skipped: Vec<(Item, Reason)>,
    /// Deliveries of lanes in skip mode that are under way or queued.
    skip_load: usize,
    /// Events with deliveries for a dialect that counts them; a dialect's place is its bit in `marks`.
    publishes: Vec<(DialectName, u64)>,
    /// The bits of the lanes that were asked for places since the last event was counted.
    marks: u8,
    /// Deliveries held by open breakers so far.
    held_count: HashMap<DialectName, u64>,
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
            asked: Vec::new(),
            held_back: Vec::new(),
            newly_held_back: false,
            skipped: Vec::new(),
            skip_load: 0,
            publishes: Vec::new(),
            marks: 0,
            held_count: HashMap::new(),
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
        let mut lane = Lane::new(hook);
        self.know_dialect(&mut lane);
        self.lanes[id as usize] = Some(lane);
        self.by_hook.insert(hook, id);
        id
    }

    /// Reserves a place for a fresh delivery. A lane that has rows in the database refuses: they go first. So does one
    /// whose breaker holds. `fits`: there is room for the event's bytes.
    pub(crate) fn reserve(&mut self, hook: HookId, fits: bool) -> bool {
        let most = self.settings.lane_depth;
        let has_places = self.places < MAX_PLACES && !self.closed;
        let id = self.lane_of(hook);
        let lane = self.lane(id);
        let mark = lane.health.counted;
        let has_room = lane.queue.len() + lane.reserved < lane.depth(most);
        if lane.overflow || !fits || !has_places || !has_room || lane.is_shut() {
            lane.overflow |= fits;
            self.marks |= mark;
            self.count_held(id, 1);
            return false;
        }
        lane.reserved += 1;
        self.marks |= mark;
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
    pub(crate) fn fill(&mut self, work: Work, charge: Arc<Charge>, now: Now<'_>) {
        let id = self.lane_of(work.hook);
        self.lane(id).reserved -= 1;
        self.push(id, Item { work, charge }, now);
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
            *rows_wanted |= self.ask_for_rows(id, &|| now);
            if job.is_some() {
                return job;
            }
        }
        None
    }

    /// Starts the lane's first delivery.
    fn take(&mut self, id: LaneId, hook: Option<Arc<Hook>>, monotonic: Duration) -> Option<Job> {
        let lane = self.lane(id);
        let Item { work, charge } = lane.queue.pop_front()?;
        lane.pending.push(monotonic);
        let more = !lane.queue.is_empty();
        let probe = lane.health.is_open();
        lane.health.probing |= probe;
        let troubled = lane.health.troubled();
        let (route, strained) = (lane.route, lane.strained_gates());
        for gate in route.owner.into_iter().chain(route.host).chain(strained) {
            self.gates.enter(gate, 1);
        }
        if more {
            self.join_round(id);
        }
        self.in_flight += 1;
        self.places -= 1;
        Some(Job { work, hook, slot: Slot { lane: id, route, began: monotonic, probe }, charge, troubled })
    }

    /// A delivery is done: its slots go to whoever waits for them. Returns whether the dispatcher has something to do.
    pub(crate) fn release(&mut self, job: Job, observed: &Observed, now: Now<'_>) -> bool {
        let Slot { lane: id, route, began, probe } = job.slot;
        drop(job.charge);
        let limits = self.settings.bulkheads;
        self.in_flight -= 1;
        let lane = self.lane(id);
        let skips = lane.health.skip_above.is_some();
        let strained = lane.strained_gates();
        if let Some(at) = lane.pending.iter().position(|pending| *pending == began) {
            lane.pending.swap_remove(at);
        }
        let pace = match observed.took {
            Some(took) => lane.observe(took, observed.answered, observed.timed_out, limits.slow_after),
            None => lane.pace,
        };
        lane.paused_until = lane.paused_until.max(observed.pause_until);
        lane.parked |= observed.parks;
        self.skip_load -= usize::from(skips);
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
        if observed.parks {
            self.set_aside(id);
        }
        if probe {
            return self.end_probe(id, now);
        }
        observed.parks
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
        let mut works: Vec<_> = queues.map(|item| item.work).collect();
        self.places -= works.len();
        works.extend(self.held_back.drain(..).map(|item| item.work));
        works.extend(self.skipped.drain(..).map(|(item, _)| item.work));
        works
    }

    /// Was it closed?
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }
}
