//! Breakers that hold (D-20): nothing is sent while one is open, nothing is lost, nothing storms.

use std::sync::Arc;
use std::time::Duration;

use domain::delivery::{DeliveryState, Reason};
use domain::hook::Hook;
use domain::id::HookId;
use domain::ports::Clock as _;
use domain::rules::backoff::Schedule;
use domain::rules::breaker::{Breaker, BreakerSettings};
use domain::time::Timestamp;
use engine::{Bulkheads, EngineSettings};
use testkit::{a_hook, an_event};

use crate::script::{Reply, later, status, timed_out};
use crate::world::{World, breathe};

const URL: &str = "http://receiver.test/hook";
const OTHER: &str = "http://other.test/";
const SECOND: Duration = Duration::from_secs(1);

/// D-20 without jitter.
fn steady() -> EngineSettings {
    EngineSettings {
        breaker: BreakerSettings { jitter: (1.0, 1.0), ..BreakerSettings::default() },
        ..Default::default()
    }
}

/// A hook without retries of its own.
async fn a_stubborn_hook(world: &World, url: &str) -> HookId {
    world.make(a_hook().calling(url).retrying(Schedule::None).build()).await
}

/// Five failures; the breaker is open then.
async fn open(world: &World, hook: HookId, url: &str) {
    let before = world.script.sent_to(url).len();
    world.script.always(url, status(500));
    for failure in 1..=5 {
        world.publish(&[hook]).await;
        world.script.wait_for(url, before + failure).await;
        world.until(|snapshot| snapshot.in_flight == 0).await;
    }
    assert!(breaker_of(world, hook).await.open_until.is_some());
}

async fn breaker_of(world: &World, hook: HookId) -> Breaker {
    let found = world.ports.store.breakers_of(&[hook]).await.expect("reads");
    found.first().map_or_else(Breaker::default, |(_, breaker)| *breaker)
}

/// The end of the pause, once so many failures in a row are recorded.
async fn open_after(world: &World, hook: HookId, failures: u32) -> Timestamp {
    loop {
        let breaker = breaker_of(world, hook).await;
        if breaker.failures == failures {
            return breaker.open_until.expect("open");
        }
        breathe().await;
    }
}

/// Waits until that many deliveries of the hook are in the database, and none in memory.
async fn held(world: &World, hook: HookId, count: u64) {
    while world.ports.store.queued(hook).await.expect("counts") != count {
        breathe().await;
    }
    world.until(|snapshot| snapshot.queued == 0 && snapshot.in_flight == 0).await;
}

/// Lets the engine do what it would do now, were there anything to do.
async fn settle_down(world: &World) {
    for _ in 0..20 {
        world.engine.tick().await.expect("ticks");
        breathe().await;
    }
}

/// Turns the engine until that many requests were sent.
async fn sent(world: &World, url: &str, count: usize) {
    while world.script.sent_to(url).len() < count {
        world.engine.tick().await.expect("ticks");
        breathe().await;
    }
    settle_down(world).await;
    assert_eq!(world.script.sent_to(url).len(), count);
}

#[tokio::test]
async fn d20_five_failures_open_it_and_one_probe_goes_when_the_pause_is_over() {
    let world = World::with(steady()).await;
    let hook = world.hook(URL).await;
    open(&world, hook, URL).await;
    for _ in 0..3 {
        world.publish(&[hook]).await;
    }
    held(&world, hook, 8).await;
    // The retries are due after five seconds. They wait, and spend no attempts.
    world.advance(Duration::from_millis(9_900)).await;
    settle_down(&world).await;
    assert_eq!(world.script.sent_to(URL).len(), 5);
    held(&world, hook, 8).await;

    let mut pause = 10;
    let mut probes = 0;
    world.advance(Duration::from_millis(100)).await;
    while pause < 36_000 {
        probes += 1;
        sent(&world, URL, 5 + probes).await;
        pause = (pause * 2).min(36_000);
        let until = open_after(&world, hook, 5 + u32::try_from(probes).expect("few")).await;
        assert_eq!(until.since(world.clock.now()), SECOND * pause, "probe {probes}");
        world.advance(SECOND * (pause - 1)).await;
        settle_down(&world).await;
        assert_eq!(world.script.sent_to(URL).len(), 5 + probes, "not a moment before");
        world.advance(SECOND).await;
    }
    assert_eq!(probes, 12, "as far as the cap of ten hours");
    world.script.always(URL, status(200));
    // The rows' own retries may be due later than the probe.
    while world.ports.store.queued(hook).await.expect("counts") > 0 {
        world.advance(Duration::from_secs(3_600)).await;
        breathe().await;
    }
    let counts = world.finish().await;
    assert!(counts.by_state.contains(&(DeliveryState::Succeeded, 8)), "{counts:?}");
    assert!(breaker_of(&world, hook).await.open_until.is_none());
}

#[tokio::test]
async fn d20_what_was_held_is_drained_at_a_ramp() {
    let world = World::with(steady()).await;
    let hook = a_stubborn_hook(&world, URL).await;
    open(&world, hook, URL).await;
    for _ in 0..60 {
        world.publish(&[hook]).await;
    }
    held(&world, hook, 60).await;
    world.script.always(URL, Reply::Hold);
    world.advance(SECOND * 10).await;
    let mut done = 0;
    // One probe, then 1, 2 and 4 at once for ten successes each, then 8.
    for (at_once, successes) in [(1, 11), (2, 10), (4, 10), (8, 29)] {
        for _ in 0..successes {
            let expected = 5 + 60.min(done + at_once);
            sent(&world, URL, expected).await;
            world.until(|snapshot| snapshot.in_flight == at_once.min(60 - done)).await;
            world.script.let_go(1);
            done += 1;
            let left = 60 - done;
            world.until(|snapshot| snapshot.in_flight < at_once || left >= at_once).await;
        }
    }
    world.finish().await;
    assert_eq!(breaker_of(&world, hook).await, Breaker::default());
}

#[tokio::test]
async fn d20_failures_of_what_was_under_way_when_it_opened_do_not_make_the_pause_longer() {
    let world = World::with(steady()).await;
    let hook = a_stubborn_hook(&world, URL).await;
    world.publish(&[hook]).await;
    world.log(hook, 1).await;
    world.script.always(URL, Reply::HoldThen(Box::new(timed_out())));
    for _ in 0..20 {
        world.publish(&[hook]).await;
    }
    world.script.wait_for(URL, 1 + 8).await;
    world.script.let_go(5);
    world.until(|snapshot| snapshot.in_flight == 3).await;
    // What waited in memory waits in the database now.
    while world.ports.store.queued(hook).await.expect("counts") != 12 {
        breathe().await;
    }
    assert_eq!(world.engine.snapshot().queued, 0);
    world.script.let_go(3);
    held(&world, hook, 12).await;
    let breaker = breaker_of(&world, hook).await;
    assert_eq!((breaker.failures, breaker.open_until), (5, Some(world.clock.now().plus(SECOND * 10))));
    world.script.always(URL, status(200));
    world.advance(SECOND * 10).await;
    let counts = world.finish().await;
    assert!(counts.by_state.contains(&(DeliveryState::Succeeded, 13)), "{counts:?}");
}

#[tokio::test]
async fn d20_a_restart_or_a_crash_does_not_storm_a_dead_hook() {
    let world = World::with(steady()).await;
    let hook = a_stubborn_hook(&world, URL).await;
    open(&world, hook, URL).await;
    for _ in 0..20 {
        world.publish(&[hook]).await;
    }
    let before = breaker_of(&world, hook).await;
    let world = world.restart().await;
    settle_down(&world).await;
    assert_eq!(world.script.sent_to(URL).len(), 5);
    let world = world.crash().await;
    world.script.always(URL, status(500));
    settle_down(&world).await;
    assert_eq!(world.script.sent_to(URL).len(), 0, "a script of its own");
    assert_eq!(breaker_of(&world, hook).await, before);
    assert_eq!(world.engine.snapshot().open_breakers, 1);
    world.advance(SECOND * 10).await;
    sent(&world, URL, 1).await;
    // Counting goes on.
    open_after(&world, hook, 6).await;
    world.script.always(URL, status(200));
    world.advance(SECOND * 20).await;
    world.finish().await;
}

#[tokio::test]
async fn d14_an_edit_closes_it_and_what_was_held_goes_to_the_new_place() {
    let world = World::with(steady()).await;
    let hook = a_stubborn_hook(&world, URL).await;
    open(&world, hook, URL).await;
    for _ in 0..20 {
        world.publish(&[hook]).await;
    }
    held(&world, hook, 20).await;
    let url = domain::rules::target::TargetUrl::trusted(OTHER.to_owned());
    let edit = Box::new(|hook| Hook { url, ..hook });
    let rule = Arc::new(|_: &domain::hook::Candidate<'_>, _: &[Arc<Hook>]| Ok(()));
    world.ports.store.update_hook(hook, world.clock.now(), edit, rule).await.expect("edited");
    let counts = world.finish().await;
    assert!(counts.by_state.contains(&(DeliveryState::Succeeded, 20)), "{counts:?}");
    assert_eq!((world.script.sent_to(URL).len(), world.script.sent_to(OTHER).len()), (5, 20));
    assert_eq!(breaker_of(&world, hook).await, Breaker::default());
}

#[tokio::test]
async fn d14_deleting_a_hook_ends_what_its_breaker_held() {
    let world = World::with(steady()).await;
    let (one, other) = (a_stubborn_hook(&world, URL).await, a_stubborn_hook(&world, OTHER).await);
    for (hook, url) in [(one, URL), (other, OTHER)] {
        open(&world, hook, url).await;
        for _ in 0..4 {
            world.publish(&[hook]).await;
        }
        held(&world, hook, 4).await;
    }
    world.ports.store.delete_hook(one).await.expect("deleted");
    let log = world.log(one, 9).await;
    assert!(log[5..].iter().all(|row| row.reason == Some(Reason::HookDeleted)), "{log:?}");
    world.ports.store.delete_repository(domain::id::RepositoryId(1)).await.expect("deleted with its hooks");
    let counts = world.finish().await;
    assert!(counts.by_state.contains(&(DeliveryState::Cancelled, 8)), "{counts:?}");
    assert_eq!(world.script.sent_to(URL).len() + world.script.sent_to(OTHER).len(), 10);
}

#[tokio::test]
async fn what_a_person_asks_for_goes_at_once_and_closes_it_if_it_succeeds() {
    let world = World::with(steady()).await;
    let hook = a_stubborn_hook(&world, URL).await;
    open(&world, hook, URL).await;
    for _ in 0..3 {
        world.publish(&[hook]).await;
    }
    held(&world, hook, 3).await;
    let failed = world.log(hook, 5).await[0].attempt.id;
    let ping = async || {
        let mut ping = an_event(&format!("ping{}", world.script.sent_to(URL).len())).for_hooks(&[hook]).build();
        ping.plan.direct = true;
        world.ports.store.accept(ping).await.expect("accepted");
    };
    let before = breaker_of(&world, hook).await;
    ping().await;
    sent(&world, URL, 6).await;
    // Three at once go one after the other, and all of them go.
    for _ in 0..3 {
        world.ports.store.redeliver(failed, world.clock.now()).await.expect("planned");
    }
    sent(&world, URL, 9).await;
    assert_eq!(breaker_of(&world, hook).await, before, "a person's impatience does not make the pause longer");
    held(&world, hook, 3).await;
    world.script.always(URL, status(200));
    ping().await;
    let counts = world.finish().await;
    assert!(counts.by_state.contains(&(DeliveryState::Succeeded, 4)), "{counts:?}");
    assert_eq!(world.script.sent_to(URL).len(), 9 + 4);
}

#[tokio::test]
async fn what_a_person_asked_for_before_a_restart_goes_at_once_after_it() {
    let world = World::with(steady()).await;
    let hook = a_stubborn_hook(&world, URL).await;
    open(&world, hook, URL).await;
    world.publish(&[hook]).await;
    held(&world, hook, 1).await;
    let failed = world.log(hook, 5).await[0].attempt.id;
    world.engine.shutdown().await;
    world.ports.store.redeliver(failed, world.clock.now()).await.expect("planned");
    let world = world.restart().await;
    sent(&world, URL, 6).await;
    held(&world, hook, 1).await;
}

#[tokio::test]
async fn our_own_fault_says_nothing_about_the_receiver() {
    let world = World::with(steady()).await;
    let hook = a_stubborn_hook(&world, URL).await;
    for _ in 0..4 {
        world.script.next(URL, status(404));
    }
    for failure in 1..=10 {
        let body = if failure > 4 { "\"panic\"" } else { "1" };
        world.accept(|event| event.saying(body).for_hooks(&[hook])).await;
        world.log(hook, failure).await;
    }
    assert_eq!(breaker_of(&world, hook).await.failures, 4);
    world.publish(&[hook]).await;
    world.log(hook, 11).await;
    assert_eq!(breaker_of(&world, hook).await, Breaker::default(), "a success ends the row");
}

#[tokio::test]
async fn a_probe_that_ends_without_a_request_makes_room_for_the_next() {
    let world = World::with(EngineSettings { max_age: SECOND * 9, ..steady() }).await;
    let hook = a_stubborn_hook(&world, URL).await;
    open(&world, hook, URL).await;
    for _ in 0..3 {
        world.publish(&[hook]).await;
    }
    held(&world, hook, 3).await;
    world.advance(SECOND * 10).await;
    let log = world.log(hook, 8).await;
    assert!(log[5..].iter().all(|row| row.state == DeliveryState::Expired), "{log:?}");
    assert_eq!(world.script.sent_to(URL).len(), 5);
    world.script.always(URL, status(200));
    world.publish(&[hook]).await;
    world.finish().await;
    assert_eq!(world.script.sent_to(URL).len(), 6, "the next to come is the probe");
}

#[tokio::test]
async fn p6_open_breakers_take_no_slots_and_no_memory_from_others() {
    let bulkheads = Bulkheads { total: 4, strained: 2, slow: 1, per_hook: 2, ..Bulkheads::default() };
    let world = World::with(EngineSettings { bulkheads, ..steady() }).await;
    let healthy = world.hook(OTHER).await;
    let mut dead = Vec::new();
    for at in 0..6 {
        let url = format!("http://dead{at}.test/");
        let hook = a_stubborn_hook(&world, &url).await;
        open(&world, hook, &url).await;
        dead.push(hook);
    }
    let all: Vec<_> = dead.iter().copied().chain([healthy]).collect();
    for _ in 0..50 {
        world.publish(&all).await;
    }
    assert!(world.log(healthy, 50).await.iter().all(|row| row.state == DeliveryState::Succeeded));
    let snapshot = world.until(|snapshot| snapshot.in_flight == 0).await;
    assert_eq!((snapshot.queued, snapshot.held_bytes, snapshot.open_breakers), (0, 0, 6), "{snapshot:?}");
    for hook in dead {
        assert_eq!(world.ports.store.queued(hook).await.expect("counts"), 50);
    }
}

#[tokio::test]
async fn d16_nothing_waits_in_memory_for_the_end_of_a_long_pause_and_nothing_is_forgotten_after_it() {
    let world = World::with(steady()).await;
    let hook = world.hook(URL).await;
    world.publish(&[hook]).await;
    world.log(hook, 1).await;
    world.script.always(URL, Reply::HoldThen(Box::new(later(503, 1_800))));
    for _ in 0..30 {
        world.publish(&[hook]).await;
    }
    world.script.wait_for(URL, 9).await;
    world.script.let_go(1);
    // The other seven are under way; 22 did not start.
    while world.ports.store.queued(hook).await.expect("counts") != 22 + 1 {
        breathe().await;
    }
    assert_eq!(world.engine.snapshot().queued, 0);
    world.script.always(URL, status(200));
    world.script.let_go(7);
    held(&world, hook, 22 + 8).await;
    world.advance(SECOND * 1_790).await;
    settle_down(&world).await;
    assert_eq!(world.script.sent_to(URL).len(), 9);
    world.advance(SECOND * 20).await;
    world.finish().await;
}

#[tokio::test]
async fn d16_a_retry_comes_although_nothing_else_wakes_its_paused_lane() {
    let world = World::new().await;
    let hook = world.hook(URL).await;
    world.script.next(URL, later(429, 25));
    world.publish(&[hook]).await;
    world.log(hook, 1).await;
    world.advance(SECOND * 31).await;
    world.log(hook, 2).await;
    world.finish().await;
}
