//! Feeds made of events.

use std::sync::Arc;

use bytes::Bytes;
use domain::account::AccountKind;
use domain::event::Place;
use domain::feed::MAX_ENTRIES;
use domain::id::{AccountId, EventId, Uid};
use domain::time::Timestamp;
use testkit::START;
use uuid::Uuid;

use super::*;
use crate::testing::{account, repository};

const PUBLIC_URL: &str = "https://git.acme.test";

fn located() -> Located {
    let owner = account(1, AccountKind::Organization, "acme");
    let repository = repository(1, "widgets", &owner);
    Located { repository: Arc::new(repository), owner: Arc::new(owner) }
}

fn event(number: i64, kind: &str, data: impl Into<Bytes>) -> Event {
    Event {
        id: EventId(number),
        uid: Uid(Uuid::from_u128(number.unsigned_abs().into())),
        source: "/repos/acme/widgets".to_owned(),
        ce_id: number.to_string(),
        kind: kind.to_owned(),
        subject: None,
        occurred_at: None,
        accepted_at: Timestamp::from_micros(START.as_micros() + number * 1_000_000),
        place: Place { account: AccountId(1), repository: None, app: None },
        content_type: "application/json".to_owned(),
        data: data.into(),
    }
}

fn feed(events: &[Event]) -> Feed<'_> {
    let stream = Stream::parse("all").expect("a stream");
    feed_of(events, &located(), &stream, PUBLIC_URL, format!("{PUBLIC_URL}/acme/widgets/events/all"))
}

/// Two entries, one with everything and one with as little as there can be.
pub(crate) fn sample() -> Feed<'static> {
    Feed {
        title: "acme/widgets: all".to_owned(),
        id: Uid(Uuid::from_u128(7)),
        self_url: format!("{PUBLIC_URL}/acme/widgets/events/all"),
        hub_url: format!("{PUBLIC_URL}/websub"),
        home_page_url: format!("{PUBLIC_URL}/acme/widgets"),
        author: "acme".to_owned(),
        updated: START,
        entries: vec![
            Entry {
                id: Uid(Uuid::from_u128(9)),
                title: "alice & \"bob\" <b>".to_owned(),
                text: Some("one\ntwo".to_owned()),
                url: format!("{PUBLIC_URL}/api/v1/events/9"),
                published: Timestamp::from_micros(START.as_micros() - 61_000_001),
                updated: START,
                author: Some("alice".to_owned()),
                kind: "push",
                content: Some("{ \"a\": \"<1>\", \"n\":1e5}"),
            },
            Entry {
                id: Uid(Uuid::from_u128(8)),
                title: "acme.thing.done in acme/widgets".to_owned(),
                text: None,
                url: format!("{PUBLIC_URL}/api/v1/events/8"),
                published: START,
                updated: START,
                author: None,
                kind: "acme.thing.done",
                content: None,
            },
        ],
    }
}

#[test]
fn a_feed_is_as_new_as_its_newest_event_or_as_old_as_its_repository() {
    assert_eq!(feed(&[]).updated, located().repository.created_at);
    let events = [event(2, "acme.b", ""), event(1, "acme.a", "")];
    assert_eq!(feed(&events).updated, events[0].accepted_at);
}

#[test]
fn data_is_shown_byte_for_byte_if_it_is_json() {
    let cases: &[(&'static [u8], Option<&str>)] = &[
        (b" {\"b\" : 1,\"a\":1.0} \n", Some("{\"b\" : 1,\"a\":1.0}")),
        (b"7", Some("7")),
        (b"", None),
        (b"{", None),
        (b"<xml/>", None),
        (b"\"\xff\"", None),
    ];
    for (data, expected) in cases {
        assert_eq!(feed(&[event(1, "acme.a", *data)]).entries[0].content, *expected);
    }
}

#[test]
fn a_page_has_only_so_much_data_the_newest() {
    let large = format!("\"{}\"", "x".repeat(MAX_CONTENT - 2));
    let events: Vec<_> = (0..20).map(|at| event(20 - at, "acme.a", large.clone())).collect();
    let feed = feed(&events);
    let with: Vec<bool> = feed.entries.iter().map(|entry| entry.content.is_some()).collect();
    assert_eq!(with, [[true; 16].as_slice(), &[false; 4]].concat());
    let mut whole = events;
    whole[0].data = format!("{large} ").into();
    assert_eq!(super::tests::feed(&whole).entries[0].content, None, "larger than one entry may show");
}

#[test]
fn the_same_events_make_the_same_bytes() {
    let events: Vec<_> = domain::canonical::Happening::types()
        .iter()
        .zip(1..)
        .map(|(kind, number)| event(number, kind, serde_json::to_vec(&crate::testing::example(kind)).expect("JSON")))
        .take(MAX_ENTRIES)
        .collect();
    for render in [atom::render, json_feed::render] {
        assert_eq!(render(&feed(&events)), render(&feed(&events.clone())));
    }
}
