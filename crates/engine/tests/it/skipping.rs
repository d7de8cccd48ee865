//! Breakers that skip, as Data Center's do (contract bitbucket-datacenter section 4), and the vendor's counters.

use std::time::Duration;

use domain::delivery::{DeliveryState, Reason};
use domain::id::HookId;
use domain::ports::Clock as _;
use domain::rules::backoff::Schedule;
use domain::rules::breaker::{Breaker, BreakerSettings, OnOpen};
use engine::EngineSettings;
use metrics_exporter_prometheus::PrometheusHandle;
use testkit::{a_hook, an_event};

use crate::script::{Counting, NAMES, Reply, status, timed_out};
use crate::world::{World, breathe};

const URL: &str = "http://receiver.test/hook";
const SECOND: Duration = Duration::from_secs(1);

/// Data Center's own numbers for one dialect; the others hold.
fn skipping() -> EngineSettings {
    let breaker =
        BreakerSettings { exponent: 1.2, on_open: OnOpen::Skip, jitter: (1.0, 1.0), ..BreakerSettings::default() };
    EngineSettings { dialect_breakers: [(Counting::NAME, breaker)].into(), ..EngineSettings::default() }
}

async fn a_hook_that_skips(world: &World, url: &str) -> HookId {
    let mut new = a_hook().calling(url).retrying(Schedule::None).build();
    new.dialect = Counting::NAME;
    world.make(new).await
}

async fn publish(world: &World, hooks: &[HookId]) {
    world.accept(|event| event.for_hooks(hooks).in_dialect(Counting::NAME)).await;
}

async fn breaker_of(world: &World, hook: HookId) -> Breaker {
    let found = world.ports.store.breakers_of(&[hook]).await.expect("reads");
    found.first().map_or_else(Breaker::default, |(_, breaker)| *breaker)
}

/// Five failures.
async fn open(world: &World, hook: HookId) {
    world.script.always(URL, status(500));
    for failure in 1..=5 {
        publish(world, &[hook]).await;
        world.log(hook, failure).await;
        world.until(|snapshot| snapshot.in_flight == 0).await;
    }
}

/// A number of the metrics, once it is that.
async fn counts(metrics: &PrometheusHandle, name: &str, expected: f64) {
    let line = |text: &str| text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<f64>().ok());
    for _ in 0..5_000 {
        let found = line(&metrics.render());
        if found.is_some_and(|found| (found - expected).abs() < f64::EPSILON) {
            return;
        }
        breathe().await;
    }
    panic!("{name} is not {expected}:\n{}", metrics.render());
}

#[tokio::test]
async fn check_23_after_five_failures_events_are_skipped_until_a_probe_succeeds() {
    let (world, metrics) = World::recorded(skipping()).await;
    let hook = a_hook_that_skips(&world, URL).await;
    open(&world, hook).await;
    publish(&world, &[hook]).await;
    let log = world.log(hook, 6).await;
    assert_eq!((log[5].state, log[5].reason), (DeliveryState::Skipped, Some(Reason::BreakerOpen)));
    assert!(log[5].attempt.exchange.is_none());
    counts(&metrics, NAMES.rejections, 1.0).await;
    counts(&metrics, NAMES.last_rejection, seconds(&world)).await;

    let mut pause = 10.0;
    let mut rows = 6;
    while pause < 36_000.0 {
        let sent = world.script.sent_to(URL).len();
        world.advance(Duration::from_secs_f64(pause - 0.001)).await;
        publish(&world, &[hook]).await;
        rows += 1;
        assert_eq!(world.log(hook, rows).await[rows - 1].reason, Some(Reason::BreakerOpen), "not yet");
        world.advance(Duration::from_millis(2)).await;
        publish(&world, &[hook]).await;
        rows += 1;
        assert_eq!(world.log(hook, rows).await[rows - 1].state, DeliveryState::Failed, "the probe");
        assert_eq!(world.script.sent_to(URL).len(), sent + 1);
        world.until(|snapshot| snapshot.in_flight == 0).await;
        pause = (pause * 1.2_f64).min(36_000.0);
        let until = breaker_of(&world, hook).await.open_until.expect("open");
        assert!((until.since(world.clock.now()).as_secs_f64() - pause).abs() < 1e-3);
    }
    world.advance(SECOND * 36_000).await;
    world.script.always(URL, status(200));
    for _ in 0..3 {
        publish(&world, &[hook]).await;
    }
    let log = world.log(hook, rows + 3).await;
    assert!(log[rows..].iter().all(|row| row.state == DeliveryState::Succeeded));
    assert_eq!(breaker_of(&world, hook).await, Breaker::default());
    // What was skipped can be replayed.
    world.ports.store.redeliver(log[5].attempt.id, world.clock.now()).await.expect("planned");
    world.engine.tick().await.expect("ticks");
    assert_eq!(world.log(hook, rows + 4).await[rows + 3].state, DeliveryState::Succeeded);
    world.finish().await;
}

fn seconds(world: &World) -> f64 {
    let secs = world.clock.now().as_secs();
    f64::from(u32::try_from(secs).expect("before 2106"))
}

#[tokio::test]
async fn check_24_of_251_deliveries_to_slow_receivers_one_is_skipped_and_not_queued() {
    let (world, metrics) = World::recorded(skipping()).await;
    let mut hooks = Vec::new();
    for at in 0..251 {
        let url = format!("http://slow{at}.test/");
        world.script.always(&url, Reply::Hold);
        hooks.push(a_hook_that_skips(&world, &url).await);
    }
    publish(&world, &hooks).await;
    let log = world.log(hooks[250], 1).await;
    assert_eq!((log[0].state, log[0].reason), (DeliveryState::Skipped, Some(Reason::InFlight)));
    counts(&metrics, NAMES.rejections, 1.0).await;
    counts(&metrics, NAMES.publishes, 1.0).await;
    let snapshot = world.engine.snapshot();
    assert_eq!(snapshot.in_flight + snapshot.queued, 250, "{snapshot:?}");
    counts(&metrics, NAMES.in_flight, 100.0).await;
    world.script.let_go(1_000);
    let sums = world.finish().await;
    assert!(sums.by_state.contains(&(DeliveryState::Succeeded, 250)), "{sums:?}");
    counts(&metrics, NAMES.successes, 250.0).await;
    counts(&metrics, NAMES.in_flight, 0.0).await;
    publish(&world, &hooks[250..]).await;
    world.script.let_go(1);
    assert_eq!(world.log(hooks[250], 2).await[1].state, DeliveryState::Succeeded, "there is room again");
}

#[tokio::test]
async fn check_25_no_answer_is_an_error_and_a_404_is_a_failure() {
    let (world, metrics) = World::recorded(skipping()).await;
    let hook = a_hook_that_skips(&world, URL).await;
    world.script.next(URL, timed_out()).next(URL, status(404)).next(URL, status(302)).next(URL, status(204));
    for at in 1..=4 {
        publish(&world, &[hook]).await;
        world.log(hook, at).await;
    }
    for (name, expected) in [
        (NAMES.dispatches, 4.0),
        (NAMES.errors, 1.0),
        (NAMES.failures, 2.0),
        (NAMES.successes, 1.0),
        (NAMES.publishes, 4.0),
        (NAMES.rejections, 0.0),
    ] {
        counts(&metrics, name, expected).await;
    }
}

#[tokio::test]
async fn what_waits_in_memory_when_it_opens_is_skipped_and_what_a_person_asks_for_is_not() {
    let world = World::with(skipping()).await;
    let hook = a_hook_that_skips(&world, URL).await;
    publish(&world, &[hook]).await;
    world.log(hook, 1).await;
    world.script.always(URL, Reply::HoldThen(Box::new(status(500))));
    for _ in 0..20 {
        publish(&world, &[hook]).await;
    }
    world.script.wait_for(URL, 1 + 8).await;
    let ping = async |ce_id: &str| {
        let mut ping = an_event(ce_id).for_hooks(&[hook]).in_dialect(Counting::NAME).build();
        ping.plan.direct = true;
        world.ports.store.accept(ping).await.expect("accepted");
    };
    ping("while eight are under way").await;
    world.script.let_go(8);
    let log = world.log(hook, 1 + 20).await;
    let skipped: Vec<_> = log.iter().filter(|row| row.state == DeliveryState::Skipped).collect();
    assert!(skipped.len() == 12 && skipped.iter().all(|row| row.reason == Some(Reason::BreakerOpen)), "{log:?}");
    world.script.let_go(1);
    world.log(hook, 1 + 20 + 1).await;
    let first = skipped[0].attempt.id;
    world.ports.store.redeliver(first, world.clock.now()).await.expect("planned");
    world.script.let_go(1);
    assert_eq!(world.log(hook, 1 + 20 + 2).await[22].state, DeliveryState::Failed, "it was tried");
    world.script.always(URL, status(200));
    ping("and closes it").await;
    world.log(hook, 1 + 20 + 3).await;
    assert_eq!(breaker_of(&world, hook).await, Breaker::default());
    let counts = world.finish().await;
    assert!(counts.by_state.contains(&(DeliveryState::Skipped, 12)), "{counts:?}");
}

#[tokio::test]
async fn skips_need_no_courier_and_others_hold_meanwhile() {
    let mut settings = skipping();
    settings.bulkheads.total = 1;
    let world = World::with(settings).await;
    let (hook, other) = (a_hook_that_skips(&world, URL).await, world.hook("http://other.test/").await);
    open(&world, hook).await;
    world.script.next("http://other.test/", Reply::Hold);
    world.publish(&[other]).await;
    world.script.wait_for("http://other.test/", 1).await;
    for _ in 0..100 {
        publish(&world, &[hook]).await;
    }
    let log = world.log(hook, 105).await;
    assert!(log[5..].iter().all(|row| row.reason == Some(Reason::BreakerOpen)));
    world.script.let_go(1);
    world.finish().await;
}

#[tokio::test]
async fn metrics_tell_breakers_by_dialect() {
    let (world, metrics) = World::recorded(skipping()).await;
    let (skips, holds) = (
        a_hook_that_skips(&world, URL).await,
        world.make(a_hook().calling(URL).retrying(Schedule::None).build()).await,
    );
    open(&world, skips).await;
    for failure in 1..=5 {
        world.publish(&[holds]).await;
        world.log(holds, failure).await;
        world.until(|snapshot| snapshot.in_flight == 0).await;
    }
    world.publish(&[holds]).await;
    world.publish(&[holds]).await;
    publish(&world, &[skips]).await;
    for (name, expected) in [
        (r#"postrider_breakers{state="open",dialect="counting"}"#, 1.0),
        (r#"postrider_breakers{state="open",dialect="github"}"#, 1.0),
        (r#"postrider_breaker_openings_total{dialect="github"}"#, 1.0),
        (r#"postrider_held_total{dialect="github"}"#, 2.0),
        (r#"postrider_held_total{dialect="counting"}"#, 0.0),
        (r#"postrider_skipped_total{reason="breaker_open",dialect="counting"}"#, 1.0),
    ] {
        counts(&metrics, name, expected).await;
    }
    world.advance(SECOND * 10).await;
    world.log(holds, 6).await;
    counts(&metrics, r#"postrider_breaker_openings_total{dialect="github"}"#, 1.0).await;
    counts(&metrics, r#"postrider_breakers{state="half_open",dialect="counting"}"#, 1.0).await;
}
