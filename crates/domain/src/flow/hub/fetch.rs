//! Fetching a topic from its publisher, and distributing it if it changed (contract websub section 7).

use super::content::{content_effect, plan};
use super::task::Tried;
use super::validate::{TIMEOUT, advertises};
use crate::attempt::Outcome;
use crate::event::content_hash;
use crate::flow::Ports;
use crate::hub::{Hub, Reduced};
use crate::id::TopicId;
use crate::ports::{FetchRequest, Fetched, Stored};
use crate::rules::target::TargetUrl;
use crate::task::{Effect, Task};
use crate::topic::{Content, Topic, TopicState};

/// Largest topic, in bytes: the one exception to E-14.
pub(super) const MAX_TOPIC: usize = 5 * 1024 * 1024;
/// What a topic without `Content-Type` counts as.
const UNTYPED: &str = "application/octet-stream";

/// One conditional GET and what follows from it.
pub(super) async fn fetch(ports: &Ports, hub: &dyn Hub, id: TopicId, task: &Task) -> Stored<Tried> {
    let directory = ports.directory();
    let Some(topic) = directory.topic_by_id(id).filter(|_| directory.subscription_count(id) > 0) else {
        return Ok(Tried::done("unsubscribed"));
    };
    let Ok(url) = TargetUrl::parse(&topic.url) else { return Ok(Tried::done("no URL")) };
    let before = ports.store.topic_state(id).await?;
    let headers = headers(ports, hub, &topic, &before);
    let fetched = ports.sender.fetch(FetchRequest { url, headers, timeout: TIMEOUT, max_body: MAX_TOPIC }).await;
    let status = fetched.exchange.status;
    let state = |hash, entries| {
        let line = |name| header(&fetched.exchange.response_head, name);
        let (etag, last_modified) = (line("etag"), line("last-modified"));
        Box::new(TopicState { etag, last_modified, hash: Some(hash), entries, fetched_at: ports.clock.now() })
    };
    let tried = match (fetched.exchange.outcome, status) {
        (Outcome::Answered, Some(200)) if fetched.whole => {
            let needs_name = hub.terms().public && !hub.accepts(&topic.url);
            if needs_name && !advertises(ports, hub, &topic.url, &fetched) {
                ports.store.end_topic(id, denial(hub), ports.clock.now()).await?;
                return Ok(Tried { status, ..Tried::done("abandoned") });
            }
            let content = content_of(&fetched);
            let hash = content_hash(&content.content_type, &content.body);
            if before.hash == Some(hash) {
                let same = state(hash, before.entries.clone());
                return Ok(Tried { status, ..Tried::done("unchanged") }.with(Effect::Fetched(id, same)));
            }
            let tried = changed(ports, hub, &topic, &content, &before, task);
            let entries = if hub.terms().feed_diff { hub.entries(&content) } else { Vec::new() };
            tried.with(Effect::Fetched(id, state(hash, entries)))
        }
        (Outcome::Answered, Some(304)) if before.hash.is_some() => {
            let same = TopicState { fetched_at: ports.clock.now(), ..before };
            Tried::done("unchanged").with(Effect::Fetched(id, Box::new(same)))
        }
        (Outcome::Answered, Some(200)) if fetched.exchange.response_body.len() >= MAX_TOPIC => {
            Tried { reason: Some("the topic is larger than 5 MiB".to_owned()), ..Tried::done("failed") }
        }
        (Outcome::Answered, Some(300..=399)) => {
            Tried { reason: Some("the topic redirects".to_owned()), ..Tried::done("failed") }
        }
        (Outcome::Refused, _) => Tried { reason: Some("refused".to_owned()), ..Tried::done("failed") },
        (Outcome::Answered, _) => Tried::failed("the topic cannot be fetched now"),
        (outcome, _) => Tried::failed(outcome.as_str()),
    };
    Ok(Tried { status, ..tried })
}

/// What subscribers get of new content: all of it, or the new entries of a feed where the operator wants that.
fn changed(ports: &Ports, hub: &dyn Hub, topic: &Topic, content: &Content, before: &TopicState, task: &Task) -> Tried {
    let reduced = if hub.terms().feed_diff { hub.reduce(content, &before.entries) } else { Reduced::Whole };
    let (body, supersedes) = match reduced {
        Reduced::Unchanged => return Tried::done("unchanged"),
        Reduced::Whole => (content.body.clone(), !hub.terms().feed_diff),
        Reduced::Only(body) => (body, false),
    };
    let content = Content { content_type: content.content_type.clone(), body };
    // One event for each task, however often a crash makes it start over.
    let id = format!("fetch/{}/{}", task.id, task.requested_at.as_micros());
    let event = plan(ports, topic, content, id);
    Tried::done("distributed").with(content_effect(topic.id, event, supersedes))
}

/// Asks only for what is new, and says for how many.
fn headers(ports: &Ports, hub: &dyn Hub, topic: &Topic, before: &TopicState) -> Vec<(&'static str, String)> {
    let count = ports.directory().subscription_count(topic.id);
    let agent = format!("{} (+{}; {count} subscribers)", hub.user_agent(), hub.url(&ports.public_url));
    let mut headers = vec![("Accept", "*/*".to_owned()), ("User-Agent", agent)];
    headers.extend(before.etag.clone().map(|etag| ("If-None-Match", etag)));
    headers.extend(before.last_modified.clone().map(|date| ("If-Modified-Since", date)));
    headers
}

/// The reason told when a topic turned away from this hub.
fn denial(hub: &dyn Hub) -> Option<String> {
    hub.terms().send_denials.then(|| "the topic no longer names this hub".to_owned())
}

/// The content of a fetched page.
pub(super) fn content_of(fetched: &Fetched) -> Content {
    let content_type = header(&fetched.exchange.response_head, "content-type").unwrap_or_else(|| UNTYPED.to_owned());
    Content { content_type, body: fetched.exchange.response_body.clone() }
}

/// The first header of that name (lower case) in `Name: value\r\n` lines; none if it has anything but printable ASCII,
/// for it will be sent again.
fn header(head: &[u8], name: &str) -> Option<String> {
    // Other headers may hold whatever they like.
    let head = String::from_utf8_lossy(head);
    let named = |line: &&str| line.split_once(':').is_some_and(|(key, _)| key.trim().eq_ignore_ascii_case(name));
    let value = head.split("\r\n").find(named)?.split_once(':')?.1.trim();
    (!value.is_empty() && value.bytes().all(|byte| matches!(byte, b' '..=b'~'))).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found_in_any_case_and_only_as_text() {
        let head = b"Content-Type: text/plain; a=b:c\r\nETAG:  \"x\" \r\nLast-Modified:\r\n";
        assert_eq!(header(head, "content-type").as_deref(), Some("text/plain; a=b:c"));
        assert_eq!(header(head, "etag").as_deref(), Some("\"x\""));
        assert_eq!(header(head, "last-modified"), None);
        assert_eq!(header(b"Server: \xff\r\nETag: \xff\r\nAge: 1\r\n", "etag"), None);
        assert_eq!(header(b"Server: \xff\r\nETag: \xff\r\nAge: 1\r\n", "age").as_deref(), Some("1"));
        assert_eq!(header("Content-Type: text/plain; x=\u{e9}\r\n".as_bytes(), "content-type"), None);
    }
}
