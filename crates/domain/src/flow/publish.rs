//! Publish: validate, translate, match, commit (design section 3, contract delivery-and-security section 2).

use std::sync::Arc;

use bytes::Bytes;

use crate::canonical::{Happening, Malformed};
use crate::delivery::Message;
use crate::dialect::{Dialect, Draft, Scene, Shape};
use crate::event::{Accepted, NewEvent, Place};
use crate::flow::Ports;
use crate::flow::builds::place_of;
use crate::hook::Hook;
use crate::id::{TopicId, Uid};
use crate::ports::StoreError;
use crate::rules::matching::{Told, plan_deliveries};
use crate::time::Timestamp;

/// Largest `data` accepted, in bytes.
pub const MAX_DATA: usize = 25 * 1024 * 1024;
/// Longest `id`, `source`, `type`, `subject` or `datacontenttype` accepted, in bytes.
pub const MAX_ATTRIBUTE: usize = 1_024;

/// The canonical type that moves a repository's refs.
const PUSH: &str = "push";

/// A CloudEvent as a surface took it apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// `id`
    pub id: String,
    /// `source`
    pub source: String,
    /// `type`
    pub kind: String,
    /// `subject`
    pub subject: Option<String>,
    /// `time`
    pub time: Option<Timestamp>,
    /// `datacontenttype`; `application/json` unless given.
    pub content_type: String,
    /// `data`
    pub data: Bytes,
    /// How many deliveries in a row led to it (D-8).
    pub hops: u8,
}

/// Why an event was not accepted. Nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// An attribute is missing, empty, too long or not of its form.
    #[error("{field}: {problem}")]
    Attribute {
        /// The CloudEvents attribute.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// `source` names nothing here.
    #[error("source: no such repository, account or app: {0}")]
    UnknownSource(String),
    /// `data` does not fit `type`.
    #[error("data: {0}")]
    Data(String),
    /// `data` is over [`MAX_DATA`].
    #[error("data: larger than 25 MiB")]
    TooLarge,
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Malformed> for PublishError {
    fn from(malformed: Malformed) -> Self {
        Self::Data(malformed.detail)
    }
}

/// Accepts one event: returns after it, its payload and its plan are durable (P1).
pub async fn publish(ports: &Ports, envelope: Envelope) -> Result<Accepted, PublishError> {
    let (source, place) = find_source(ports, &envelope.source)?;
    publish_at(ports, envelope, source, place).await
}

/// As [`publish`], for a surface that has asked [`find_source`] before, to see whether the caller may publish there.
pub async fn publish_at(
    ports: &Ports,
    envelope: Envelope,
    source: String,
    place: Place,
) -> Result<Accepted, PublishError> {
    let new = plan_event(ports, envelope, source, place)?;
    Ok(ports.store.accept(new).await?)
}

/// The event with its messages and its plan, ready to be accepted: for what is accepted together with something else.
pub fn plan_event(ports: &Ports, envelope: Envelope, source: String, place: Place) -> Result<NewEvent, PublishError> {
    check_attributes(&envelope)?;
    let now = ports.clock.now();
    let hooks = ports.directory().subscribers(place);
    let messages = tell(ports, &envelope, place, &hooks, now)?;
    let plan = plan_deliveries(messages, &hooks, &ports.dialects);
    let topics = told_topics(ports, place, &envelope.kind);
    let moves_refs = place.repository.is_some() && envelope.kind == PUSH;
    Ok(NewEvent {
        uid: plan.messages.first().map_or_else(|| Uid::new(now, &*ports.entropy), |first| first.uid),
        source,
        ce_id: envelope.id,
        kind: envelope.kind,
        subject: envelope.subject,
        occurred_at: envelope.time,
        accepted_at: now,
        place,
        content_type: envelope.content_type,
        data: envelope.data,
        moves_refs,
        plan,
        topics,
        hops: envelope.hops,
    })
}

/// Topics with subscribers whose page the event appears on.
fn told_topics(ports: &Ports, place: Place, kind: &str) -> Vec<TopicId> {
    let topics = place.repository.map(|repository| ports.directory().topics_of(repository)).unwrap_or_default();
    if topics.is_empty() {
        return Vec::new();
    }
    let Some((_, hub)) = ports.dialects.hub() else { return Vec::new() };
    let told = topics.iter().filter(|topic| topic.page.as_ref().is_some_and(|page| hub.page_takes(page, kind)));
    told.map(|topic| topic.id).collect()
}

fn check_attributes(envelope: &Envelope) -> Result<(), PublishError> {
    let texts = [
        ("id", &envelope.id),
        ("source", &envelope.source),
        ("type", &envelope.kind),
        ("datacontenttype", &envelope.content_type),
    ];
    for (field, text) in texts.into_iter().chain(envelope.subject.as_ref().map(|subject| ("subject", subject))) {
        let problem = if text.is_empty() {
            "must not be empty"
        } else if text.len() > MAX_ATTRIBUTE {
            "longer than 1024 bytes"
        } else if text.chars().any(char::is_control) {
            "must not contain control characters"
        } else {
            continue;
        };
        return Err(PublishError::Attribute { field, problem: problem.to_owned() });
    }
    if envelope.data.len() > MAX_DATA {
        return Err(PublishError::TooLarge);
    }
    Ok(())
}

/// Finds the resource a `source` names; a URL whose path ends so is accepted too. Returns its short form.
pub fn find_source(ports: &Ports, source: &str) -> Result<(String, Place), PublishError> {
    let unknown = || PublishError::UnknownSource(source.to_owned());
    let path = match source.split_once("://") {
        Some((_, rest)) => rest.split(['?', '#']).next().unwrap_or(rest),
        None => source,
    };
    let mut segments = path.trim_end_matches('/').rsplit('/');
    let (Some(last), Some(middle), third) = (segments.next(), segments.next(), segments.next()) else {
        return Err(unknown());
    };
    let directory = ports.directory();
    if third == Some("repos") {
        let found = directory.locate(middle, last).ok_or_else(unknown)?;
        return Ok((format!("/repos/{}/{}", found.owner.login, found.repository.name), found.place()));
    }
    if middle == "apps" {
        let app = Uid::parse(last).and_then(|uid| directory.ci_app(uid)).ok_or_else(unknown)?;
        return Ok((format!("/apps/{}", app.uid), place_of(ports, &app, false)));
    }
    if middle == "orgs" || middle == "users" {
        let account = directory.account(last).ok_or_else(unknown)?;
        let place = Place { account: account.id, repository: None, app: None };
        return Ok((format!("/{middle}/{}", account.login), place));
    }
    Err(unknown())
}

/// Tells the event in every dialect that has a hook wanting it, once for each shape.
fn tell(
    ports: &Ports,
    envelope: &Envelope,
    place: Place,
    hooks: &[Arc<Hook>],
    now: Timestamp,
) -> Result<Vec<Told>, PublishError> {
    let number = |dialect: &dyn Dialect, draft: Draft, shape: Option<Shape>| {
        let message = Message {
            dialect: dialect.name(),
            uid: Uid::new(now, &*ports.entropy),
            kind: draft.kind,
            action: draft.action,
            body: draft.body,
            passed_through: shape.is_none(),
        };
        Told { message, shape }
    };
    if let Some((dialect, kind)) = ports.dialects.split_kind(&envelope.kind) {
        let draft = dialect.pass_through(kind, &envelope.data).map_err(PublishError::Data)?;
        let wanted = asked(hooks, &**dialect).any(|hook| hook.listens_to(kind));
        return Ok(wanted.then(|| number(&**dialect, draft, None)).into_iter().collect());
    }
    let Some(happening) = Happening::parse(&envelope.kind, &envelope.data) else {
        return check_custom(envelope).map(|()| Vec::new());
    };
    let happening = happening?;
    let directory = ports.directory();
    let repository = place.repository.and_then(|id| directory.locate_by_id(id)).map(|found| found.repository);
    let Some(account) = directory.account_by_id(place.account) else {
        return Err(PublishError::UnknownSource(envelope.source.clone()));
    };
    let app = place.app.and_then(|id| directory.ci_app_by_id(id));
    let scene = Scene {
        place,
        account: &account,
        repository: repository.as_ref(),
        app: app.as_ref(),
        directory,
        public_url: &ports.public_url,
        occurred_at: envelope.time.unwrap_or(now),
        shape: Shape::default(),
    };
    let mut told = Vec::new();
    for dialect in ports.dialects.iter() {
        let mut shapes: Vec<_> = asked(hooks, &**dialect).map(|hook| dialect.shape(hook)).collect();
        shapes.sort_unstable();
        shapes.dedup();
        for shape in shapes {
            let wants =
                |kind: &str| asked(hooks, &**dialect).any(|hook| hook.listens_to(kind) && dialect.shape(hook) == shape);
            let drafts = dialect.translate(&happening, &Scene { shape, ..scene }, &wants);
            told.extend(drafts.into_iter().map(|draft| number(&**dialect, draft, Some(shape))));
        }
    }
    if told.len() > usize::from(u16::MAX) {
        return Err(PublishError::Data("leads to more than 65535 messages".to_owned()));
    }
    Ok(told)
}

/// The active hooks of a dialect.
fn asked<'a>(hooks: &'a [Arc<Hook>], dialect: &dyn Dialect) -> impl Iterator<Item = &'a Arc<Hook>> + use<'a> {
    let name = dialect.name();
    hooks.iter().filter(move |hook| hook.active && hook.dialect == name)
}

/// A custom event: any other dotted name. JSON must be JSON; other content types are kept as they are, and an event
/// need not have data at all.
fn check_custom(envelope: &Envelope) -> Result<(), PublishError> {
    let dotted = envelope.kind.contains('.') && envelope.kind.split('.').all(|part| !part.is_empty());
    if !dotted {
        let problem = format!("{:?} is no canonical type, and a custom type is dotted: acme.thing.done", envelope.kind);
        return Err(PublishError::Attribute { field: "type", problem });
    }
    if !envelope.data.is_empty() && envelope.content_type.starts_with("application/json") {
        serde_json::from_slice::<serde::de::IgnoredAny>(&envelope.data)
            .map_err(|error| PublishError::Data(format!("is not JSON: {error}")))?;
    }
    Ok(())
}
