//! `/api/v1/hub`: what the people who answer for a hub see and do (docs/websub.md). Subscribers are strangers, and their
//! callbacks can be secrets: only host and hash of one are shown (S-9).

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use domain::account::Scope;
use domain::flow::hub::{callback_hash, callback_host, publish_content};
use domain::flow::publish::MAX_DATA;
use domain::hook::{Hook, HookScope};
use domain::hub::SIGNATURE;
use domain::id::{HookId, Uid};
use domain::rules::access::HookAccess;
use domain::task::TaskNote;
use domain::time::Timestamp;
use domain::topic::{Content, Topic};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::caller::Caller;
use super::errors::Reject;
use super::hooks::need_access;
use super::paging::{Items, Page};
use super::request::{self, JsonBody, Names, Params};
use super::{Answer, Api, Context};
use crate::http::anything_goes;

/// The header that makes handing in content idempotent.
const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Longest idempotency key and media type, in bytes.
const MAX_TEXT: usize = 255;

/// A topic as it is listed.
#[derive(Debug, Serialize)]
pub(crate) struct TopicJson {
    id: i64,
    url: String,
    kind: &'static str,
    subscriptions: usize,
    created_at: String,
}

/// Topics that somebody subscribes to: those whose page is of a repository that the caller administers, and for site
/// admins all.
pub(crate) async fn topics(
    State(context): Api,
    caller: Caller,
    Params(page): Params<Page>,
) -> Answer<Json<Items<TopicJson>>> {
    let window = page.window()?;
    let directory = context.ports.directory();
    let mut topics = directory.topics();
    topics.retain(|topic| may_see(&context, &caller, topic).is_ok());
    Ok(window.cut(
        &topics,
        |topic| topic.id.0,
        |topic| TopicJson {
            id: topic.id.0,
            url: topic.url.clone(),
            kind: if topic.page.is_some() { "page" } else { "fetched" },
            subscriptions: directory.subscription_count(topic.id),
            created_at: topic.created_at.rfc3339_millis(),
        },
    ))
}

/// Which topic.
#[derive(Debug, Deserialize)]
pub(crate) struct Which {
    topic: Option<String>,
}

impl Which {
    fn find(self, context: &Context, caller: &Caller) -> Answer<Arc<Topic>> {
        let url = self.topic.ok_or_else(|| Reject::bad_request("say which: ?topic=URL").at("topic"))?;
        let topic = context.ports.directory().topic(&url).ok_or_else(no_topic)?;
        may_see(context, caller, &topic).map(|()| topic)
    }
}

/// A subscription as it is listed.
#[derive(Debug, Serialize)]
pub(crate) struct SubscriptionJson {
    id: i64,
    topic: String,
    callback_host: String,
    callback_hash: String,
    signed: bool,
    signature: Option<String>,
    active: bool,
    created_at: String,
    renewed_at: String,
    expires_at: Option<String>,
}

impl SubscriptionJson {
    fn new(topic: &Topic, hook: &Hook) -> Self {
        Self {
            id: hook.id.0,
            topic: topic.url.clone(),
            callback_host: callback_host(&hook.url),
            callback_hash: callback_hash(&hook.url),
            signed: hook.secret.is_some(),
            signature: hook.extra.get(SIGNATURE).and_then(Value::as_str).map(str::to_owned),
            active: hook.active,
            created_at: hook.created_at.rfc3339_millis(),
            renewed_at: hook.updated_at.rfc3339_millis(),
            expires_at: hook.expires_at.map(Timestamp::rfc3339_millis),
        }
    }
}

/// Subscriptions of a topic. Their deliveries are `/api/v1/hooks/{id}/deliveries`, like any hook's.
pub(crate) async fn subscriptions(
    State(context): Api,
    caller: Caller,
    Params(page): Params<Page>,
    Params(which): Params<Which>,
) -> Answer<Json<Items<SubscriptionJson>>> {
    let window = page.window()?;
    let topic = which.find(&context, &caller)?;
    let hooks = context.ports.directory().subscriptions(topic.id);
    Ok(window.cut(&hooks, |hook| hook.id.0, |hook| SubscriptionJson::new(&topic, hook)))
}

/// Sets how one subscription is signed: `{"signature": "sha1"}`, or `null` for the hub's own method. Site admins only.
pub(crate) async fn update(
    State(context): Api,
    caller: Caller,
    Names(id): Names<i64>,
    JsonBody(mut body): JsonBody,
) -> Answer<Json<SubscriptionJson>> {
    caller.need_site_admin()?;
    let (hook, topic) = subscription(&context, id)?;
    let method: Option<String> = body.optional(SIGNATURE)?;
    body.finish()?;
    let hub = context.ports.dialects.hub().map(|(_, hub)| hub);
    let known = |method: &String| hub.is_some_and(|hub| hub.signature_methods().contains(&method.as_str()));
    if method.as_ref().is_some_and(|method| !known(method)) {
        return Err(Reject::invalid(SIGNATURE, "is no signature method of this hub"));
    }
    let edit = move |mut hook: Hook| {
        match method {
            Some(method) => drop(hook.extra.insert(SIGNATURE.to_owned(), method.into())),
            None => drop(hook.extra.remove(SIGNATURE)),
        }
        hook
    };
    let now = context.ports.clock.now();
    let hook = context.ports.store.update_hook(hook.id, now, Box::new(edit), anything_goes()).await?;
    Ok(Json(SubscriptionJson::new(&topic, &hook)))
}

/// Ends a subscription. Its subscriber is not told, and may come back. Site admins only.
pub(crate) async fn remove(State(context): Api, caller: Caller, Names(id): Names<i64>) -> Answer<StatusCode> {
    caller.need_site_admin()?;
    let (hook, _) = subscription(&context, id)?;
    context.ports.store.delete_hook(hook.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn subscription(context: &Context, id: i64) -> Answer<(Arc<Hook>, Arc<Topic>)> {
    let missing = || Reject::not_found("there is no such subscription");
    let directory = context.ports.directory();
    let hook = directory.hook(HookId(id)).ok_or_else(missing)?;
    let HookScope::Topic(topic) = hook.scope else { return Err(missing()) };
    Ok((hook, directory.topic_by_id(topic).ok_or_else(missing)?))
}

/// A note as it is listed.
fn note_json(note: &TaskNote, id: i64) -> Value {
    json!({
        "id": id,
        "at": note.at.rfc3339_millis(),
        "job": note.job,
        "topic": note.topic,
        "mode": note.mode,
        "callback_host": note.callback_host,
        "callback_hash": note.callback_hash,
        "outcome": note.outcome,
        "status": note.status,
        "reason": note.reason,
    })
}

/// What the hub did beside deliveries, newest first: who was asked, what came back, what was fetched. Of one topic, or
/// for site admins of all.
pub(crate) async fn log(
    State(context): Api,
    caller: Caller,
    Params(page): Params<Page>,
    Params(which): Params<Which>,
) -> Answer<Json<Items<Value>>> {
    let window = page.window()?;
    let topic = match &which.topic {
        // What was denied is no topic; the operator may look for it all the same.
        Some(url) if !caller.is_site_admin() => Some(which_url(&context, &caller, url)?),
        Some(url) => Some(url.clone()),
        None => caller.need_site_admin().map(|()| None)?,
    };
    let notes = context.ports.store.task_notes(topic.as_deref(), window.from, window.limit + 1).await?;
    let page = &notes[..notes.len().min(window.limit)];
    let next = page.last().filter(|_| notes.len() > window.limit).map(|(id, _)| *id);
    Ok(Items::new(page.iter().map(|(id, note)| note_json(note, *id)).collect(), next))
}

fn which_url(context: &Context, caller: &Caller, url: &str) -> Answer<String> {
    Which { topic: Some(url.to_owned()) }.find(context, caller).map(|topic| topic.url.clone())
}

/// Distributes content that is handed in: the body as it is, under its `Content-Type`. Site admins with `events:write`.
pub(crate) async fn content(
    State(context): Api,
    caller: Caller,
    Params(which): Params<Which>,
    headers: HeaderMap,
    body: Body,
) -> Answer<(StatusCode, Json<Value>)> {
    caller.need(Scope::EventsWrite)?;
    caller.need_site_admin()?;
    let topic = which.find(&context, &caller)?;
    if topic.page.is_some() {
        return Err(Reject::invalid("topic", "is a page of this server, which tells of itself"));
    }
    let text =
        |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).filter(|text| text.len() <= MAX_TEXT);
    let content_type = text(CONTENT_TYPE.as_str());
    let content_type = content_type.ok_or_else(|| Reject::bad_request("say what it is").at("content-type"))?.to_owned();
    let key = text(IDEMPOTENCY_KEY).map(str::to_owned);
    let key = key.unwrap_or_else(|| Uid::new(context.ports.clock.now(), &*context.ports.entropy).to_string());
    let body = request::read(&headers, body, MAX_DATA, "the content is larger than 25 MiB").await?;
    let content = Content { content_type, body };
    let accepted = publish_content(&context.ports, &topic, content, format!("direct/{key}")).await?;
    let answer = json!({
        "id": accepted.id,
        "uid": accepted.uid.to_string(),
        "deliveries": accepted.deliveries,
        "duplicate": accepted.duplicate,
    });
    Ok((StatusCode::ACCEPTED, Json(answer)))
}

fn no_topic() -> Reject {
    Reject::not_found("nobody subscribes to such a topic")
}

/// A page's topic is for those who administer its repository; any other for site admins.
fn may_see(context: &Context, caller: &Caller, topic: &Topic) -> Answer<()> {
    if caller.is_site_admin() {
        return Ok(());
    }
    let page = topic.page.as_ref().ok_or_else(no_topic)?;
    let found = context.ports.directory().locate_by_id(page.repository).ok_or_else(no_topic)?;
    need_access(context, caller, found.place(), HookAccess::Read, "nobody subscribes to such a topic")
}
