//! Lanes with breakers, beside a database in memory.

use std::collections::BTreeMap;

use domain::rules::breaker::{BreakerSettings, Observation, OnOpen};

use super::*;

const TEN: Duration = Duration::from_secs(10);

/// Pauses without jitter; hooks of the second dialect skip.
fn settings(in_flight_max: usize) -> EngineSettings {
    let hold = BreakerSettings { jitter: (1.0, 1.0), ..BreakerSettings::default() };
    let skip = BreakerSettings { on_open: OnOpen::Skip, in_flight_max, ..hold };
    EngineSettings { breaker: hold, dialect_breakers: HashMap::from([(SKIPS, skip)]), ..EngineSettings::default() }
}

const SKIPS: DialectName = DialectName("skips");

impl Bench {
    fn wall(&self) -> Timestamp {
        START.plus(self.now)
    }

    /// A hook in skip mode.
    fn skipping_hook(&self, id: i64, version: u32) -> HookId {
        let hook = Hook { dialect: SKIPS, version, ..owned(id, id, &url(id)) };
        self.directory.apply([Change::Hook(Arc::new(hook))]);
        HookId(id)
    }

    /// An exchange is over: observed, and released.
    fn end(&mut self, job: Job, what: Observation) {
        let now = self.wall();
        self.state.observe(&job, what, now, 1.0);
        self.release(job, &FAST);
    }

    /// Opens the hook's breaker by five failures.
    fn open(&mut self, hook: HookId) {
        for _ in 0..5 {
            self.add(hook, 1);
            let job = self.next().expect("its turn");
            assert_eq!(job.work.hook, hook);
            self.end(job, Observation::Failure);
        }
    }

    fn row(&mut self, hook: HookId, redelivery: bool) -> Work {
        Work { lease: Lease::Row { epoch: 1 }, redelivery, ..self.work(hook) }
    }
}

#[test]
fn d20_an_open_lane_sends_its_queue_and_all_that_comes_back_to_the_database() {
    let mut bench = Bench::with(settings(250));
    let hook = bench.hook(1, 1, &url(1));
    bench.proven(hook);
    bench.add(hook, 12);
    let reserved = bench.state.reserve(hook, true);
    assert!(reserved);
    let jobs = bench.drain();
    assert_eq!(jobs.len(), 8);
    for job in jobs {
        bench.end(job, Observation::Failure);
    }
    assert_eq!(bench.state.take_held_back().len(), 4);
    assert_eq!(bench.add(hook, 3), 0, "fresh work goes to the database");
    // A place given before it opened is filled now; rows claimed before arrive now.
    let (fresh, row, now) = (bench.work(hook), bench.row(hook, false), bench.wall());
    bench.state.fill(fresh, Charge::count(0, &Arc::default()), &|| now);
    bench.state.claimed(&[(hook, 8)], vec![row], now);
    assert_eq!(bench.state.take_held_back().len(), 2);
    assert!(bench.next().is_none());
    let snapshot = bench.state.snapshot();
    assert_eq!((snapshot.queued, snapshot.in_flight, bench.state.places, snapshot.open_breakers), (0, 0, 0, 1));
}

#[test]
fn d20_rows_of_an_open_lane_cost_nothing_until_its_pause_is_over() {
    let mut bench = Bench::with(settings(250));
    let hook = bench.hook(1, 1, &url(1));
    bench.open(hook);
    let until = bench.wall().plus(TEN);
    for _ in 0..1_000 {
        let now = bench.wall();
        bench.state.set_due(hook, now);
        assert!(bench.state.lanes_to_claim(now, 512, 1).is_empty());
        assert_eq!(bench.state.next_due(), Some(until));
    }
    assert_eq!(bench.state.due.len(), 1, "nothing piles up");
    bench.now += TEN;
    let now = bench.wall();
    assert_eq!(bench.state.lanes_to_claim(now, 512, 1), [(hook, 1)], "the probe");
    let probe = bench.row(hook, false);
    bench.state.claimed(&[(hook, 1)], vec![probe], now);
    assert!(bench.state.lanes_to_claim(now, 512, 1).is_empty(), "it is alone");
    let probe = bench.next().expect("its turn");
    assert!(bench.state.lanes_to_claim(now, 512, 1).is_empty(), "until it is over");
    bench.end(probe, Observation::Success);
    assert_eq!(bench.state.lanes_to_claim(now, 512, 1), [(hook, 4)], "then a few more");
}

#[test]
fn a_success_of_what_was_under_way_closes_it_and_its_rows_are_wanted_at_once() {
    let mut bench = Bench::with(settings(250));
    let hook = bench.hook(1, 1, &url(1));
    bench.proven(hook);
    bench.add(hook, 8);
    let mut jobs = bench.drain();
    let last = jobs.pop().expect("eight");
    for job in jobs {
        bench.end(job, Observation::Failure);
    }
    let now = bench.wall();
    bench.state.set_due(hook, now);
    assert!(bench.state.lanes_to_claim(now, 512, 1).is_empty());
    bench.end(last, Observation::Success);
    assert_eq!(bench.state.lanes_to_claim(now, 512, 1), [(hook, 4)]);
}

#[test]
fn d20_in_skip_mode_what_comes_while_it_is_open_or_too_much_is_under_way_is_skipped() {
    let mut bench = Bench::with(settings(20));
    let hook = bench.skipping_hook(1, 1);
    bench.proven(hook);
    assert_eq!(bench.add(hook, 25), 25);
    let reasons = |skipped: Vec<(Item, Reason)>| skipped.into_iter().map(|(_, reason)| reason).collect::<Vec<_>>();
    assert_eq!(reasons(bench.state.take_skipped()), [Reason::InFlight; 5]);
    let jobs = bench.drain();
    assert_eq!(jobs.len(), 8);
    for job in jobs {
        bench.end(job, Observation::Failure);
    }
    assert_eq!(reasons(bench.state.take_skipped()), [Reason::BreakerOpen; 12]);
    bench.add(hook, 3);
    assert_eq!(reasons(bench.state.take_skipped()), [Reason::BreakerOpen; 3]);
    assert_eq!(bench.state.skip_load, 0);
    // The first to come after the pause is the probe; others wait for what it says.
    bench.now += TEN;
    bench.add(hook, 3);
    let probe = bench.drain();
    assert_eq!(probe.len(), 1);
    for job in probe {
        bench.end(job, Observation::Failure);
    }
    assert_eq!(reasons(bench.state.take_skipped()), [Reason::BreakerOpen; 2]);
    bench.now += TEN * 2;
    bench.add(hook, 9);
    let probe = bench.next().expect("its turn");
    bench.end(probe, Observation::Success);
    assert_eq!(bench.drain().len(), 8, "it closes fully");
    assert!(bench.state.take_skipped().is_empty());
}

#[test]
fn n8_nothing_is_asked_for_once_the_engine_shuts_down() {
    let mut bench = Bench::with(settings(250));
    let hook = bench.hook(1, 1, &url(1));
    bench.open(hook);
    let now = bench.wall();
    assert!(bench.state.is_asked(), "there may be rows by hand among those that were found when it opened");
    bench.state.close();
    bench.state.asked(hook, now);
    assert!(!bench.state.is_asked() && bench.state.lanes_to_claim(now.plus(TEN), 512, 1).is_empty());
}

#[test]
fn the_result_of_an_exchange_with_the_hook_before_its_edit_says_nothing() {
    let mut bench = Bench::with(settings(250));
    let hook = bench.hook(1, 1, &url(1));
    bench.proven(hook);
    bench.add(hook, 8);
    let jobs = bench.drain();
    bench.directory.apply([Change::Hook(Arc::new(Hook { version: 2, ..owned(1, 1, &url(2)) }))]);
    let now = bench.wall();
    bench.state.changed(hook, now);
    for job in jobs {
        bench.end(job, Observation::Failure);
    }
    assert_eq!(bench.state.snapshot().open_breakers, 0);
    assert_eq!(bench.add(hook, 1), 1);
}

/// A claim that the store has made and the scheduler does not know of yet.
struct Claim {
    asked: Vec<(HookId, usize)>,
    got: Vec<Work>,
    by_hand: bool,
}

/// What the store would do, and a count of everything.
#[derive(Default)]
struct Database {
    rows: BTreeMap<i64, Work>,
    /// Places given, not yet committed.
    committing: Vec<Work>,
    /// Under way.
    claims: Vec<Claim>,
    ended: usize,
    skipped: usize,
}

impl Database {
    fn insert(&mut self, bench: &mut Bench, work: Work) {
        let (hook, by_hand, now) = (work.hook, work.by_hand(), bench.wall());
        self.rows.insert(work.delivery.0, Work { lease: Lease::Row { epoch: 1 }, ..work });
        if by_hand { bench.state.asked(hook, now) } else { bench.state.set_due(hook, now) }
    }

    fn publish(&mut self, bench: &mut Bench, hook: HookId, by_hand: bool, slowly: bool) {
        if by_hand {
            let work = bench.row(hook, true);
            return self.insert(bench, work);
        }
        let reserved = bench.state.reserve(hook, true);
        let work = bench.work(hook);
        if !reserved {
            self.insert(bench, work);
        } else if slowly {
            self.committing.push(work);
        } else {
            let now = bench.wall();
            bench.state.fill(work, Charge::count(0, &Arc::default()), &|| now);
        }
    }

    fn commit(&mut self, bench: &mut Bench) {
        let now = bench.wall();
        for work in self.committing.drain(..) {
            bench.state.fill(work, Charge::count(0, &Arc::default()), &|| now);
        }
    }

    fn begin_claim(&mut self, lanes: Vec<(HookId, usize)>, by_hand: bool) {
        let mut got = Vec::new();
        for (hook, room) in &lanes {
            let fits = |work: &&Work| work.hook == *hook && (!by_hand || work.by_hand());
            let ids: Vec<_> = self.rows.values().filter(fits).take(*room).map(|work| work.delivery.0).collect();
            got.extend(ids.into_iter().filter_map(|id| self.rows.remove(&id)));
        }
        self.claims.push(Claim { asked: lanes, got, by_hand });
    }

    /// What the dispatcher does, but for the poll; claims arrive at once, or some time later.
    fn tick(&mut self, bench: &mut Bench, slowly: bool) {
        for item in bench.state.take_held_back() {
            self.insert(bench, item.work);
        }
        self.skipped += bench.state.take_skipped().len();
        let now = bench.wall();
        bench.state.resume(now);
        loop {
            let probes = bench.state.lanes_to_probe(now);
            let by_hand = !probes.is_empty();
            let lanes = if by_hand { probes } else { bench.state.lanes_to_claim(now, 512, 1) };
            if lanes.is_empty() {
                return;
            }
            self.begin_claim(lanes, by_hand);
            if !slowly {
                self.arrive(bench);
            }
        }
    }

    /// After a tick: no row waits without a reason, and nothing that a person asked for waits for a breaker.
    fn check(&self, bench: &Bench, seed: u64) {
        let now = bench.wall();
        for work in self.rows.values() {
            let lane = &bench.state.lanes[bench.state.by_hook[&work.hook] as usize];
            let lane = lane.as_ref().expect("its rows were announced");
            let idle = lane.queue.is_empty() && lane.pending.is_empty() && lane.reserved == 0;
            let rests = lane.rests_until(now).is_some();
            assert!(rests || !idle, "seed {seed}: {work:?} waits for nothing");
            let paused = lane.paused_until.is_some_and(|until| until > now);
            let waits = !paused && !lane.health.probing && lane.queue.is_empty() && lane.health.holds();
            assert!(!waits || !work.by_hand(), "seed {seed}: {work:?} waits for its breaker");
        }
    }

    fn arrive(&mut self, bench: &mut Bench) {
        let now = bench.wall();
        for Claim { asked, got, by_hand } in std::mem::take(&mut self.claims) {
            if by_hand { bench.state.claimed_by_hand(got, now) } else { bench.state.claimed(&asked, got, now) }
        }
    }
}

/// Starts all that may start; nothing may that an open breaker holds, and probes go alone.
fn start(bench: &mut Bench, jobs: &mut Vec<Job>, seed: u64) {
    while let Some(job) = bench.next() {
        let lane = bench.state.lanes[job.slot.lane as usize].as_ref().expect("it has a job");
        let open_until = lane.health.breaker().open_until;
        let is_open = open_until.is_some_and(|until| until > bench.wall());
        assert!(!is_open || job.work.by_hand(), "seed {seed}: sent while open");
        assert_eq!(job.slot.probe, open_until.is_some(), "seed {seed}");
        let others = jobs.iter().filter(|other| other.slot.probe && other.slot.lane == job.slot.lane).count();
        assert!(!job.slot.probe || others == 0, "seed {seed}: a second probe");
        jobs.push(job);
    }
    let lanes = || bench.state.lanes.iter().flatten();
    for lane in lanes().filter(|lane| lane.health.breaker().open_until.is_some_and(|until| until > bench.wall())) {
        assert!(lane.queue.iter().all(|item| item.work.by_hand()), "seed {seed}: held in memory");
    }
    let places: usize = lanes().map(|lane| lane.queue.len() + lane.reserved).sum();
    assert_eq!(bench.state.places, places, "seed {seed}");
    let load = lanes().filter(|lane| lane.health.skip_above.is_some());
    let load: usize = load.map(|lane| lane.queue.len() + lane.pending.len()).sum();
    assert_eq!(bench.state.skip_load, load, "seed {seed}");
}

/// Random work, failures, edits, pauses and races: nothing is lost, and when receivers answer again everything goes,
/// without a single poll.
#[test]
fn whatever_happens_nothing_is_lost_and_nothing_waits_for_ever() {
    for seed in 0..400 {
        let random = SeededEntropy::new(seed);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small whole numbers")]
        let below = |limit: u32| (random.unit() * f64::from(limit)).floor().min(f64::from(limit - 1)) as usize;
        let mut bench = Bench::with(EngineSettings { lane_depth: 6, ..settings(1_000) });
        let make = |bench: &Bench, id: usize, version: usize| {
            let (id, version) = (i64::try_from(id).expect("small"), u32::try_from(version).expect("small"));
            if id <= 2 {
                return bench.skipping_hook(id, version);
            }
            let hook = Hook { version, ..owned(id, id % 3, &url(id % 2)) };
            bench.directory.apply([Change::Hook(Arc::new(hook))]);
            HookId(id)
        };
        let hooks: Vec<_> = (1..=6).map(|id| make(&bench, id, 1)).collect();
        let (mut database, mut jobs, mut published) = (Database::default(), Vec::new(), 0);
        let end = |bench: &mut Bench, database: &mut Database, job: Job, what: Observation, pause: Option<u64>| {
            let now = bench.wall();
            bench.state.observe(&job, what, now, 1.0);
            let work = job.work.clone();
            let pause_until = pause.map(|secs| now.plus(Duration::from_secs(secs)));
            let parks = pause.is_some_and(|secs| secs > 60);
            bench.release(job, &Observed { pause_until, parks, ..FAST });
            if what == Observation::Failure && work.attempts < 3 {
                database.insert(bench, Work { attempts: work.attempts + 1, ..work });
            } else {
                database.ended += 1;
            }
        };
        for step in 0..400 {
            bench.now += Duration::from_millis(u64::try_from(below(4_000)).expect("small"));
            match below(12) {
                0..=4 => {
                    for _ in 0..below(5) {
                        database.publish(&mut bench, hooks[below(6)], below(6) == 0, below(2) == 0);
                        published += 1;
                    }
                }
                5 => database.commit(&mut bench),
                6 if below(4) == 0 => {
                    let hook = make(&bench, 1 + below(6), step + 2);
                    let now = bench.wall();
                    bench.state.changed(hook, now);
                }
                7 => database.tick(&mut bench, true),
                8 => database.arrive(&mut bench),
                9 => {
                    database.arrive(&mut bench);
                    database.tick(&mut bench, false);
                    database.check(&bench, seed);
                }
                _ => {
                    for _ in 0..below(6) {
                        if jobs.is_empty() {
                            break;
                        }
                        let job = jobs.swap_remove(below(u32::try_from(jobs.len()).expect("few")));
                        let what = [Observation::Failure, Observation::Failure, Observation::Neither];
                        let what = if below(8) == 0 { Observation::Success } else { what[below(3)] };
                        let pause = (below(20) == 0).then(|| [5, 100][below(2)]);
                        end(&mut bench, &mut database, job, what, pause);
                    }
                }
            }
            start(&mut bench, &mut jobs, seed);
        }
        database.commit(&mut bench);
        database.arrive(&mut bench);
        let mut rounds = 0;
        while database.ended + database.skipped < published {
            rounds += 1;
            assert!(rounds < 2_000, "seed {seed}: {} of {published} are left", published - database.ended);
            start(&mut bench, &mut jobs, seed);
            for job in std::mem::take(&mut jobs) {
                end(&mut bench, &mut database, job, Observation::Success, None);
            }
            database.tick(&mut bench, false);
            bench.now += Duration::from_secs(60);
        }
        start(&mut bench, &mut jobs, seed);
        let snapshot = bench.state.snapshot();
        assert_eq!((jobs.len(), snapshot.queued, snapshot.in_flight, bench.state.places), (0, 0, 0, 0), "seed {seed}");
        assert_eq!((database.ended + database.skipped, database.rows.len()), (published, 0), "seed {seed}");
    }
}
