//! Payloads over the size that Bitbucket Cloud delivers (contract bitbucket-cloud section 2).

use dialects::{BitbucketCloudSettings, SurfaceSettings};
use engine::EngineSettings;
use serde_json::{Value, json};
use testkit::Receiver;

use crate::world::{World, eventually};

/// Publishes a payload of 300 KB to a Cloud hook; its log once there is one, and how many requests arrived.
async fn publish_large(strict_payload_limit: bool) -> (Value, usize) {
    let bitbucket_cloud = BitbucketCloudSettings { strict_payload_limit, ..BitbucketCloudSettings::default() };
    let settings = SurfaceSettings { bitbucket_cloud, ..SurfaceSettings::default() };
    let world = World::new(EngineSettings::default(), &settings).await;
    let receiver = Receiver::start().await;
    let hook = json!({"url": receiver.url("/"), "events": ["repo:push"]});
    world.must("POST", "/2.0/repositories/air/kite/hooks", &hook).await;
    let payload = json!({"push": {"changes": []}, "padding": "x".repeat(300_000)});
    world.publish("large", "bitbucket_cloud.repo:push", &payload.to_string()).await;
    let listed = world.must("GET", "/api/v1/hooks?scope=/repos/air/kite", &Value::Null).await;
    let log = format!("/api/v1/hooks/{}/deliveries", listed["items"][0]["id"]);
    let log = eventually(|| async {
        let log = world.must("GET", &log, &Value::Null).await;
        log["items"].as_array().is_some_and(|items| !items.is_empty()).then_some(log)
    });
    (log.await["items"][0].clone(), receiver.received().len())
}

#[tokio::test]
async fn check_22_a_payload_over_256_kb_is_delivered_unless_asked_otherwise() {
    let (row, arrived) = publish_large(false).await;
    assert_eq!((&row["state"], &row["status"], arrived), (&json!("succeeded"), &json!(200), 1));
}

#[tokio::test]
async fn check_22_in_strict_mode_it_is_skipped_and_the_log_says_why() {
    let (row, arrived) = publish_large(true).await;
    assert_eq!((&row["state"], &row["reason"], arrived), (&json!("skipped"), &json!("oversize"), 0));
}
