//! Requests of git hosts and others: taken in once, kept as they came, answered with what followed (contract bitrise
//! section 6).

use std::sync::Arc;

use bytes::Bytes;

use super::build::{Build, NewBuild, NewBuildRequest};
use crate::event::NewEvent;
use crate::id::{CiAppId, IncomingId, Uid};
use crate::time::Timestamp;

/// Largest body of an incoming request, in bytes: GitHub's own limit for what it sends.
pub const MAX_INCOMING: usize = 25 * 1024 * 1024;
/// How many requests of one app are kept.
pub const MAX_INCOMING_KEPT: usize = 1_000;
/// How much the kept requests of one app take together, about, in bytes of bodies and answers. The newest stays in any case.
pub const MAX_INCOMING_BYTES: usize = 128 * 1024 * 1024;
/// More deliveries than this in a row, each publishing the next event, are a loop (contract delivery-and-security D-8).
pub const MAX_HOPS: u8 = 5;

/// Who was seen to have sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is signed with the app's secret.
    Verified,
    /// It carries the app's secret as it is: the host does not sign.
    Authenticated,
    /// The app has a secret, and the request has none, or another, or its host offers no way to show it.
    Failed,
    /// The app has no secret; the URL's token is all there is.
    Unattempted,
}

impl Verdict {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Verified, Self::Authenticated, Self::Failed, Self::Unattempted];

    /// The name in logs and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Authenticated => "authenticated",
            Self::Failed => "failed",
            Self::Unattempted => "unattempted",
        }
    }
}

/// A request as it came.
#[derive(Clone, Debug)]
pub struct NewIncoming {
    /// Names it in lists.
    pub uid: Uid,
    /// Whom it was for.
    pub app: CiAppId,
    /// The provider in its path.
    pub provider: &'static str,
    /// The host's own id of it: a second one of the same app and provider gets the first one's answer and does nothing, if
    /// the first one did something.
    pub delivery_id: Option<String>,
    /// The host's name of the event.
    pub event: Option<String>,
    /// Who was seen to have sent it.
    pub verdict: Verdict,
    /// Header lines; credentials and signatures are masked (S-8).
    pub headers: Vec<(String, String)>,
    /// The body; byte for byte, but for credentials, which are masked (S-8).
    pub body: Bytes,
    /// The one it repeats.
    pub replay_of: Option<Uid>,
    /// When it came.
    pub received_at: Timestamp,
    /// Builds it leads to.
    pub builds: Vec<NewBuild>,
    /// Builds it leads to once somebody approves.
    pub requests: Vec<NewBuildRequest>,
}

/// What is answered, and published.
#[derive(Debug, Default)]
pub struct Composed {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// Events to accept with it.
    pub events: Vec<NewEvent>,
}

/// What the store has made of builds, in the order they were asked for: inside the transaction, so that events can
/// carry their numbers.
pub type Started<T> = Box<dyn FnOnce(&[Arc<Build>]) -> T + Send>;

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// What became of a request.
#[derive(Clone, Debug)]
pub enum TakenIn {
    /// It is new.
    Now {
        /// Its id.
        id: IncomingId,
        /// The answer.
        answer: Answered,
        /// The builds.
        builds: Vec<Arc<Build>>,
    },
    /// It was taken in before; this was the answer.
    Before(Answered),
}

/// A request in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// Integer id, rising.
    pub id: IncomingId,
    /// See [`NewIncoming::uid`].
    pub uid: Uid,
    /// See [`NewIncoming::app`].
    pub app: CiAppId,
    /// See [`NewIncoming::provider`].
    pub provider: String,
    /// See [`NewIncoming::delivery_id`].
    pub delivery_id: Option<String>,
    /// See [`NewIncoming::event`].
    pub event: Option<String>,
    /// See [`NewIncoming::verdict`].
    pub verdict: Verdict,
    /// See [`NewIncoming::headers`]. Empty in lists.
    pub headers: Vec<(String, String)>,
    /// See [`NewIncoming::body`]. Empty in lists.
    pub body: Bytes,
    /// See [`NewIncoming::replay_of`].
    pub replay_of: Option<Uid>,
    /// When it came.
    pub received_at: Timestamp,
    /// What was answered.
    pub answer: Answered,
    /// How often the host sent it again.
    pub repeats: u64,
}

/// Which requests to list, newest first.
#[derive(Clone, Debug, Default)]
pub struct IncomingFilter {
    /// Only ids below this one.
    pub before: Option<IncomingId>,
    /// Only of this provider.
    pub provider: Option<String>,
    /// Only with this verdict.
    pub verdict: Option<Verdict>,
    /// Only answered with a status in this inclusive range.
    pub status: Option<(u16, u16)>,
}
