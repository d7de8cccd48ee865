//! Who wants what, where, in which dialect, with which secret.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::id::{AccountId, AppId, CiAppId, HookId, RepositoryId, TopicId, Uid};
use crate::rules::backoff::Schedule;
use crate::rules::target::TargetUrl;
use crate::secret::Secret;
use crate::time::Timestamp;

/// The name of a dialect, as in the registry of dialects: `github`, `bitbucket_cloud`, …
///
/// Names are interned by the registry at start, so they compare and copy as cheaply as an integer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct DialectName(pub &'static str);

impl fmt::Display for DialectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for DialectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What a hook listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HookScope {
    /// Events of one repository.
    Repository(RepositoryId),
    /// Events of an account and all its repositories.
    Account(AccountId),
    /// New content of a topic: a subscription of the hub.
    Topic(TopicId),
    /// Builds of an app.
    App(CiAppId),
}

/// The event name that stands for all events, present and future.
pub const ALL_EVENTS: &str = "*";

/// How the body of a delivery is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyFormat {
    /// The message itself.
    Json,
    /// `application/x-www-form-urlencoded`, the message in the field the dialect names.
    Form,
}

/// User name and password, sent as basic authentication with each delivery. Beside the URL's own, these win.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BasicAuth {
    /// The user name. No colon.
    pub user: String,
    /// The password; may be empty.
    pub password: Secret,
}

/// A hook: one receiver's wish. Immutable; an edit makes a new value with the next [`version`](Self::version).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    /// Integer id, unique across dialects.
    pub id: HookId,
    /// UUID, for dialects that use one.
    pub uid: Uid,
    /// The surface it was made on, the only one that shows it, and the wire format it gets.
    pub dialect: DialectName,
    /// What it listens to.
    pub scope: HookScope,
    /// Rises by one with each edit.
    pub version: u32,
    /// Inactive hooks are kept, and get nothing but explicit pings.
    pub active: bool,
    /// Where deliveries go.
    pub url: TargetUrl,
    /// Event names of the dialect; [`ALL_EVENTS`] for all.
    pub events: Vec<String>,
    /// Signs deliveries, when present.
    pub secret: Option<Secret>,
    /// Authenticates to the receiver, for dialects that offer it. Cleared when the URL moves to another host (S-5).
    pub credentials: Option<BasicAuth>,
    /// Headers its maker wants with each delivery, of any dialect; names and values are header-safe.
    pub headers: Vec<(String, Secret)>,
    /// How bodies are written.
    pub format: BodyFormat,
    /// Accept any TLS certificate (S-9).
    pub insecure_tls: bool,
    /// Whole-exchange limit, 1 to 30 s; `None` is the server's default.
    pub timeout: Option<Duration>,
    /// Retry schedule; `None` is the server's or dialect's default.
    pub retries: Option<Schedule>,
    /// Values the dialect must give back as it got them, and nobody else reads.
    pub extra: serde_json::Map<String, serde_json::Value>,
    /// The user who made it; [`AccountId::NOBODY`] for a subscription of the open hub.
    pub creator: AccountId,
    /// The OAuth application it was made through; organization hooks of an application are visible to it alone.
    pub app: Option<AppId>,
    /// From this moment on it gets nothing more: the end of a subscription's lease. `None`: never.
    pub expires_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub updated_at: Timestamp,
}

impl Hook {
    /// Does it listen to this event name of its dialect?
    pub fn listens_to(&self, kind: &str) -> bool {
        self.events.iter().any(|event| event == kind || event == ALL_EVENTS)
    }

    /// Has its lease ended?
    pub fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// A hook before the store has numbered it.
#[derive(Clone, Debug)]
pub struct NewHook {
    /// See [`Hook::uid`].
    pub uid: Uid,
    /// See [`Hook::dialect`].
    pub dialect: DialectName,
    /// See [`Hook::scope`].
    pub scope: HookScope,
    /// See [`Hook::active`].
    pub active: bool,
    /// See [`Hook::url`].
    pub url: TargetUrl,
    /// See [`Hook::events`].
    pub events: Vec<String>,
    /// See [`Hook::secret`].
    pub secret: Option<Secret>,
    /// See [`Hook::credentials`].
    pub credentials: Option<BasicAuth>,
    /// See [`Hook::headers`].
    pub headers: Vec<(String, Secret)>,
    /// See [`Hook::format`].
    pub format: BodyFormat,
    /// See [`Hook::insecure_tls`].
    pub insecure_tls: bool,
    /// See [`Hook::timeout`].
    pub timeout: Option<Duration>,
    /// See [`Hook::retries`].
    pub retries: Option<Schedule>,
    /// See [`Hook::extra`].
    pub extra: serde_json::Map<String, serde_json::Value>,
    /// See [`Hook::creator`].
    pub creator: AccountId,
    /// See [`Hook::app`]. An application that is gone by the time the hook is stored counts as none.
    pub app: Option<AppId>,
    /// See [`Hook::expires_at`].
    pub expires_at: Option<Timestamp>,
    /// See [`Hook::created_at`].
    pub created_at: Timestamp,
}

impl NewHook {
    /// The hook this becomes under the id the store gave it.
    pub fn numbered(self, id: HookId) -> Hook {
        Hook {
            id,
            uid: self.uid,
            dialect: self.dialect,
            scope: self.scope,
            version: 1,
            active: self.active,
            url: self.url,
            events: self.events,
            secret: self.secret,
            credentials: self.credentials,
            headers: self.headers,
            format: self.format,
            insecure_tls: self.insecure_tls,
            timeout: self.timeout,
            retries: self.retries,
            extra: self.extra,
            creator: self.creator,
            app: self.app,
            expires_at: self.expires_at,
            created_at: self.created_at,
            updated_at: self.created_at,
        }
    }
}

/// Why a hook cannot be as it was asked for, beside its siblings in the same scope and dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HookConflict {
    /// A sibling has the same configuration and an event in common.
    Duplicate,
    /// These events already have as many hooks as the dialect allows.
    TooMany {
        /// The full events.
        events: Vec<String>,
        /// The limit.
        limit: usize,
    },
}

/// Judges a hook beside its siblings, inside the store's transaction, so that two requests at once cannot both pass.
/// The first argument is the candidate, the second its siblings without it.
///
/// It carries the dialect's limits, so it is a closure and not a plain function.
pub type SiblingRule = Arc<dyn Fn(&Candidate<'_>, &[Arc<Hook>]) -> Result<(), HookConflict> + Send + Sync>;

/// The candidate of a [`SiblingRule`], new or edited: the parts such rules look at.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// See [`Hook::url`].
    pub url: &'a TargetUrl,
    /// See [`Hook::events`].
    pub events: &'a [String],
    /// See [`Hook::secret`].
    pub secret: Option<&'a Secret>,
    /// See [`Hook::format`].
    pub format: BodyFormat,
    /// See [`Hook::insecure_tls`].
    pub insecure_tls: bool,
    /// See [`Hook::app`].
    pub app: Option<AppId>,
}

impl<'a> From<&'a NewHook> for Candidate<'a> {
    fn from(hook: &'a NewHook) -> Self {
        Self {
            url: &hook.url,
            events: &hook.events,
            secret: hook.secret.as_ref(),
            format: hook.format,
            insecure_tls: hook.insecure_tls,
            app: hook.app,
        }
    }
}

impl<'a> From<&'a Hook> for Candidate<'a> {
    fn from(hook: &'a Hook) -> Self {
        Self {
            url: &hook.url,
            events: &hook.events,
            secret: hook.secret.as_ref(),
            format: hook.format,
            insecure_tls: hook.insecure_tls,
            app: hook.app,
        }
    }
}
