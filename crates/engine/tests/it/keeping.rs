//! Nothing is stranded and nobody waits for somebody else: overflow, restarts, crashes, dead receivers.

use std::sync::Arc;
use std::time::Duration;

use domain::delivery::DeliveryState;
use domain::id::HookId;
use domain::ports::{AttemptFilter, Clock as _, Entropy as _};
use engine::EngineSettings;
use testkit::{SeededEntropy, an_event};

use crate::script::{Reply, later, status, timed_out};
use crate::world::{World, breathe};

const URL: &str = "http://receiver.test/hook";

#[tokio::test]
async fn p2_overflow_stays_in_the_database_and_is_delivered() {
    let world = World::with(EngineSettings { lane_depth: 4, ..EngineSettings::default() }).await;
    let hook = world.hook(URL).await;
    world.script.always(URL, Reply::Hold);
    for _ in 0..60 {
        world.publish(&[hook]).await;
    }
    let snapshot = world.engine.snapshot();
    assert!(snapshot.queued <= 4 + 8, "{snapshot:?}");
    world.script.let_go(1_000);
    while world.script.sent_to(URL).len() < 60 {
        world.advance(Duration::from_millis(100)).await;
        breathe().await;
    }
    let counts = world.finish().await;
    assert_eq!(counts.planned, 60);
    assert_eq!(world.log(hook, 60).await.len(), 60, "each sent once");
    let snapshot = world.until(|snapshot| snapshot.in_flight == 0).await;
    assert_eq!((snapshot.queued, snapshot.held_bytes), (0, 0));
}

#[tokio::test]
async fn the_memory_budget_counts_an_event_once_and_sends_the_rest_through_the_database() {
    let settings = EngineSettings { held_bytes: 20, ..EngineSettings::default() };
    let world = World::with(settings).await;
    let hooks = [world.hook(URL).await, world.hook("http://b.test/").await, world.hook("http://c.test/").await];
    world.script.always(URL, Reply::Hold).always("http://b.test/", Reply::Hold).always("http://c.test/", Reply::Hold);
    world.publish(&hooks).await;
    world.publish(&hooks).await;
    assert_eq!(world.engine.snapshot().held_bytes, 14, "two events of seven bytes");
    world.publish(&hooks).await;
    assert_eq!(world.engine.snapshot().held_bytes, 14);
    world.script.let_go(1_000);
    while world.script.sent_to(URL).len() < 3 {
        world.advance(Duration::from_millis(100)).await;
        breathe().await;
    }
    world.finish().await;
    world.until(|snapshot| snapshot.held_bytes == 0).await;
}

#[tokio::test]
async fn p6_a_hung_receiver_holds_nobody_up_and_no_more_than_its_share() {
    let world = World::new().await;
    let hung = world.hook(URL).await;
    let mut healthy = Vec::new();
    for at in 0..9 {
        healthy.push(world.hook(&format!("http://healthy{at}.test/")).await);
    }
    world.script.always(URL, Reply::Hold);
    let all: Vec<_> = healthy.iter().copied().chain([hung]).collect();
    for _ in 0..30 {
        world.publish(&all).await;
    }
    for hook in healthy {
        assert!(world.log(hook, 30).await.iter().all(|row| row.state == DeliveryState::Succeeded));
    }
    let snapshot = world.until(|snapshot| snapshot.unsettled == 0).await;
    assert_eq!(snapshot.in_flight, 1, "a lane that was never answered has one slot: {snapshot:?}");
    world.script.let_go(1_000);
    world.finish().await;
}

#[tokio::test]
async fn n8_a_shutdown_lets_exchanges_finish_and_hands_back_what_did_not_start() {
    let world = World::new().await;
    let hook = world.hook(URL).await;
    world.script.always(URL, Reply::Hold);
    for _ in 0..5 {
        world.publish(&[hook]).await;
    }
    world.script.wait_for(URL, 1).await;
    let (stopping, releasing) = (world.engine.shutdown(), async { world.script.let_go(1) });
    tokio::join!(stopping, releasing);
    let log = world.log(hook, 1).await;
    assert_eq!((log.len(), log[0].state), (1, DeliveryState::Succeeded), "the one in flight was settled");
    world.script.let_go(1_000);
    let world = world.restart().await;
    world.finish().await;
    let log = world.log(hook, 5).await;
    assert_eq!(log.len(), 5, "each exactly once");
    assert!(log.iter().all(|row| !row.attempt.recovered), "a clean restart is no crash");
}

#[tokio::test]
async fn n8_exchanges_that_do_not_end_in_time_are_left_to_recovery() {
    let world = World::with(EngineSettings { grace: Duration::from_millis(50), ..EngineSettings::default() }).await;
    let hook = world.hook(URL).await;
    world.script.next(URL, Reply::Hold);
    world.publish(&[hook]).await;
    world.script.wait_for(URL, 1).await;
    let world = world.restart().await;
    world.finish().await;
    let log = world.log(hook, 1).await;
    assert!(log[0].attempt.recovered && log[0].state == DeliveryState::Succeeded, "{log:?}");
}

#[tokio::test]
async fn p2_a_crash_strands_nothing_and_the_repeat_says_so() {
    let world = World::new().await;
    let hook = world.hook(URL).await;
    world.script.always(URL, Reply::Hold);
    for _ in 0..20 {
        world.publish(&[hook]).await;
    }
    world.script.wait_for(URL, 1).await;
    let world = world.crash().await;
    let counts = world.finish().await;
    assert_eq!(counts.planned, 20);
    let log = world.log(hook, 20).await;
    assert!(log.iter().all(|row| row.state == DeliveryState::Succeeded && row.attempt.recovered));
    let mut ids: Vec<_> = log.iter().map(|row| row.attempt.id).collect();
    ids.dedup();
    assert_eq!(ids.len(), 20, "attempt ids of the lost process are not used again");
}

/// One random step of the story below.
async fn stumble(world: &World, hooks: &mut [HookId], die: &impl Fn(usize) -> usize) {
    let urls: Vec<_> = (0..6).map(|at| format!("http://random{at}.test/")).collect();
    let anything = || -> domain::hook::SiblingRule { Arc::new(|_, _| Ok(())) };
    match die(12) {
        0..=4 => {
            let chosen: Vec<_> = hooks.iter().copied().filter(|_| die(2) == 0).collect();
            for _ in 0..=die(4) {
                world.publish(&chosen).await;
            }
        }
        5 => {
            let replies = [status(200), status(500), status(404), timed_out(), later(503, 5), later(429, 100)];
            world.script.always(&urls[die(6)], replies[die(6)].clone());
        }
        6 => {
            let hook = hooks[die(hooks.len())];
            let number =
                world.ports.store.events(None, None, 1).await.expect("lists").first().map_or(0, |event| event.id.0);
            let mut ping = an_event(&format!("ping{number}")).for_hooks(&[hook]).build();
            ping.accepted_at = world.clock.now();
            ping.plan.direct = true;
            world.ports.store.accept(ping).await.expect("accepted");
        }
        7 => {
            let hook = hooks[die(hooks.len())];
            let log = world.ports.store.attempts_of(hook, AttemptFilter::default(), 3).await.expect("lists");
            for row in log {
                world.ports.store.redeliver(row.attempt.id, world.clock.now()).await.expect("planned");
            }
        }
        8 if die(3) == 0 => {
            let hook = hooks[die(hooks.len())];
            world
                .ports
                .store
                .update_hook(hook, world.clock.now(), Box::new(|hook| hook), anything())
                .await
                .expect("edited");
        }
        9 if die(6) == 0 => {
            let at = die(hooks.len());
            world.ports.store.delete_hook(hooks[at]).await.expect("deleted");
            hooks[at] = world.hook(&urls[at]).await;
        }
        _ => world.advance(Duration::from_millis(u64::try_from(die(8_000)).expect("small"))).await,
    }
    for _ in 0..die(3) {
        breathe().await;
    }
}

/// P2, P3 and D-20 together: failing, pausing, edited and deleted hooks, pings and redeliveries, restarts and crashes.
#[tokio::test]
async fn p2_whatever_happens_every_delivery_ends_once_receivers_answer() {
    for seed in 0..4 {
        let random = SeededEntropy::new(seed);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "small"
        )]
        let die = |sides: usize| ((random.unit() * sides as f64) as usize).min(sides - 1);
        let mut settings = EngineSettings { lane_depth: 8, ..EngineSettings::default() };
        if seed % 3 == 2 {
            settings.breaker.on_open = domain::rules::breaker::OnOpen::Skip;
            settings.breaker.in_flight_max = 20;
        }
        let mut world = World::with(settings).await;
        let mut hooks = Vec::new();
        for at in 0..6 {
            hooks.push(world.hook(&format!("http://random{at}.test/")).await);
        }
        for step in 0..150 {
            stumble(&world, &mut hooks, &die).await;
            if step % 50 == 49 {
                world = if die(2) == 0 { world.restart().await } else { world.crash().await };
            }
        }
        for at in 0..6 {
            world.script.always(&format!("http://random{at}.test/"), status(200));
        }
        let open = async || {
            let counts = world.ports.store.conservation().await.expect("counted");
            assert!(counts.holds(), "seed {seed}: {counts:?}");
            counts.by_state.iter().find(|(state, _)| *state == DeliveryState::Open).map_or(0, |(_, count)| *count)
        };
        let mut rounds = 0;
        while open().await > 0 {
            rounds += 1;
            assert!(
                rounds < 5_000,
                "seed {seed}: {} deliveries never end: {:?}",
                open().await,
                world.engine.snapshot()
            );
            world.advance(Duration::from_secs(600)).await;
            breathe().await;
        }
        let snapshot = world.until(|snapshot| snapshot.in_flight == 0).await;
        assert_eq!((snapshot.queued, snapshot.held_bytes), (0, 0), "seed {seed}");
    }
}
