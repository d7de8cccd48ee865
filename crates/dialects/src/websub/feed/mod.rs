//! Events as feeds.

pub(super) mod atom;
mod headline;
pub(super) mod json_feed;
mod pushes;
mod text;

use domain::directory::Located;
use domain::event::Event;
use domain::feed::{Entry, Feed, MAX_CONTENT, MAX_PAGE_CONTENT};
use domain::stream::Stream;
use serde_json::value::RawValue;

use super::hosted::hub_url;
use crate::unregistered::derived_uid;

/// Puts events of a stream, newest first, into a feed that is found at `self_url`.
pub(super) fn feed_of<'a>(
    events: &'a [Event],
    located: &Located,
    stream: &Stream,
    public_url: &str,
    self_url: String,
) -> Feed<'a> {
    let Located { repository, owner } = located;
    let place = format!("{}/{}", owner.login, repository.name);
    let mut left = MAX_PAGE_CONTENT;
    let entries = events.iter().map(|event| {
        let content = content(event).filter(|text| text.len() <= left);
        left -= content.map_or(0, str::len);
        entry(event, content, &place, public_url)
    });
    Feed {
        title: format!("{place}: {stream}"),
        id: derived_uid(repository.uid, &format!("events/{stream}")),
        self_url,
        hub_url: hub_url(public_url),
        home_page_url: format!("{public_url}/{place}"),
        author: owner.login.clone(),
        updated: events.first().map_or(repository.created_at, |newest| newest.accepted_at),
        entries: entries.collect(),
    }
}

fn entry<'a>(event: &'a Event, content: Option<&'a str>, place: &str, public_url: &str) -> Entry<'a> {
    let headline = headline::headline(&event.kind, &event.data, place);
    Entry {
        id: event.uid,
        title: headline.title,
        text: headline.text,
        url: format!("{public_url}/api/v1/events/{}", event.id),
        published: event.occurred_at.unwrap_or(event.accepted_at),
        updated: event.accepted_at,
        author: headline.author,
        kind: &event.kind,
        content,
    }
}

/// The event's data, if it is JSON and not too large.
fn content(event: &Event) -> Option<&str> {
    let data = event.data.get(..).filter(|data| data.len() <= MAX_CONTENT)?;
    let text = std::str::from_utf8(data).ok()?.trim();
    serde_json::from_str::<&RawValue>(text).is_ok().then_some(text)
}

#[cfg(test)]
mod tests;
