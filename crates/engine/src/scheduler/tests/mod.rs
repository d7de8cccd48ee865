mod breakers;

use domain::delivery::{Lease, Message, Outgoing};
use domain::directory::Change;
use domain::hook::{DialectName, HookScope};
use domain::id::{AccountId, DeliveryId, EventId, Uid};
use domain::ports::Entropy as _;
use testkit::{PLACE, START, SeededEntropy, a_hook};

use super::*;
use crate::lanes::Pace;
use crate::settings::Bulkheads;

const FAST: Observed = Observed {
    took: Some(Duration::from_millis(5)),
    answered: true,
    timed_out: false,
    pause_until: None,
    parks: false,
};
const TIMED_OUT: Observed =
    Observed { took: Some(Duration::from_secs(10)), answered: false, timed_out: true, pause_until: None, parks: false };
const REFUSED: Observed = Observed {
    took: Some(Duration::from_millis(1)),
    answered: false,
    timed_out: false,
    pause_until: None,
    parks: false,
};

/// A hook on this account, calling this URL.
fn owned(id: i64, owner: i64, url: &str) -> Hook {
    let mut new = a_hook().calling(url).build();
    new.scope = HookScope::Account(AccountId(owner));
    new.numbered(HookId(id))
}

/// A scheduler over hooks 1, 2, 3 … and a clock.
struct Bench {
    state: State,
    directory: Arc<Directory>,
    outgoing: Arc<Outgoing>,
    now: Duration,
    next_delivery: i64,
}

impl Bench {
    fn new(bulkheads: Bulkheads) -> Self {
        Self::with(EngineSettings { bulkheads, ..EngineSettings::default() })
    }

    fn with(settings: EngineSettings) -> Self {
        let directory = Arc::new(Directory::default());
        let message = Message {
            dialect: DialectName("github"),
            uid: Uid::new(START, &SeededEntropy::new(1)),
            kind: "push".into(),
            action: None,
            body: "{}".into(),
            passed_through: true,
        };
        let outgoing = Outgoing {
            event: EventId(1),
            place: PLACE,
            accepted_at: START,
            content_type: "application/json".into(),
            messages: vec![message],
            direct: false,
            hops: 0,
        };
        Self {
            state: State::new(Arc::new(settings), directory.clone()),
            directory,
            outgoing: Arc::new(outgoing),
            now: Duration::from_secs(100),
            next_delivery: 0,
        }
    }

    /// A hook of this owner, calling this URL.
    fn hook(&self, id: i64, owner: i64, url: &str) -> HookId {
        self.directory.apply([Change::Hook(Arc::new(owned(id, owner, url)))]);
        HookId(id)
    }

    /// Puts deliveries into a lane; returns how many got a place.
    fn add(&mut self, hook: HookId, count: usize) -> usize {
        (0..count).filter(|_| self.add_one(hook)).count()
    }

    fn add_one(&mut self, hook: HookId) -> bool {
        let reserved = self.state.reserve(hook, true);
        if reserved {
            let work = self.work(hook);
            let now = START.plus(self.now);
            self.state.fill(work, Charge::count(0, &Arc::default()), &|| now);
        }
        reserved
    }

    fn work(&mut self, hook: HookId) -> Work {
        self.next_delivery += 1;
        Work {
            delivery: DeliveryId(self.next_delivery),
            hook,
            outgoing: self.outgoing.clone(),
            message: 0,
            attempts: 0,
            earlier: 0,
            redelivery: false,
            recovered: false,
            lease: Lease::Fresh,
        }
    }

    fn next(&mut self) -> Option<Job> {
        let wall = START.plus(self.now);
        self.state.next(self.now, wall, &mut false)
    }

    /// Starts everything that may start.
    fn drain(&mut self) -> Vec<Job> {
        std::iter::from_fn(|| self.next()).collect()
    }

    /// A lane whose receiver has answered in time.
    fn proven(&mut self, hook: HookId) {
        self.add(hook, 1);
        let job = self.next().expect("it is its turn");
        assert_eq!(job.work.hook, hook);
        self.release(job, &FAST);
    }

    fn release(&mut self, job: Job, observed: &Observed) {
        let now = START.plus(self.now);
        self.state.release(job, observed, &|| now);
    }

    fn release_all(&mut self, jobs: Vec<Job>, observed: &Observed) {
        for job in jobs {
            self.release(job, observed);
        }
    }
}

fn url(host: i64) -> String {
    format!("http://host{host}.test/")
}

fn per_hook(jobs: &[Job]) -> HashMap<HookId, usize> {
    let mut counts = HashMap::new();
    for job in jobs {
        *counts.entry(job.work.hook).or_default() += 1;
    }
    counts
}

#[test]
fn d22_lanes_take_turns() {
    let mut bench = Bench::new(Bulkheads::default());
    let hooks: Vec<_> = (1..=3).map(|id| bench.hook(id, id, &url(id))).collect();
    for hook in &hooks {
        bench.proven(*hook);
    }
    bench.add(hooks[0], 20);
    bench.add(hooks[1], 2);
    bench.add(hooks[2], 3);
    let order: Vec<_> = (0..8).map(|_| bench.next().expect("work is there").work.hook.0).collect();
    assert_eq!(order, [1, 2, 3, 1, 2, 3, 1, 3], "a full lane does not come before others");
}

#[test]
fn d22_a_hook_has_one_slot_until_it_answers_and_eight_then() {
    let mut bench = Bench::new(Bulkheads::default());
    let hook = bench.hook(1, 1, &url(1));
    bench.add(hook, 20);
    let first = bench.drain();
    assert_eq!(first.len(), 1);
    bench.release_all(first, &REFUSED);
    let second = bench.drain();
    assert_eq!(second.len(), 1, "a refused connection is no answer");
    bench.release_all(second, &FAST);
    assert_eq!(bench.drain().len(), 8);
}

#[test]
fn d22_a_destination_host_has_sixty_four() {
    let mut bench = Bench::new(Bulkheads::default());
    let hooks: Vec<_> = (1..=20).map(|id| bench.hook(id, id, "http://same.test/")).collect();
    let elsewhere = bench.hook(99, 99, &url(99));
    for hook in &hooks {
        bench.proven(*hook);
    }
    bench.proven(elsewhere);
    for hook in &hooks {
        bench.add(*hook, 10);
    }
    bench.add(elsewhere, 8);
    let mut jobs = bench.drain();
    assert_eq!(jobs.len(), 64 + 8);
    assert_eq!(per_hook(&jobs)[&elsewhere], 8, "another host goes on");
    let at = jobs.iter().position(|job| job.work.hook != elsewhere).expect("many");
    let done = jobs.swap_remove(at);
    bench.release(done, &FAST);
    assert_eq!(bench.drain().len(), 1, "whoever leaves lets the next in");
}

#[test]
fn d22_an_owner_has_half_of_all() {
    let mut bench = Bench::new(Bulkheads::default());
    let hooks: Vec<_> = (1..=30).map(|id| bench.hook(id, 1, &url(id))).collect();
    let others = bench.hook(99, 2, &url(99));
    for hook in hooks.iter().chain([&others]) {
        bench.proven(*hook);
    }
    for hook in &hooks {
        bench.add(*hook, 10);
    }
    bench.add(others, 5);
    let jobs = bench.drain();
    assert_eq!((jobs.len(), per_hook(&jobs)[&others]), (125 + 5, 5));
}

#[test]
fn d22_slow_lanes_have_a_quarter_together_and_recover() {
    let mut bench = Bench::new(Bulkheads::default());
    let slow: Vec<_> = (1..=30).map(|id| bench.hook(id, id, &url(id))).collect();
    let brisk = bench.hook(99, 99, &url(99));
    for hook in slow.iter().chain([&brisk]) {
        bench.proven(*hook);
    }
    for hook in &slow {
        bench.add(*hook, 1);
    }
    let jobs = bench.drain();
    bench.release_all(jobs, &TIMED_OUT);
    for hook in &slow {
        bench.add(*hook, 8);
    }
    bench.add(brisk, 8);
    let jobs = bench.drain();
    assert_eq!((jobs.len(), per_hook(&jobs)[&brisk]), (62 + 8, 8));
    assert_eq!(bench.state.snapshot().slow_in_flight, 62);
    bench.release_all(jobs, &FAST);
    let rest = bench.drain();
    assert!(!rest.is_empty());
    bench.release_all(rest, &FAST);
    let mut rounds = 0;
    while bench.state.snapshot().slow_lanes > 0 {
        rounds += 1;
        assert!(rounds < 20, "lanes that answer in time are not slow any more");
        for hook in &slow {
            bench.add(*hook, 1);
        }
        let jobs = bench.drain();
        bench.release_all(jobs, &FAST);
    }
    let snapshot = bench.state.snapshot();
    assert_eq!((snapshot.slow_in_flight, snapshot.in_flight), (0, 0));
}

#[test]
fn p6_dead_hooks_leave_most_slots_to_others_even_before_they_are_known() {
    let mut bench = Bench::new(Bulkheads::default());
    for id in 1..=1_000 {
        let hook = bench.hook(id, id, &url(id));
        bench.add(hook, 10);
    }
    assert_eq!(bench.drain().len(), 100, "one each, and 40 % in all");
    let mut late = Bench::new(Bulkheads::default());
    let hook = late.hook(1, 1, &url(1));
    late.proven(hook);
    late.add(hook, 3);
    let hung = late.drain();
    assert_eq!(hung.len(), 3);
    late.now += Duration::from_secs(3);
    late.add(hook, 3);
    assert_eq!(late.drain().len(), 3);
    assert_eq!(late.state.snapshot().slow_in_flight, 6, "pending for too long counts as slow");
}

#[test]
fn a_strained_host_keeps_half_of_its_slots_for_lanes_that_answer() {
    let mut bench = Bench::new(Bulkheads { strained: 250, ..Bulkheads::default() });
    for id in 1..=100 {
        let hook = bench.hook(id, id, "http://same.test/");
        bench.add(hook, 1);
    }
    assert_eq!(bench.drain().len(), 32);
}

#[test]
fn a_paused_lane_waits_and_holds_little() {
    let mut bench = Bench::new(Bulkheads::default());
    let hook = bench.hook(1, 1, &url(1));
    bench.proven(hook);
    bench.add(hook, 3);
    let job = bench.next().expect("its turn");
    let until = START.plus(bench.now + Duration::from_secs(60));
    bench.release(job, &Observed { pause_until: Some(until), ..FAST });
    assert!(bench.next().is_none());
    assert_eq!(bench.add(hook, 1_000), 62, "64 places while paused");
    bench.now += Duration::from_secs(61);
    bench.state.resume(START.plus(bench.now));
    assert_eq!(bench.drain().len(), 8);
}

#[test]
fn a_lane_that_overflowed_takes_fresh_work_again_once_its_rows_are_claimed() {
    let mut bench = Bench::with(EngineSettings { lane_depth: 3, ..EngineSettings::default() });
    let hook = bench.hook(1, 1, &url(1));
    bench.proven(hook);
    assert_eq!(bench.add(hook, 5), 3);
    let jobs = bench.drain();
    assert_eq!((jobs.len(), bench.add(hook, 1)), (3, 0), "rows in the database go first");
    let now = START.plus(bench.now);
    bench.state.set_due(hook, START);
    let lanes = bench.state.lanes_to_claim(now, 512, 1);
    assert_eq!(lanes.len(), 1);
    let works = vec![bench.work(hook)];
    bench.state.claimed(&lanes, works, now);
    assert_eq!(bench.add(hook, 1), 1);
}

#[test]
fn rows_are_claimed_only_for_lanes_with_room_and_asked_for_when_there_is_some() {
    let mut bench = Bench::new(Bulkheads::default());
    let hook = bench.hook(1, 1, &url(1));
    bench.proven(hook);
    bench.add(hook, 200);
    let now = START.plus(bench.now);
    bench.state.set_due(hook, START);
    assert!(bench.state.lanes_to_claim(now, 512, 1).is_empty());
    let mut wanted = false;
    let mut jobs = Vec::new();
    while !wanted {
        let Some(job) = bench.state.next(bench.now, now, &mut wanted) else {
            bench.release_all(std::mem::take(&mut jobs), &FAST);
            continue;
        };
        jobs.push(job);
    }
    assert_eq!(bench.state.lanes_to_claim(now, 512, 1), [(hook, 256 - 128)]);
}

#[test]
fn while_memory_is_short_every_lane_gets_one_row_at_a_time() {
    let mut bench = Bench::with(EngineSettings { held_bytes: 10_000, ..EngineSettings::default() });
    let hooks = [1, 2, 3].map(|id| bench.hook(id, 1, &url(id)));
    for hook in hooks {
        bench.proven(hook);
    }
    bench.add(hooks[2], 1);
    let now = START.plus(bench.now);
    for hook in hooks {
        bench.state.set_due(hook, START);
    }
    let mut lanes = bench.state.lanes_to_claim(now, 512, 1_000);
    lanes.sort_unstable();
    let [(_, first), (_, second)] = lanes[..] else { panic!("the third has something to do: {lanes:?}") };
    assert_eq!((first.max(second), first.min(second)), (10, 1));
    let mut wanted = false;
    bench.state.next(bench.now, now, &mut wanted).expect("its only delivery");
    assert!(wanted, "now it has not");
    assert_eq!(bench.state.lanes_to_claim(now, 512, 100_000), [(hooks[2], 1)]);
}

#[test]
fn edited_and_deleted_hooks_leave_their_old_gates() {
    let mut bench = Bench::new(Bulkheads::default());
    let hook = bench.hook(1, 1, "http://old.test/");
    bench.proven(hook);
    bench.add(hook, 10);
    let jobs = bench.drain();
    let edited = Hook { version: 2, ..owned(1, 1, "http://new.test/") };
    bench.directory.apply([Change::Hook(Arc::new(edited))]);
    bench.release_all(jobs, &TIMED_OUT);
    let jobs = bench.drain();
    assert_eq!(jobs.len(), 2);
    bench.directory.apply([Change::HookGone(hook)]);
    bench.release_all(jobs, &TIMED_OUT);
    bench.add(hook, 1);
    let job = bench.next().expect("a deleted hook's deliveries are taken out, to be cancelled");
    assert!(job.hook.is_none());
    bench.release(job, &Observed::default());
    bench.state.prune();
    let snapshot = bench.state.snapshot();
    assert_eq!((snapshot.lanes, snapshot.slow_in_flight, snapshot.in_flight), (0, 0, 0));
    assert_eq!(bench.state.gates.count(), 2, "only the common gates are left");
}

/// Random work, answers, edits and pauses: whenever nothing may start, each waiting lane must have a reason.
#[test]
fn no_lane_waits_without_a_reason() {
    let limits = Bulkheads { per_hook: 3, per_host: 4, per_owner: 6, slow: 3, strained: 5, ..Bulkheads::default() };
    for seed in 0..200 {
        let random = SeededEntropy::new(seed);
        let below = |limit: u32| (random.unit() * f64::from(limit)).floor().min(f64::from(limit - 1));
        #[expect(clippy::cast_possible_truncation, reason = "small whole numbers")]
        let below = |limit: u32| below(limit) as i64;
        let mut bench = Bench::new(limits);
        let hooks: Vec<_> = (1..=12).map(|id| bench.hook(id, id % 3 + 1, &url(id % 4))).collect();
        let mut jobs: Vec<Job> = Vec::new();
        for step in 0..300 {
            bench.now += Duration::from_millis(u64::try_from(below(700)).expect("positive"));
            match below(10) {
                0..=3 => {
                    let hook = hooks[usize::try_from(below(12)).expect("positive")];
                    bench.add(hook, 4);
                }
                4 => {
                    let id = below(12) + 1;
                    let edited = Hook { version: step + 2, ..owned(id, id % 3 + 1, &url(below(4))) };
                    bench.directory.apply([Change::Hook(Arc::new(edited))]);
                }
                _ => {
                    for _ in 0..3 {
                        if jobs.is_empty() {
                            break;
                        }
                        let at = usize::try_from(below(u32::try_from(jobs.len()).expect("few"))).expect("positive");
                        let observed = [FAST, FAST, REFUSED, TIMED_OUT][usize::try_from(below(4)).expect("positive")];
                        let job = jobs.swap_remove(at);
                        bench.release(job, &observed);
                    }
                }
            }
            jobs.extend(bench.drain());
            check(&bench, &limits, jobs.len(), seed);
        }
        while !jobs.is_empty() {
            bench.release_all(std::mem::take(&mut jobs), &FAST);
            jobs.extend(bench.drain());
        }
        let snapshot = bench.state.snapshot();
        assert_eq!((snapshot.queued, snapshot.in_flight, snapshot.slow_in_flight), (0, 0, 0), "seed {seed}");
        assert_eq!(bench.state.places, 0, "seed {seed}");
    }
}

fn check(bench: &Bench, limits: &Bulkheads, in_flight: usize, seed: u64) {
    assert_eq!(bench.state.in_flight, in_flight, "seed {seed}");
    let lanes = || bench.state.lanes.iter().flatten();
    let slow: usize = lanes().filter(|lane| lane.pace == Pace::Slow).map(|lane| lane.pending.len()).sum();
    assert_eq!(bench.state.snapshot().slow_in_flight, slow, "seed {seed}");
    // A lane whose hook was edited learns of its new gates when its turn comes at the old ones.
    let is_current =
        |lane: &&Lane| bench.directory.hook(lane.hook).is_some_and(|hook| hook.version == lane.route.version);
    for lane in lanes().filter(|lane| !lane.queue.is_empty()).filter(is_current) {
        let own = lane.pending.len() >= lane.limit(limits.per_hook);
        let mut gates = lane.route.owner.into_iter().chain(lane.route.host).chain(lane.strained_gates());
        let stopped = own || gates.any(|gate| !bench.state.gates.has_room(gate));
        assert!(stopped, "seed {seed}: {:?} waits for nothing", lane.hook);
    }
}
