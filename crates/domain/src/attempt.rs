//! One try of a delivery and what came of it.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::delivery::{DeliveryState, Lease, Reason};
use crate::id::{AttemptId, DeliveryId, EventId, HookId};
use crate::rules::breaker::Breaker;
use crate::time::Timestamp;

/// How much of a response body is kept, in bytes (E-14).
pub const MAX_RESPONSE_BODY: usize = 64 * 1024;

/// What an exchange with a receiver came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A complete response head arrived; the status line decides (D-15).
    Answered,
    /// No answer within the exchange's budget.
    TimedOut,
    /// The name did not resolve.
    NameFailed,
    /// No connection.
    ConnectFailed,
    /// The certificate or handshake was refused.
    TlsFailed,
    /// The connection broke before a complete response head.
    Broken,
    /// The address guard refused the target (contract section 5). Nothing was sent.
    Refused,
    /// Our own fault: encoding or sending panicked (D-13).
    InternalError,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 8] = [
        Self::Answered,
        Self::TimedOut,
        Self::NameFailed,
        Self::ConnectFailed,
        Self::TlsFailed,
        Self::Broken,
        Self::Refused,
        Self::InternalError,
    ];

    /// The name in logs, metrics and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::TimedOut => "timed_out",
            Self::NameFailed => "name_failed",
            Self::ConnectFailed => "connect_failed",
            Self::TlsFailed => "tls_failed",
            Self::Broken => "broken",
            Self::Refused => "refused",
            Self::InternalError => "internal_error",
        }
    }
}

/// What went over the wire, as far as it went.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// What it came to.
    pub outcome: Outcome,
    /// The response status, when [`Outcome::Answered`].
    pub status: Option<u16>,
    /// Detail of a failure, for people; no secrets, no addresses unless the reader is an admin (E-12).
    pub error: Option<String>,
    /// From the first step to the response head, or to the failure.
    pub duration: Duration,
    /// Response header lines, `Name: value\r\n` each; at most 32 KiB.
    pub response_head: Bytes,
    /// The start of the response body, at most [`MAX_RESPONSE_BODY`].
    pub response_body: Bytes,
    /// `Retry-After` in seconds, when the response named a usable one (D-16).
    pub retry_after: Option<Duration>,
}

/// One row of the log: an attempt that was made, or the end of a delivery that needed none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Integer id.
    pub id: AttemptId,
    /// The delivery.
    pub delivery: DeliveryId,
    /// The event.
    pub event: EventId,
    /// The hook.
    pub hook: HookId,
    /// Index into the event's messages.
    pub message: u16,
    /// 1 for the first attempt.
    pub number: u32,
    /// Asked for by a person.
    pub redelivery: bool,
    /// A crash may have swallowed the record of an earlier attempt (P7).
    pub recovered: bool,
    /// When it began.
    pub started_at: Timestamp,
    /// Request header lines as sent, `Name: value\r\n` each; empty when nothing was sent.
    pub request_head: Bytes,
    /// What went over the wire; `None` when the delivery ended without an attempt.
    pub exchange: Option<Exchange>,
}

/// What becomes of a delivery after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is over.
    Ended {
        /// How; never [`DeliveryState::Open`].
        state: DeliveryState,
        /// Why, when it ended without success or a last attempt.
        reason: Option<Reason>,
    },
    /// Try again then.
    RetryAt(Timestamp),
}

/// What an answer of 410 does to a hook (D-15).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HookFate {
    /// Nothing.
    #[default]
    Stays,
    /// It is switched off, and can be switched on again.
    SwitchedOff,
    /// It is deleted: nobody but the receiver had asked for it.
    Deleted,
}

/// An attempt and its consequences: what one `settle` writes in one go (D-11).
#[derive(Clone, Debug)]
pub struct Settlement {
    /// The log row.
    pub attempt: Attempt,
    /// What becomes of the delivery.
    pub next: Next,
    /// How the delivery was held.
    pub lease: Lease,
    /// What becomes of the hook.
    pub hook: HookFate,
    /// Count the outcome under this event name, for dialects whose API shows counts.
    pub tally: Option<Arc<str>>,
    /// The hook's breaker after it, if it changed (D-20).
    pub breaker: Option<BreakerStep>,
}

/// A hook's breaker after an observation. Exchanges of a hook end in any order and are settled in another; the greatest
/// step is the last observation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerStep {
    /// The version of the hook it belongs to; an edit resets the breaker.
    pub version: u32,
    /// Rises with each change that this process has seen.
    pub step: u64,
    /// The breaker.
    pub breaker: Breaker,
}
