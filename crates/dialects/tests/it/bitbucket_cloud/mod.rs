//! Bitbucket Cloud's REST API (contract bitbucket-cloud section 7). Tests are named after the check they make.

mod access;
mod bad_input;
mod create;
mod lists;
mod resources;
mod update;
mod workspaces;

use std::sync::Arc;

use domain::hook::{DialectName, Hook, HookScope};
use serde_json::{Value, json};

use crate::world::{Answer, World};

/// Where most hooks of these tests live.
const HOOKS: &str = "/repositories/acme/app/hooks";

/// Where the hooks of the workspace live.
const WORKSPACE_HOOKS: &str = "/workspaces/acme/hooks";

/// The base of all URLs in answers.
const ORIGIN: &str = "http://postrider.test/2.0";

/// One request as alice.
async fn call(world: &World, method: &str, path: &str, body: Value) -> Answer {
    call_as(world, &world.token, method, path, body).await
}

/// One request with that token; none if it is empty.
async fn call_as(world: &World, token: &str, method: &str, path: &str, body: Value) -> Answer {
    world.ask(token, method, &format!("/2.0{path}"), body).await
}

async fn get(world: &World, path: &str) -> Answer {
    call(world, "GET", path, Value::Null).await
}

/// A body that is good.
fn simple(url: &str) -> Value {
    json!({"url": url, "events": ["repo:push"]})
}

/// Creates a hook on `acme/app` that must be good.
async fn hook(world: &World, body: Value) -> Value {
    let answer = call(world, "POST", HOOKS, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

/// The path of a hook, from its own link.
fn path_of(hook: &Value) -> String {
    let href = hook["links"]["self"]["href"].as_str().expect("a link");
    href.strip_prefix(ORIGIN).expect("on the public origin").to_owned()
}

/// A hook's uuid without braces.
fn uuid_of(hook: &Value) -> &str {
    hook["uuid"].as_str().expect("a uuid").trim_matches(['{', '}'])
}

/// The hooks of `acme/app` as they are stored.
fn stored(world: &World) -> Vec<Arc<Hook>> {
    world.ports.directory().hooks_of(HookScope::Repository(world.app.id), DialectName("bitbucket_cloud"))
}

/// An error in this API's envelope.
fn assert_refused(answer: &Answer, status: u16, label: &str) {
    assert_eq!(answer.status.as_u16(), status, "{label}: {}", answer.text);
    assert_eq!(answer.header("content-type"), "application/json", "{label}");
    let body = answer.json();
    assert_eq!(body["type"], "error", "{label}");
    assert!(body["error"]["message"].is_string(), "{label}");
    let fields = body["error"].get("fields");
    let lists = |fields: &Value| fields.as_object().expect("an object").values().all(Value::is_array);
    assert!(fields.is_none_or(lists), "{label}");
}
