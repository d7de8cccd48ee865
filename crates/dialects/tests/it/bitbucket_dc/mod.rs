//! Bitbucket Data Center's REST API (contract bitbucket-datacenter section 8). Tests are named after the check they
//! make.

mod access;
mod bad_input;
mod create;
mod lists;
mod probe;
mod resources;
mod statistics;
mod update;

use domain::dialect::{Sending, WireRequest};
use domain::event::Place;
use domain::flow::publish::{Envelope, publish};
use domain::id::HookId;
use serde_json::{Value, json};

use crate::world::{Answer, World};

/// Webhooks of a repository.
const R: &str = "/projects/ACME/repos/app/webhooks";
/// Webhooks of its project.
const P: &str = "/projects/ACME/webhooks";

/// With that token; none if it is empty.
async fn call_as(world: &World, token: &str, method: &str, path: &str, body: Value) -> Answer {
    world.ask(token, method, &format!("/rest/api/1.0{path}"), body).await
}

/// As alice, who owns it all.
async fn call(world: &World, method: &str, path: &str, body: Value) -> Answer {
    call_as(world, &world.token, method, path, body).await
}

async fn get(world: &World, path: &str) -> Answer {
    call(world, "GET", path, Value::Null).await
}

/// A body with only what must be there, and pushes as events.
fn plain(url: &str) -> Value {
    json!({"name": "ci", "url": url, "events": ["repo:refs_changed"]})
}

/// A body with only what must be there, and more members.
fn with(members: Value) -> Value {
    let mut body = plain("http://r.test/hook");
    let Value::Object(members) = members else { panic!("an object") };
    body.as_object_mut().expect("an object").extend(members);
    body
}

/// Creates a webhook that must be good.
async fn made(world: &World, scope: &str, body: Value) -> Value {
    let answer = call(world, "POST", scope, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

/// Replaces a repository's webhook with one that must be good.
async fn put(world: &World, hook: &Value, body: Value) -> Value {
    let answer = call(world, "PUT", &one(hook), body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// The path of a repository's webhook.
fn one(hook: &Value) -> String {
    format!("{R}/{}", hook["id"])
}

fn id_of(hook: &Value) -> HookId {
    HookId(hook["id"].as_i64().expect("an id"))
}

/// Asserts an answer in the error form, with this status; gives its first item.
#[track_caller]
fn refusal(answer: &Answer, status: u16, label: &str) -> Value {
    assert_eq!(answer.status.as_u16(), status, "{label}: {}", answer.text);
    assert_eq!(answer.header("content-type"), "application/json;charset=UTF-8", "{label}");
    let body = answer.json();
    let members: Vec<_> = body.as_object().expect("an object").keys().collect();
    assert_eq!(members, ["errors"], "{label}");
    let errors = body["errors"].as_array().expect("a list");
    for error in errors {
        let members: Vec<_> = error.as_object().expect("an object").keys().collect();
        assert_eq!(members, ["context", "message", "exceptionName"], "{label}");
        assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{label}: {error}");
    }
    errors.first().expect("an error").clone()
}

/// Publishes a payload of this dialect in a repository of `acme`; tells how many deliveries were planned.
async fn published(world: &World, repository: &str, event: &str) -> usize {
    let now = domain::ports::Clock::now(&*world.clock);
    let envelope = Envelope {
        id: domain::id::Uid::new(now, &*world.ports.entropy).to_string(),
        source: format!("/repos/acme/{repository}"),
        kind: format!("bitbucket_datacenter.{event}"),
        subject: None,
        time: None,
        content_type: "application/json".to_owned(),
        data: json!({"eventKey": event}).to_string().into(),
        hops: 0,
    };
    publish(&world.ports, envelope).await.expect("published").deliveries
}

/// The request that a push in `acme/app` makes to a webhook.
async fn next_request(world: &World, hook: &Value) -> WireRequest {
    published(world, "app", "repo:refs_changed").await;
    let work = world.due(id_of(hook)).await.pop().expect("a delivery");
    let stored = world.ports.directory().hook(id_of(hook)).expect("the hook");
    let dialect = world.ports.dialects.get("bitbucket_datacenter").expect("the dialect");
    let sending = Sending {
        content_type: "application/json",
        hops: 1,
        public_url: "http://postrider.test",
        number: 1,
        earlier: 0,
        redelivery: false,
        now: domain::ports::Clock::now(&*world.clock),
        place: Place { account: world.app.owner, repository: Some(world.app.id), app: None },
        directory: world.ports.directory(),
        entropy: &*world.ports.entropy,
    };
    dialect.encode(&stored, work.message(), &sending)
}

/// A header of a request; empty when absent.
fn header<'a>(request: &'a WireRequest, name: &str) -> &'a str {
    request.headers.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
}
