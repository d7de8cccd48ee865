//! GitHub's REST API (contract github section 6.3). Tests are named after the check they make.

mod access;
mod audience;
mod bad_input;
mod create;
mod deliveries;
mod frame;
mod hub;
mod isolation;
mod lists;
mod memberships;
mod oauth;
mod organizations;
mod resources;
mod update;

use domain::id::HookId;
use serde_json::{Value, json};

use crate::world::World;

/// Where most hooks of these tests live.
const HOOKS: &str = "/repos/acme/app/hooks";

/// Creates a hook that must be good.
async fn hook(world: &World, body: Value) -> Value {
    let answer = world.post(HOOKS, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

/// A hook with a secret, calling this URL.
async fn signed_hook(world: &World, url: &str) -> Value {
    hook(world, json!({"config": {"url": url, "content_type": "json", "secret": "s"}})).await
}

/// The path of a hook.
fn path_of(hook: &Value) -> String {
    format!("{HOOKS}/{}", hook["id"])
}

fn id_of(hook: &Value) -> HookId {
    HookId(hook["id"].as_i64().expect("an id"))
}
