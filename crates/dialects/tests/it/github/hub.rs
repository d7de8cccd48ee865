//! `POST /hub` (contract github section 5).

mod access;
mod bad_input;
mod races;
mod subscriptions;

use axum::body::Body;
use axum::http::Request;
use serde_json::Value;

use super::{HOOKS, hook, id_of};
use crate::world::{Answer, World, answer, request};

const TOPIC: &str = "https://github.com/acme/app/events/push";
const CALLBACK: &str = "http://r.test/hook?a=1";
const ENCODED: &str = "application/x-www-form-urlencoded";

/// A form with these fields, urlencoded.
fn encoded(fields: &[(&str, &str)]) -> Vec<u8> {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish().into_bytes()
}

/// A form of that type, sent to that path.
fn form(token: &str, path: &str, content_type: &str, body: Vec<u8>) -> Request<Body> {
    let mut request = request(token, "POST", path, body);
    request.headers_mut().insert("content-type", content_type.parse().expect("a content type"));
    request
}

/// Sends fields to `/api/v3/hub` with that token.
async fn send_as(world: &World, token: &str, fields: &[(&str, &str)]) -> Answer {
    world.send(form(token, "/api/v3/hub", ENCODED, encoded(fields))).await
}

/// Sends fields as alice.
async fn send(world: &World, fields: &[(&str, &str)]) -> Answer {
    send_as(world, &world.token, fields).await
}

fn fields<'a>(mode: &'a str, event: &'a str, callback: &'a str) -> [(&'static str, &'a str); 3] {
    [("hub.mode", mode), ("hub.topic", event), ("hub.callback", callback)]
}

/// Subscribes or unsubscribes [`CALLBACK`], which must go well; the hooks afterwards.
async fn done(world: &World, mode: &str, event: &str, more: &[(&str, &str)]) -> Vec<Value> {
    let topic = format!("https://github.com/acme/app/events/{event}");
    let answer = send(world, &[&fields(mode, &topic, CALLBACK)[..], more].concat()).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str()), (204, ""), "{mode} {event}");
    hooks(world).await
}

async fn hooks(world: &World) -> Vec<Value> {
    world.get(HOOKS).await.json().as_array().expect("a list").clone()
}

/// Refused with that status and message, in this endpoint's form: no list of errors.
fn assert_refused(answer: &Answer, status: u16, message: &str) {
    let expected = serde_json::json!({
        "message": message,
        "documentation_url": "https://docs.github.com/rest/webhooks#pubsubhubbub",
        "status": status.to_string(),
    });
    assert_eq!((answer.status.as_u16(), answer.json()), (status, expected));
}
