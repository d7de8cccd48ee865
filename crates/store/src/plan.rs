//! The plan of an event as one compact column: a version byte, then postcard.
//!
//! Message metadata comes first, so that views read it without the list of deliveries, which can be long.

use std::sync::Arc;

use bytes::Bytes;
use domain::delivery::{Message, Plan, PlannedDelivery};
use domain::hook::DialectName;
use domain::id::Uid;
use serde::{Deserialize, Serialize};

/// First byte of every stored plan.
const VERSION: u8 = 1;

/// What is stored of a [`Message`] beside its body.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Meta<'a> {
    /// See [`Message::dialect`].
    #[serde(borrow)]
    pub(crate) dialect: &'a str,
    /// See [`Message::uid`].
    pub(crate) uid: Uid,
    /// See [`Message::kind`].
    pub(crate) kind: &'a str,
    /// See [`Message::action`].
    pub(crate) action: Option<&'a str>,
    /// Length of its body in the joined bodies; `None` when it is the event's own data.
    body_len: Option<u32>,
}

/// What stands before the deliveries.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Head<'a> {
    /// One for each message.
    #[serde(borrow)]
    pub(crate) messages: Vec<Meta<'a>>,
    /// See [`Plan::direct`].
    pub(crate) direct: bool,
}

/// Why a stored plan cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// Not written by this code.
    #[error("the plan is unreadable")]
    Form,
    /// It names a dialect that this server does not have.
    #[error("the plan names an unknown dialect")]
    Dialect,
    /// The bodies are shorter than the plan says.
    #[error("the bodies are cut short")]
    Bodies,
}

/// Writes a plan down.
pub(crate) fn encode(plan: &Plan) -> Vec<u8> {
    let messages = plan.messages.iter().map(|message| Meta {
        dialect: message.dialect.0,
        uid: message.uid,
        kind: &message.kind,
        action: message.action.as_deref(),
        body_len: (!message.passed_through).then(|| u32::try_from(message.body.len()).unwrap_or(u32::MAX)),
    });
    let head = Head { messages: messages.collect(), direct: plan.direct };
    let start = Vec::with_capacity(64 + 64 * plan.messages.len() + 4 * plan.deliveries.len());
    let mut bytes = start;
    bytes.push(VERSION);
    // Writing to a vector cannot fail, and neither can these types; a plan cut short would be refused when read.
    bytes = postcard::to_extend(&head, bytes).unwrap_or_default();
    postcard::to_extend(&plan.deliveries, bytes).unwrap_or_default()
}

/// The bodies that are not the event's own data, joined; nothing is copied when there is but one.
pub(crate) fn join_bodies(plan: &Plan) -> Option<Bytes> {
    let mut own = plan.messages.iter().filter(|message| !message.passed_through);
    let first = own.next()?;
    let Some(second) = own.next() else { return Some(first.body.clone()) };
    let rest: Vec<_> = std::iter::once(second).chain(own).collect();
    let length = first.body.len() + rest.iter().map(|message| message.body.len()).sum::<usize>();
    let mut joined = Vec::with_capacity(length);
    joined.extend_from_slice(&first.body);
    for message in rest {
        joined.extend_from_slice(&message.body);
    }
    Some(joined.into())
}

/// Reads the part before the deliveries; the rest is for [`deliveries`].
pub(crate) fn head(plan: &[u8]) -> Result<(Head<'_>, &[u8]), Unreadable> {
    let (VERSION, rest) = plan.split_first().map(|(version, rest)| (*version, rest)).ok_or(Unreadable::Form)? else {
        return Err(Unreadable::Form);
    };
    postcard::take_from_bytes(rest).map_err(|_| Unreadable::Form)
}

/// Reads the planned deliveries.
pub(crate) fn deliveries(rest: &[u8]) -> Result<Vec<PlannedDelivery>, Unreadable> {
    postcard::from_bytes(rest).map_err(|_| Unreadable::Form)
}

/// The messages of a plan with their bodies, which stay shared with `data` and `bodies`.
pub(crate) fn messages(
    head: &Head<'_>,
    data: &Bytes,
    bodies: &Bytes,
    dialects: &[DialectName],
) -> Result<Vec<Message>, Unreadable> {
    let mut start = 0;
    let mut next = |meta: &Meta<'_>| {
        let dialect = dialects.iter().copied().find(|known| known.0 == meta.dialect).ok_or(Unreadable::Dialect)?;
        let body = match meta.body_len {
            None => data.clone(),
            Some(length) => {
                let end = start + usize::try_from(length).map_err(|_| Unreadable::Bodies)?;
                if end > bodies.len() {
                    return Err(Unreadable::Bodies);
                }
                let body = bodies.slice(start..end);
                start = end;
                body
            }
        };
        Ok(Message {
            dialect,
            uid: meta.uid,
            kind: Arc::from(meta.kind),
            action: meta.action.map(Arc::from),
            body,
            passed_through: meta.body_len.is_none(),
        })
    };
    head.messages.iter().map(&mut next).collect()
}
