//! What the hub has to do beside deliveries: ask a subscriber whether it meant it, tell one that it is denied, fetch a
//! topic, put a page of ours together. Kept in the database like deliveries, and survives a crash like them.

use std::time::Duration;

use crate::id::{EventId, TaskId, TopicId};
use crate::rules::target::TargetUrl;
use crate::secret::Secret;
use crate::time::Timestamp;

/// What a subscriber asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To be subscribed, or to renew.
    Subscribe,
    /// To be left alone.
    Unsubscribe,
}

impl Mode {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Subscribe => "subscribe",
            Self::Unsubscribe => "unsubscribe",
        }
    }
}

/// A request of a subscriber, accepted and to be verified (contract websub section 4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// What it asked for.
    pub mode: Mode,
    /// The topic's URL.
    pub topic: String,
    /// Where it wants to be called.
    pub callback: TargetUrl,
    /// How long the subscription is to last, as decided.
    pub lease: Duration,
    /// Signs what it gets.
    pub secret: Option<Secret>,
    /// Given back with the challenge (PubSubHubbub 0.3).
    pub verify_token: Option<Secret>,
}

/// A refusal to be told to a subscriber (contract websub section 5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The topic's URL.
    pub topic: String,
    /// Whom to tell.
    pub callback: TargetUrl,
    /// Why, in a few words; nothing internal.
    pub reason: String,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Job {
    /// Ask the subscriber whether it meant it.
    VerifyIntent(Intent),
    /// Tell the subscriber that it is denied.
    Deny(Denial),
    /// Fetch a topic and distribute it if it changed.
    FetchTopic(TopicId),
    /// Distribute a page of ours as it stands after an event.
    TellTopic(TopicId, EventId),
}

impl Job {
    /// The name in logs, metrics and answers.
    pub fn name(&self) -> &'static str {
        match self {
            Self::VerifyIntent(_) => "verify_intent",
            Self::Deny(_) => "deny",
            Self::FetchTopic(_) => "fetch_topic",
            Self::TellTopic(..) => "tell_topic",
        }
    }

    /// The subscriber it calls, if it calls one.
    pub fn callback(&self) -> Option<&TargetUrl> {
        match self {
            Self::VerifyIntent(intent) => Some(&intent.callback),
            Self::Deny(denial) => Some(&denial.callback),
            Self::FetchTopic(_) | Self::TellTopic(..) => None,
        }
    }
}

/// A task before the store has numbered it.
#[derive(Clone, Debug)]
pub struct NewTask {
    /// What to do.
    pub job: Job,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// Not before.
    pub due_at: Timestamp,
}

impl NewTask {
    /// To be done at once.
    pub fn now(job: Job, now: Timestamp) -> Self {
        Self { job, requested_at: now, due_at: now }
    }
}

/// A task that is ours to do.
#[derive(Clone, Debug)]
pub struct Task {
    /// Integer id.
    pub id: TaskId,
    /// What to do.
    pub job: Job,
    /// How often it was tried before.
    pub attempts: u32,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// Under which epoch of our node it was claimed (D-12).
    pub epoch: i64,
}

/// What becomes of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskNext {
    /// It is over.
    Done,
    /// Try again then.
    RetryAt(Timestamp),
}

/// How a task went, for the people who run the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskNote {
    /// When.
    pub at: Timestamp,
    /// [`Job::name`].
    pub job: String,
    /// The topic's URL.
    pub topic: String,
    /// `subscribe` or `unsubscribe`, where it applies.
    pub mode: Option<String>,
    /// Host of the callback: its path can be a secret of the subscriber's (S-9).
    pub callback_host: Option<String>,
    /// First bytes of the callback's SHA-256, in hex, to tell callbacks of one host apart.
    pub callback_hash: Option<String>,
    /// What came of it: `confirmed`, `refused`, `failed`, `retried`, `denied`, …
    pub outcome: String,
    /// The HTTP status answered.
    pub status: Option<u16>,
    /// Why, in a few words.
    pub reason: Option<String>,
}

/// The end of one try.
#[derive(Clone, Debug)]
pub struct TaskEnd {
    /// Which task.
    pub task: TaskId,
    /// As claimed.
    pub epoch: i64,
    /// What becomes of it.
    pub next: TaskNext,
    /// What follows from it, in the same transaction. Nothing does if the task was superseded meanwhile.
    pub effects: Vec<Effect>,
    /// For the log.
    pub note: TaskNote,
}

/// What a task changes.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Makes this subscription, or replaces lease and secret of the one with its topic and callback.
    Subscribe(Box<crate::hook::NewHook>),
    /// Ends the subscription of that topic and callback, if there is one.
    Unsubscribe(TopicId, TargetUrl),
    /// Something else to do.
    Enqueue(NewTask),
    /// The topic was fetched.
    Fetched(TopicId, Box<crate::topic::TopicState>),
    /// New content of the topic, with its plan.
    Content {
        /// The topic.
        topic: TopicId,
        /// The content as an event.
        event: Box<crate::event::NewEvent>,
        /// It is all of the topic, so that older content is of no use any more.
        supersedes: bool,
    },
}
