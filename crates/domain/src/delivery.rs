//! One message for one hook: planned, open, and then settled for good (contract delivery-and-security section 3).

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::event::Place;
use crate::hook::DialectName;
use crate::id::{DeliveryId, EventId, HookId, ID_STRIDE, Uid};
use crate::time::Timestamp;

/// An event as one dialect tells it: rendered once, stored once, shared by all hooks that get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The dialect it is written in.
    pub dialect: DialectName,
    /// The dialect's stable id of this message (GitHub's GUID).
    pub uid: Uid,
    /// The dialect's event name: `push`, `repo:refs_changed`.
    pub kind: Arc<str>,
    /// The dialect's action within that event, for dialects that have one.
    pub action: Option<Arc<str>>,
    /// The JSON text, exactly as it is sent or wrapped.
    pub body: Bytes,
    /// The body is the event's own data, byte for byte, and is not stored a second time.
    pub passed_through: bool,
}

/// What an event leads to. Work rows are made from it only when needed (D-5).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The messages, of all dialects.
    pub messages: Vec<Message>,
    /// Which hook gets which message (an index into `messages`). Delivery ids follow this order.
    pub deliveries: Vec<PlannedDelivery>,
    /// Addressed to its hook by a person (ping, test): sent even if the hook is inactive.
    pub direct: bool,
}

/// One planned delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedDelivery {
    /// The hook.
    pub hook: HookId,
    /// Index into [`Plan::messages`].
    pub message: u16,
}

/// An accepted event on its way: what the courier needs, shared by all its deliveries.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The event.
    pub event: EventId,
    /// Where it happened.
    pub place: Place,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// The media type of its data, for dialects that pass it on as it is.
    pub content_type: Arc<str>,
    /// Its messages.
    pub messages: Vec<Message>,
    /// See [`Plan::direct`].
    pub direct: bool,
    /// How many deliveries in a row led to the event (D-8).
    pub hops: u8,
}

/// One delivery, due now.
#[derive(Clone, Debug)]
pub struct Work {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The hook it goes to.
    pub hook: HookId,
    /// The event and its messages.
    pub outgoing: Arc<Outgoing>,
    /// Index into the messages.
    pub message: u16,
    /// How many attempts were made before.
    pub attempts: u32,
    /// How many attempts earlier deliveries of the same message to this hook had made: for a redelivery.
    pub earlier: u32,
    /// Asked for by a person (redelivery), not by the plan.
    pub redelivery: bool,
    /// A crash may have swallowed the record of an earlier attempt (P7).
    pub recovered: bool,
    /// Where it comes from, and so what settling must do.
    pub lease: Lease,
}

impl Work {
    /// The message to send.
    pub fn message(&self) -> &Message {
        &self.outgoing.messages[usize::from(self.message)]
    }

    /// A person asked for it, and this is its first attempt: it is not held back by an open breaker.
    pub fn by_hand(&self) -> bool {
        self.attempts == 0 && (self.redelivery || self.outgoing.direct)
    }
}

/// How an open delivery is held (D-12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    /// Fresh from its event's plan: no queue row exists.
    Fresh,
    /// Claimed from the queue under this epoch of our node.
    Row {
        /// Settling under a lapsed epoch changes nothing but the log.
        epoch: i64,
    },
}

/// The ids of a plan's deliveries, given the first.
pub fn delivery_ids(first: DeliveryId, count: usize) -> impl Iterator<Item = DeliveryId> {
    (0..count).map(move |at| DeliveryId(first.0 + i64::try_from(at).unwrap_or(0) * ID_STRIDE))
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeliveryState {
    /// Planned, in a lane, or waiting for a retry.
    Open,
    /// A 2xx arrived.
    Succeeded,
    /// Out of attempts.
    Failed,
    /// Will not be sent; see the reason.
    Cancelled,
    /// Open for longer than allowed (D-19).
    Expired,
    /// Crashed the server too often (D-13).
    Quarantined,
    /// Not sent by rule; see the reason. Can be replayed.
    Skipped,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 7] =
        [Self::Open, Self::Succeeded, Self::Failed, Self::Cancelled, Self::Expired, Self::Quarantined, Self::Skipped];

    /// The name in logs, metrics and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Quarantined => "quarantined",
            Self::Skipped => "skipped",
        }
    }
}

impl fmt::Display for DeliveryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a delivery ended without (another) attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The hook was deleted.
    HookDeleted,
    /// The hook was switched off.
    HookInactive,
    /// The receiver answered 410 and the hook was switched off or deleted (D-15).
    Gone,
    /// Open for longer than allowed (D-19).
    TooOld,
    /// The hook's lease has ended.
    LeaseEnded,
    /// A newer version of the same content is on its way.
    Superseded,
    /// Recovered from a crash too often (D-13).
    Poison,
    /// The payload is over the dialect's limit (D-7).
    Oversize,
    /// The hook's breaker was open, and its dialect skips what comes meanwhile (D-20).
    BreakerOpen,
    /// Too much was under way, and its dialect skips what comes meanwhile (D-20).
    InFlight,
}

impl Reason {
    /// The name in logs, metrics and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HookDeleted => "hook_deleted",
            Self::HookInactive => "hook_inactive",
            Self::Gone => "gone",
            Self::TooOld => "too_old",
            Self::LeaseEnded => "lease_ended",
            Self::Superseded => "superseded",
            Self::Poison => "poison",
            Self::Oversize => "oversize",
            Self::BreakerOpen => "breaker_open",
            Self::InFlight => "in_flight",
        }
    }
}
