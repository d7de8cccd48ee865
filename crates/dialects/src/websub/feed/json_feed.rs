//! JSON Feed 1.1 (jsonfeed.org).

use domain::feed::{Entry, Feed};
use serde::Serialize;
use serde_json::value::RawValue;

/// What a page of it is served as.
pub(crate) const CONTENT_TYPE: &str = "application/feed+json; charset=utf-8";

/// Writes a feed. The same feed always makes the same bytes.
pub(crate) fn render(feed: &Feed<'_>) -> Vec<u8> {
    let page = Page {
        version: "https://jsonfeed.org/version/1.1",
        title: &feed.title,
        home_page_url: &feed.home_page_url,
        feed_url: &feed.self_url,
        hubs: [Hub { kind: "WebSub", url: &feed.hub_url }],
        authors: [Author { name: &feed.author }],
        items: feed.entries.iter().map(Item::of).collect(),
    };
    let room = 1_024 + feed.entries.iter().map(|entry| 512 + entry.content.map_or(0, str::len)).sum::<usize>();
    crate::json::compact(&page, room).into()
}

#[derive(Serialize)]
struct Page<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: &'a str,
    hubs: [Hub<'a>; 1],
    authors: [Author<'a>; 1],
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Hub<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    id: String,
    url: &'a str,
    title: &'a str,
    content_text: &'a str,
    date_published: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    authors: Option<[Author<'a>; 1]>,
    tags: [&'a str; 1],
    #[serde(rename = "_postrider")]
    extension: Extension<'a>,
}

/// What no reader knows, and programs may want.
#[derive(Serialize)]
struct Extension<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    accepted_at: String,
    /// `null` if the event has none that is shown.
    data: Option<&'a RawValue>,
}

impl<'a> Item<'a> {
    fn of(entry: &'a Entry<'_>) -> Self {
        // The event's own bytes: checked to be JSON when the feed was made.
        let data = entry.content.and_then(|text| serde_json::from_str(text).ok());
        Self {
            id: format!("urn:uuid:{}", entry.id),
            url: &entry.url,
            title: &entry.title,
            content_text: entry.text.as_deref().unwrap_or(&entry.title),
            date_published: entry.published.rfc3339_millis(),
            authors: entry.author.as_deref().map(|name| [Author { name }]),
            tags: [entry.kind],
            extension: Extension { kind: entry.kind, accepted_at: entry.updated.rfc3339_millis(), data },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::websub::feed::tests::sample;

    #[test]
    fn a_feed_in_json() {
        let feed = sample();
        insta::assert_snapshot!(String::from_utf8(render(&feed)).expect("UTF-8"), @r#"{"version":"https://jsonfeed.org/version/1.1","title":"acme/widgets: all","home_page_url":"https://git.acme.test/acme/widgets","feed_url":"https://git.acme.test/acme/widgets/events/all","hubs":[{"type":"WebSub","url":"https://git.acme.test/websub"}],"authors":[{"name":"acme"}],"items":[{"id":"urn:uuid:00000000-0000-0000-0000-000000000009","url":"https://git.acme.test/api/v1/events/9","title":"alice & \"bob\" <b>","content_text":"one\ntwo","date_published":"2026-01-02T03:03:03.999Z","authors":[{"name":"alice"}],"tags":["push"],"_postrider":{"type":"push","accepted_at":"2026-01-02T03:04:05.000Z","data":{ "a": "<1>", "n":1e5}}},{"id":"urn:uuid:00000000-0000-0000-0000-000000000008","url":"https://git.acme.test/api/v1/events/8","title":"acme.thing.done in acme/widgets","content_text":"acme.thing.done in acme/widgets","date_published":"2026-01-02T03:04:05.000Z","tags":["acme.thing.done"],"_postrider":{"type":"acme.thing.done","accepted_at":"2026-01-02T03:04:05.000Z","data":null}}]}"#);
    }
}
