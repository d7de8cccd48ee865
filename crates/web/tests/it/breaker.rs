//! The circuit breaker as people see it: through Data Center's own API, ours, and the metrics.

use std::time::Duration;

use dialects::SurfaceSettings;
use engine::EngineSettings;
use serde_json::{Value, json};
use testkit::{Behaviour, Receiver};

use crate::world::{World, eventually};

const WEBHOOKS: &str = "/rest/api/1.0/projects/AIR/repos/kite/webhooks";
const PUSH: &str = include_str!("../../../../docs/events/push.json");

/// A Data Center hook of `air/kite`; its number.
async fn hook(world: &World, receiver: &Receiver) -> i64 {
    let body = json!({"name": "ci", "url": receiver.url("/"), "events": ["repo:refs_changed"]});
    world.must("POST", WEBHOOKS, &body).await["id"].as_i64().expect("a number")
}

/// Counts of the hook's summary, once they are these.
async fn counts(world: &World, hook: i64, successes: u64, failures: u64, errors: u64) {
    let wanted = json!([successes, failures, errors]);
    eventually(|| async {
        let summary = world.must("GET", &format!("{WEBHOOKS}/{hook}/statistics/summary"), &Value::Null).await;
        let of = &summary["repo:refs_changed"];
        (json!([of["successes"], of["failures"], of["errors"]]) == wanted).then_some(())
    })
    .await;
}
