//! The circuit breaker as people see it: through Data Center's own API, ours, and the metrics.

use std::collections::HashMap;
use std::time::Duration;

use dialects::{BitbucketDataCenter, SurfaceSettings};
use domain::rules::backoff::Schedule;
use domain::rules::breaker::{BreakerSettings, OnOpen};
use engine::EngineSettings;
use serde_json::{Value, json};
use testkit::{Behaviour, Receiver};

use crate::world::{World, eventually};

const WEBHOOKS: &str = "/rest/api/1.0/projects/AIR/repos/kite/webhooks";
const PUSH: &str = include_str!("../../../../docs/events/push.json");
const KEY: &str = "repo:refs_changed";

/// A server whose Data Center hooks have that product's own breaker.
async fn world(on_open: OnOpen, schedule: Schedule) -> World {
    let breaker = BreakerSettings { exponent: 1.2, jitter: (1.0, 1.0), on_open, ..BreakerSettings::default() };
    let dialect_breakers = HashMap::from([(BitbucketDataCenter::NAME, breaker)]);
    let settings = EngineSettings { dialect_breakers, schedule, ..EngineSettings::default() };
    World::new(settings, &SurfaceSettings::default()).await
}

/// A Data Center hook of `air/kite`, and where it is found.
async fn hook(world: &World, receiver: &Receiver) -> String {
    let body = json!({"name": "ci", "url": receiver.url("/"), "events": [KEY]});
    let made = world.must("POST", WEBHOOKS, &body).await;
    format!("{WEBHOOKS}/{}", made["id"])
}

/// Waits until the hook's summary counts these.
async fn counted(world: &World, hook: &str, successes: u64, failures: u64, errors: u64) {
    let wanted = json!([successes, failures, errors]);
    eventually(|| async {
        let summary = world.must("GET", &format!("{hook}/statistics/summary"), &Value::Null).await;
        let of = &summary[KEY];
        (json!([of["successes"], of["failures"], of["errors"]]) == wanted).then_some(())
    })
    .await;
}

/// Publishes pushes with these ids, one after the other, until the summary has counted each.
async fn fail(world: &World, hook: &str, receiver: &Receiver, count: u64) {
    receiver.always(Behaviour::Status(500));
    for number in 1..=count {
        world.publish(&format!("failing {number}"), "push", PUSH).await;
        counted(world, hook, 0, number, 0).await;
    }
}

#[tokio::test]
async fn five_failures_hold_deliveries_for_ten_seconds_and_all_arrive_once_it_has_healed() {
    let world = world(OnOpen::Hold, Schedule::Postrider).await;
    let receiver = Receiver::start().await;
    let hook = hook(&world, &receiver).await;
    fail(&world, &hook, &receiver, 5).await;
    world.publish("held", "push", PUSH).await;
    // Retries come due meanwhile, and wait as well.
    world.advance(Duration::from_secs(9)).await;
    assert_eq!(receiver.received().len(), 5);
    let latest = world.must("GET", &format!("{hook}/latest"), &Value::Null).await;
    assert_eq!((&latest["event"], &latest["result"]["statusCode"]), (&json!(KEY), &json!(500)));
    assert_eq!(latest["result"]["outcome"], "FAILURE");
    assert_eq!(world.get(&format!("{hook}/latest?outcome=SUCCESS")).await.status, 204);
    assert_eq!(world.counter("bitbucket_dc_dispatch_failure_count").await, 5);

    receiver.always(Behaviour::Status(200));
    world.advance(Duration::from_secs(1)).await;
    receiver.wait_for(11).await;
    counted(&world, &hook, 6, 5, 0).await;
    let with_history = world.must("GET", &format!("{hook}?statistics=true"), &Value::Null).await;
    assert_eq!(with_history["statistics"]["counts"]["successes"], 6);
    assert_eq!(world.counter("bitbucket_dc_dispatch_success_count").await, 6);
    assert_eq!(world.counter("bitbucket_dc_dispatch_rejected_count").await, 0);
    assert!(world.ports.store.conservation().await.expect("counts").holds());
}

#[tokio::test]
async fn check_23_as_data_center_does_it_deliveries_are_skipped_until_a_probe_succeeds() {
    let world = world(OnOpen::Skip, Schedule::Vendor).await;
    let receiver = Receiver::start().await;
    let hook = hook(&world, &receiver).await;
    fail(&world, &hook, &receiver, 5).await;

    world.publish("skipped", "push", PUSH).await;
    counted(&world, &hook, 0, 5, 1).await;
    assert_eq!(receiver.received().len(), 5, "nothing was sent");
    let error = world.must("GET", &format!("{hook}/latest?outcome=ERROR"), &Value::Null).await;
    let description = error["result"]["description"].as_str().expect("words");
    assert!(description.contains("circuit breaker is open"), "{description}");
    assert_eq!(world.counter("bitbucket_dc_dispatch_rejected_count").await, 1);

    // The pause is over: the next event is the probe. It fails, and the pause is longer.
    world.advance(Duration::from_secs(10)).await;
    world.publish("probe", "push", PUSH).await;
    counted(&world, &hook, 0, 6, 1).await;
    world.advance(Duration::from_secs(11)).await;
    world.publish("skipped again", "push", PUSH).await;
    counted(&world, &hook, 0, 6, 2).await;

    receiver.always(Behaviour::Status(200));
    world.advance(Duration::from_secs(1)).await;
    world.publish("probe again", "push", PUSH).await;
    counted(&world, &hook, 1, 6, 2).await;
    world.publish("as ever", "push", PUSH).await;
    counted(&world, &hook, 2, 6, 2).await;

    // What was skipped is not lost.
    let own = world.must("GET", "/api/v1/hooks?scope=/repos/air/kite", &Value::Null).await;
    let log = format!("/api/v1/hooks/{}/deliveries", own["items"][0]["id"]);
    let log = world.must("GET", &log, &Value::Null).await;
    let skipped = log["items"].as_array().expect("rows").iter().rfind(|row| row["reason"] == "breaker_open");
    let skipped = &skipped.expect("a row for each skip")["id"];
    world.must("POST", &format!("/api/v1/deliveries/{skipped}/redeliver"), &Value::Null).await;
    counted(&world, &hook, 3, 6, 2).await;
    let received = receiver.received();
    assert_eq!(received.len(), 9);
    assert_eq!(received[8].body, received[0].body);
}
