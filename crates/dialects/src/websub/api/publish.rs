//! `hub.mode=publish`: a publisher says that topics changed (contract websub section 7).

use axum::http::{HeaderMap, StatusCode};
use domain::account::Scope;
use domain::flow::hub::ping;

use super::Context;
use super::refuse::Refusal;
use super::subscribe::topic;
use crate::http::{Credentials, Form, authenticate};
use crate::websub::settings::PublishPolicy;

/// The names a topic comes under: PubSubHubbub 0.3's, WebSub's, and the one Superfeedr documents.
const NAMES: [&str; 3] = ["hub.url", "hub.topic", "hub.url[]"];
/// Topics in one ping.
const MAX_TOPICS: usize = 100;

/// Has the named topics looked at. Whether there are any tells the answer nobody.
pub(super) async fn publish(context: &Context, form: &Form, headers: &HeaderMap) -> Result<StatusCode, Refusal> {
    let mut topics: Vec<String> = Vec::new();
    for name in NAMES {
        for text in form.all(name) {
            let url = topic(text, name)?;
            if !topics.contains(&url) {
                topics.push(url);
            }
            if topics.len() > MAX_TOPICS {
                return Err(Refusal::bad(format!("more than {MAX_TOPICS} topics in one request")));
            }
        }
    }
    if topics.is_empty() {
        return Err(Refusal::bad("hub.url or hub.topic is missing"));
    }
    match context.own.publish {
        PublishPolicy::Open => {}
        PublishPolicy::Listed => topics.retain(|topic| context.own.lists(topic)),
        PublishPolicy::Token => may_publish(context, headers)?,
    }
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    ping(&context.ports, &topics).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn may_publish(context: &Context, headers: &HeaderMap) -> Result<(), Refusal> {
    match authenticate(&context.ports, headers) {
        Credentials::Good(principal) if principal.scopes.contains(Scope::EventsWrite) => Ok(()),
        _ => Err(Refusal::Forbidden),
    }
}
