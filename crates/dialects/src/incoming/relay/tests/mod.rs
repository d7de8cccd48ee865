//! Payloads of all hosts, read back.

mod gitlab;
mod gogs;
mod hosts;
mod loops;
mod panics;
mod round_trip;

use domain::canonical::{Happening, PullRequestCommentEvent, PullRequestEvent, Push};
use serde_json::Value;

use super::{Relayed, relay};

/// A server that no payload is of.
const ELSEWHERE: &str = "https://postrider.test";

/// What a delivery tells.
fn told(provider: &str, event: &str, payload: &Value) -> Vec<Relayed> {
    let body = payload.to_string();
    relay(provider, event, body.as_bytes(), Some("d1"), ELSEWHERE).unwrap_or_else(|error| panic!("{event}: {error}"))
}

/// The events of a delivery, parsed.
fn happenings(provider: &str, event: &str, payload: &Value) -> Vec<Happening> {
    told(provider, event, payload).iter().map(parsed).collect()
}

/// An event, parsed.
fn parsed(relayed: &Relayed) -> Happening {
    Happening::parse(&relayed.kind, &relayed.data).expect("a canonical type").expect("valid")
}

/// The types of all events of a delivery.
fn kinds(provider: &str, event: &str, payload: &Value) -> Vec<String> {
    told(provider, event, payload).into_iter().map(|relayed| relayed.kind).collect()
}

/// The only event of a delivery, which is a push.
fn push(provider: &str, event: &str, payload: &Value) -> Push {
    let [Happening::Push(push)] = <[_; 1]>::try_from(happenings(provider, event, payload)).expect("one event") else {
        panic!("a push")
    };
    push
}

/// The only event of a delivery, which is of a pull request.
fn pull_request(provider: &str, event: &str, payload: &Value) -> PullRequestEvent {
    let [Happening::PullRequest(_, event)] =
        <[_; 1]>::try_from(happenings(provider, event, payload)).expect("one event")
    else {
        panic!("a pull request")
    };
    *event
}

/// The only event of a delivery, which is of a comment.
fn comment(provider: &str, event: &str, payload: &Value) -> PullRequestCommentEvent {
    let [Happening::PullRequestComment(_, event)] =
        <[_; 1]>::try_from(happenings(provider, event, payload)).expect("one event")
    else {
        panic!("a comment")
    };
    *event
}
