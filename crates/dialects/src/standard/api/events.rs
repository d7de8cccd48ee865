//! `GET /api/v1/events`: what was accepted.

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::account::{Permission, Scope};
use domain::event::{Event, Place};
use domain::flow::publish::find_source;
use domain::id::EventId;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::caller::{Caller, permission_at};
use super::errors::{Reject, unknown_source};
use super::paging::{Items, Page, Window};
use super::request::{Names, Params};
use super::{Answer, Api, Context};

/// Rows looked at per step when an account's own events are picked from all events.
const STEP: usize = 500;
/// Most rows looked at in one request; then the page ends early and `next` leads on.
const MAX_SCAN: usize = 10_000;

/// An event as it is answered.
#[derive(Debug, Serialize)]
pub(crate) struct EventJson {
    id: i64,
    uid: String,
    ce_id: String,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    subject: Option<String>,
    time: Option<String>,
    datacontenttype: String,
    accepted_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_base64: Option<String>,
}

impl EventJson {
    /// As in lists.
    fn brief(event: &Event) -> Self {
        Self {
            id: event.id.0,
            uid: event.uid.to_string(),
            ce_id: event.ce_id.clone(),
            source: event.source.clone(),
            kind: event.kind.clone(),
            subject: event.subject.clone(),
            time: event.occurred_at.map(Timestamp::rfc3339_millis),
            datacontenttype: event.content_type.clone(),
            accepted_at: event.accepted_at.rfc3339_millis(),
            data: None,
            data_base64: None,
        }
    }

    /// With data: JSON as it is, anything else in Base64.
    fn whole(event: &Event) -> Self {
        let data = serde_json::from_slice::<Box<RawValue>>(&event.data).ok();
        let data_base64 = (data.is_none() && !event.data.is_empty()).then(|| BASE64_STANDARD.encode(&event.data));
        Self { data, data_base64, ..Self::brief(event) }
    }
}

/// Which events.
#[derive(Debug, Deserialize)]
pub(crate) struct Filter {
    source: Option<String>,
}

/// Lists events, newest first.
pub(crate) async fn list(
    State(context): Api,
    caller: Caller,
    Params(page): Params<Page>,
    Params(filter): Params<Filter>,
) -> Answer<Json<Items<EventJson>>> {
    caller.need(Scope::EventsRead)?;
    let window = page.window()?;
    let place = match &filter.source {
        None => {
            caller.need_site_admin()?;
            None
        }
        Some(source) => {
            let (_, place) = find_source(&context.ports, source)?;
            need_read(&context, &caller, place, source)?;
            Some(place)
        }
    };
    match place {
        Some(place) if place.repository.is_none() => of_account(&context, place, window).await,
        place => {
            let repository = place.and_then(|place| place.repository);
            let before = window.from.map(EventId);
            let events = context.ports.store.events(repository, before, window.limit + 1).await?;
            let page = &events[..events.len().min(window.limit)];
            let next = page.last().filter(|_| events.len() > window.limit).map(|event| event.id.0);
            Ok(Items::new(page.iter().map(EventJson::brief).collect(), next))
        }
    }
}

/// The account's own events, picked from all.
async fn of_account(context: &Context, place: Place, window: Window) -> Answer<Json<Items<EventJson>>> {
    let mut found = Vec::new();
    let mut before = window.from.map(EventId);
    for _ in 0..MAX_SCAN / STEP {
        let events = context.ports.store.events(None, before, STEP).await?;
        for event in &events {
            if event.place == place {
                found.push(EventJson::brief(event));
            }
            if found.len() == window.limit {
                return Ok(Items::new(found, Some(event.id.0)));
            }
        }
        match events.last() {
            Some(last) if events.len() == STEP => before = Some(last.id),
            _ => return Ok(Items::new(found, None)),
        }
    }
    Ok(Items::new(found, before.map(|event| event.0)))
}

/// Shows one event.
pub(crate) async fn show(State(context): Api, caller: Caller, Names(id): Names<i64>) -> Answer<Json<EventJson>> {
    caller.need(Scope::EventsRead)?;
    let missing = || Reject::not_found("there is no such event");
    let event = context.ports.store.event(EventId(id)).await?.ok_or_else(missing)?;
    need_read(&context, &caller, event.place, &event.source).map_err(|_| missing())?;
    // A ping shows the hook it was for, which is not the business of everybody who reads what happens here.
    let of_one_hook = context.ports.store.outgoing(event.id).await?.is_some_and(|outgoing| outgoing.direct);
    let shown =
        if of_one_hook && !caller.is_site_admin() { EventJson::brief(&event) } else { EventJson::whole(&event) };
    Ok(Json(shown))
}

/// Events of a repository are for whoever reads it, those of an account for who belongs to it.
fn need_read(context: &Context, caller: &Caller, place: Place, source: &str) -> Answer<()> {
    let needed = if place.repository.is_some() { Permission::Read } else { Permission::Write };
    let level = permission_at(context.ports.directory(), caller, place);
    match level {
        Some(level) if level >= needed => Ok(()),
        Some(_) => Err(Reject::forbidden("only members read an organization's events").at("source")),
        // The repository is gone: its events stay, for site admins.
        None if caller.is_site_admin() => Ok(()),
        None => Err(unknown_source(source)),
    }
}
