//! What the flow needs from the world. Backends and the engine implement these; tests drive them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

use crate::account::{Account, AccountKind, OrgRole, Permission, Repository, Scopes, Token, TokenHash};
use crate::application::{Application, NewApplication};
use crate::attempt::{Attempt, Exchange, Settlement};
use crate::delivery::{DeliveryState, Outgoing, PlannedDelivery, Reason, Work};
use crate::directory::Directory;
use crate::event::{Accepted, Event, NewEvent};
use crate::grant::{CodeJudge, Device, DeviceAnswer, NewCode, NewDevice, Polled, Redeemed, Session};
use crate::hook::{Hook, NewHook, SiblingRule};
use crate::id::{AccountId, AppId, AttemptId, DeliveryId, EventId, HookId, RepositoryId, TokenId, TopicId, Uid};
use crate::rules::breaker::Breaker;
use crate::rules::target::TargetUrl;
use crate::stream::Stream;
use crate::task::{NewTask, Task, TaskEnd, TaskNote};
use crate::time::Timestamp;
use crate::topic::{Page, Topic, TopicState};

/// Tells the time. Rules get moments as arguments; flows and engine ask here.
pub trait Clock: Send + Sync {
    /// The wall clock; within one process it never runs backwards (N-3).
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment, for measuring durations.
    fn monotonic(&self) -> Duration;
}

/// The only source of randomness.
pub trait Entropy: Send + Sync {
    /// Fills with random bytes.
    fn fill(&self, bytes: &mut [u8]);

    /// Uniform in 0 to 1.
    fn unit(&self) -> f64 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
    }
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The name is taken (login, repository name).
    #[error("the name is taken")]
    NameTaken,
    /// The row is not there (any more).
    #[error("not found")]
    NotFound,
    /// A hook may not be so beside its siblings.
    #[error("the hook conflicts with another one: {0:?}")]
    Conflict(crate::hook::HookConflict),
    /// Too much is waiting to be written; nothing was accepted (D-7, 503).
    #[error("the store is overloaded")]
    Busy,
    /// No disk space is left; nothing was accepted (D-7, 507).
    #[error("the disk is full")]
    Full,
    /// The store is away or shutting down; nothing was accepted (503).
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A stored row cannot be read back. The text names table and row, never content.
    #[error("stored data is unreadable: {0}")]
    Corrupt(String),
}

/// The result of asking the store.
pub type Stored<T> = Result<T, StoreError>;

/// A new account.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// See [`Account::uid`].
    pub uid: Uid,
    /// See [`Account::kind`].
    pub kind: AccountKind,
    /// See [`Account::login`]; checked by `account::is_valid_name`.
    pub login: String,
    /// See [`Account::name`].
    pub name: Option<String>,
    /// See [`Account::email`].
    pub email: Option<String>,
    /// See [`Account::description`].
    pub description: Option<String>,
    /// See [`Account::project_key`]; checked by `account::is_valid_project_key`.
    pub project_key: Option<String>,
    /// See [`Account::site_admin`].
    pub site_admin: bool,
    /// For an organization: its first owner.
    pub owner: Option<AccountId>,
    /// See [`Account::created_at`].
    pub created_at: Timestamp,
}

/// A new repository.
#[derive(Clone, Debug)]
pub struct NewRepository {
    /// See [`Repository::uid`].
    pub uid: Uid,
    /// See [`Repository::owner`].
    pub owner: AccountId,
    /// See [`Repository::name`]; checked by `account::is_valid_name`.
    pub name: String,
    /// See [`Repository::description`].
    pub description: Option<String>,
    /// See [`Repository::homepage`].
    pub homepage: Option<String>,
    /// See [`Repository::default_branch`].
    pub default_branch: String,
    /// See [`Repository::private`].
    pub private: bool,
    /// See [`Repository::fork_of`].
    pub fork_of: Option<RepositoryId>,
    /// See [`Repository::created_at`].
    pub created_at: Timestamp,
}

/// A new token.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// The SHA-256 of its value.
    pub hash: TokenHash,
    /// See [`Token::user`].
    pub user: AccountId,
    /// See [`Token::app`].
    pub app: Option<AppId>,
    /// See [`Token::scopes`].
    pub scopes: Scopes,
    /// See [`Token::note`].
    pub note: Option<String>,
    /// See [`Token::created_at`].
    pub created_at: Timestamp,
    /// See [`Token::expires_at`].
    pub expires_at: Option<Timestamp>,
}

/// An edit: gets the present value, gives the new one. Runs inside the store's transaction.
pub type Edit<T> = Box<dyn FnOnce(T) -> T + Send>;

/// The registry: accounts, repositories, members, tokens. Reads go to the [`Directory`].
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Creates a user or an organization. [`StoreError::NameTaken`] if the login exists in any case.
    async fn create_account(&self, new: NewAccount) -> Stored<Arc<Account>>;
    /// Edits an account; `id`, `uid` and `created_at` stay, `updated_at` becomes `now`.
    async fn update_account(&self, id: AccountId, now: Timestamp, edit: Edit<Account>) -> Stored<Arc<Account>>;
    /// Deletes an account with its repositories, hooks, tokens and memberships. Events and the log stay.
    async fn delete_account(&self, id: AccountId) -> Stored<()>;
    /// Makes a user member or owner of an organization, or removes them.
    async fn set_membership(&self, organization: AccountId, user: AccountId, role: Option<OrgRole>) -> Stored<()>;
    /// Creates a repository. [`StoreError::NameTaken`] if the owner has one of that name in any case.
    async fn create_repository(&self, new: NewRepository) -> Stored<Arc<Repository>>;
    /// Edits a repository; `id`, `uid` and `created_at` stay, `updated_at` becomes `now`.
    async fn update_repository(
        &self,
        id: RepositoryId,
        now: Timestamp,
        edit: Edit<Repository>,
    ) -> Stored<Arc<Repository>>;
    /// Deletes a repository with its hooks. Events and the log stay.
    async fn delete_repository(&self, id: RepositoryId) -> Stored<()>;
    /// Gives a user a permission on a repository, or takes it away.
    async fn set_collaborator(
        &self,
        repository: RepositoryId,
        user: AccountId,
        level: Option<Permission>,
    ) -> Stored<()>;
    /// Stores a token. Of the tokens an application holds for one user with the same scopes, only the newest
    /// [`MAX_TOKENS_OF_A_GRANT`](crate::application::MAX_TOKENS_OF_A_GRANT) stay; older ones are revoked.
    async fn create_token(&self, new: NewToken) -> Stored<Arc<Token>>;
    /// Tokens of a user, by id.
    async fn tokens_of(&self, user: AccountId) -> Stored<Vec<Token>>;
    /// Revokes a token.
    async fn delete_token(&self, id: TokenId) -> Stored<()>;
    /// Notes when tokens were last used. Called at most once a minute, for all tokens seen since.
    async fn touch_tokens(&self, seen: Vec<(TokenId, Timestamp)>) -> Stored<()>;
}

/// OAuth applications. Reads go to the [`Directory`].
#[async_trait]
pub trait Applications: Send + Sync {
    /// Registers an application.
    async fn create_application(&self, new: NewApplication) -> Stored<Arc<Application>>;
    /// Edits an application; `id`, `client_id` and `created_at` stay, `updated_at` becomes `now`.
    async fn update_application(&self, id: AppId, now: Timestamp, edit: Edit<Application>) -> Stored<Arc<Application>>;
    /// Deletes an application with its tokens and codes. Its hooks become hooks of no application.
    async fn delete_application(&self, id: AppId) -> Stored<()>;
    /// Gives a token a new value; the old one is refused from now on.
    async fn reset_token(&self, id: TokenId, hash: TokenHash, now: Timestamp) -> Stored<Arc<Token>>;
    /// Takes back all that a user gave an application: its tokens, and codes on their way.
    async fn revoke_grant(&self, app: AppId, user: AccountId) -> Stored<()>;
}

/// What OAuth flows hold between their steps. What has ended is deleted as new things come.
#[async_trait]
pub trait Grants: Send + Sync {
    /// Keeps an authorization code.
    async fn keep_code(&self, new: NewCode) -> Stored<()>;
    /// Redeems an authorization code, at most once.
    async fn redeem_code(&self, hash: TokenHash, judge: CodeJudge) -> Stored<Redeemed>;
    /// Keeps a device code. [`StoreError::NameTaken`] if the user code is in use, [`StoreError::Busy`] if the application
    /// has [`MAX_WAITING_DEVICES`](crate::grant::MAX_WAITING_DEVICES).
    async fn keep_device(&self, new: NewDevice) -> Stored<()>;
    /// The device with that user code, expired or not.
    async fn device(&self, user_code: TokenHash) -> Stored<Option<Device>>;
    /// Writes down the user's answer; `false` if there is no such user code, or it was answered or has ended.
    async fn answer_device(&self, user_code: TokenHash, now: Timestamp, answer: DeviceAnswer) -> Stored<bool>;
    /// Polls with a device code; if it was approved, `value` becomes a token, and the code is spent.
    async fn poll_device(&self, hash: TokenHash, app: AppId, now: Timestamp, value: TokenHash) -> Stored<Polled>;
    /// Begins a session of a token, at `now`.
    async fn begin_session(&self, hash: TokenHash, token: TokenId, now: Timestamp) -> Stored<()>;
    /// The session of that hash, ended or not; none if its token is gone.
    async fn session(&self, hash: TokenHash) -> Stored<Option<Session>>;
    /// Notes that a session was used.
    async fn touch_session(&self, hash: TokenHash, now: Timestamp) -> Stored<()>;
    /// Ends a session.
    async fn end_session(&self, hash: TokenHash) -> Stored<()>;
}

/// Hooks. Reads go to the [`Directory`].
#[async_trait]
pub trait Hooks: Send + Sync {
    /// Creates a hook, unless `rule` finds it cannot stand beside its siblings.
    async fn create_hook(&self, new: NewHook, rule: SiblingRule) -> Stored<Arc<Hook>>;
    /// Edits a hook under the same rule; `id`, `uid`, `dialect`, `scope`, `app` and `created_at` stay,
    /// `version` rises, `updated_at` becomes `now`.
    async fn update_hook(&self, id: HookId, now: Timestamp, edit: Edit<Hook>, rule: SiblingRule) -> Stored<Arc<Hook>>;
    /// Deletes a hook. Its open deliveries end as cancelled when their turn comes; the log stays.
    async fn delete_hook(&self, id: HookId) -> Stored<()>;
}

/// Events: accepted once, then read.
#[async_trait]
pub trait Events: Send + Sync {
    /// Commits event, payload, idempotency pair and plan in one synced transaction (D-1, D-2), hands what the
    /// [`Bell`] admitted to it, and queues the rest. Returns only after the commit.
    async fn accept(&self, new: NewEvent) -> Stored<Accepted>;
    /// The event of that id.
    async fn event(&self, id: EventId) -> Stored<Option<Event>>;
    /// The messages of an event, bodies included.
    async fn outgoing(&self, id: EventId) -> Stored<Option<Arc<Outgoing>>>;
    /// The newest event of a repository with one of these types.
    async fn latest_event(&self, repository: RepositoryId, kinds: &[&str]) -> Stored<Option<Event>>;
    /// Events with an id below `before` (newest first), at most `limit`; of one repository if given.
    async fn events(
        &self,
        repository: Option<RepositoryId>,
        before: Option<EventId>,
        limit: usize,
    ) -> Stored<Vec<Event>>;
}

/// Ask for due work.
#[derive(Clone, Debug)]
pub struct ClaimDue {
    /// The moment of asking.
    pub now: Timestamp,
    /// Which lanes, and how many deliveries each can take. Due order within a lane.
    pub lanes: Vec<(HookId, usize)>,
    /// How long the claim holds unless renewed.
    pub lease_until: Timestamp,
}

/// When a lane has something due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// The lane's hook.
    pub hook: HookId,
    /// The earliest due time among its unclaimed rows.
    pub due: Timestamp,
}

/// The queue of open deliveries, kept in the database (design section 6).
///
/// A delivery is *fresh* from its acceptance until it is first settled: only the event's plan knows it. After that, as
/// long as it is open, it has a queue row. Both kinds survive a crash.
#[async_trait]
pub trait Queue: Send + Sync {
    /// An id for an attempt that has just ended; rises from call to call.
    fn attempt_id(&self, now: Timestamp) -> AttemptId;
    /// Takes over after a start: gives this process a new epoch, makes queue rows of every planned delivery that was
    /// neither settled nor queued, in steps of at most 1,000, each with one more recovery (D-13), and frees rows claimed
    /// under earlier epochs. Deliveries recovered five times become quarantined. Returns how many were recovered.
    async fn recover(&self, now: Timestamp) -> Stored<u64>;
    /// Claims due rows. A lane not named gets nothing.
    async fn claim_due(&self, claim: ClaimDue) -> Stored<Vec<Work>>;
    /// As [`claim_due`](Self::claim_due), but only first attempts that a person asked for ([`Work::by_hand`]).
    async fn claim_by_hand(&self, claim: ClaimDue) -> Stored<Vec<Work>>;
    /// Every lane with unclaimed rows.
    async fn backlog(&self) -> Stored<Vec<Backlog>>;
    /// Writes attempts and their consequences in one transaction (D-11): log row, queue row inserted, moved or deleted,
    /// hook switched off, breaker noted. A settlement whose lease has lapsed is logged as late and changes nothing else
    /// (D-12).
    async fn settle(&self, batch: Vec<Settlement>) -> Stored<()>;
    /// Gives claimed rows and fresh deliveries back, due at once: shutting down, or held by a breaker.
    async fn hand_back(&self, deliveries: Vec<DeliveryId>, now: Timestamp) -> Stored<()>;
    /// Plans a delivery by hand: the message of an attempt once more, due now. Returns the new delivery.
    async fn redeliver(&self, attempt: AttemptId, now: Timestamp) -> Stored<DeliveryId>;
    /// Breakers that were not closed when they were last noted, with the version of their hook: for the start, so that
    /// it does not storm dead hooks (D-20).
    async fn breakers(&self) -> Stored<Vec<(HookId, u32, Breaker)>>;
}

/// What waits for the subscribers of a hub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HubBacklog {
    /// Tasks not done yet.
    pub tasks: u64,
    /// Subscriptions whose lease ends within a day.
    pub expiring: u64,
}

/// The hub's topics and tasks. Subscriptions are [`Hooks`].
#[async_trait]
pub trait Tasks: Send + Sync {
    /// The topic of that URL, made if there is none.
    async fn ensure_topic(&self, url: &str, page: Option<Page>, now: Timestamp) -> Stored<Arc<Topic>>;
    /// What is remembered of the last time the topic was fetched.
    async fn topic_state(&self, topic: TopicId) -> Stored<TopicState>;
    /// Puts a task down, durably. A request to verify takes the place of older ones of the same topic and callback, and a
    /// fetch joins one that waits already. [`StoreError::Conflict`]: `max_pending_per_host` wait for that callback host.
    async fn enqueue(&self, task: NewTask, max_pending_per_host: usize) -> Stored<()>;
    /// Claims at most `limit` due tasks, never two fetches of a topic at once, and few of one callback host.
    async fn claim_tasks(&self, now: Timestamp, limit: usize) -> Stored<Vec<Task>>;
    /// When the next unclaimed task is due.
    async fn next_task(&self) -> Stored<Option<Timestamp>>;
    /// Ends one try and applies its effects in one transaction. `false`: the task was superseded, so nothing followed.
    async fn end_task(&self, end: TaskEnd) -> Stored<bool>;
    /// Deletes subscriptions whose lease has ended, in steps. Returns how many.
    async fn purge_lapsed(&self, now: Timestamp) -> Stored<u64>;
    /// Deletes a topic's subscriptions, in steps, and tells each subscriber why if there is a reason to tell.
    async fn end_topic(&self, topic: TopicId, denial: Option<String>, now: Timestamp) -> Stored<u64>;
    /// Deletes topics that nobody subscribes to and nothing is to be done for.
    async fn purge_topics(&self) -> Stored<u64>;
    /// The newest notes on tasks: those with an id below `before`, about that topic if one is named.
    async fn task_notes(&self, topic: Option<&str>, before: Option<i64>, limit: usize) -> Stored<Vec<(i64, TaskNote)>>;
    /// What waits.
    async fn hub_backlog(&self, now: Timestamp) -> Stored<HubBacklog>;
}

/// Which attempts of a hook to list.
#[derive(Clone, Debug, Default)]
pub struct AttemptFilter {
    /// Only ids below this one (newest first).
    pub before: Option<AttemptId>,
    /// Only HTTP statuses in this inclusive range.
    pub status: Option<(u16, u16)>,
    /// Only (or no) redeliveries.
    pub redelivery: Option<bool>,
    /// Only this event name.
    pub kind: Option<String>,
    /// Only this action.
    pub action: Option<String>,
    /// Only this message.
    pub message_uid: Option<Uid>,
    /// Only attempts begun at or after this moment.
    pub since: Option<Timestamp>,
    /// Only attempts begun before this moment.
    pub until: Option<Timestamp>,
    /// Only attempts that were not answered with 2xx (`true`) or that were (`false`).
    pub failed: Option<bool>,
    /// List rows of deliveries that ended without an attempt, too.
    pub with_unsent: bool,
}

/// An attempt with what a list shows of its message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptRow {
    /// The attempt. In lists, heads and bodies are empty.
    pub attempt: Attempt,
    /// The state its delivery entered with it; `Open` while a retry follows.
    pub state: DeliveryState,
    /// Why, if it ended early.
    pub reason: Option<Reason>,
    /// Written after its lease had lapsed.
    pub late: bool,
    /// When the retry that follows is due.
    pub retry_at: Option<Timestamp>,
    /// The message's stable id.
    pub uid: Uid,
    /// The message's event name.
    pub kind: String,
    /// The message's action.
    pub action: Option<String>,
    /// The repository the event happened in.
    pub repository: Option<RepositoryId>,
    /// The URL the request went to.
    pub url: TargetUrl,
}

/// Counts of P3: `planned` equals the sum of the rest, always.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conservation {
    /// Deliveries planned, by plan and by hand.
    pub planned: u64,
    /// Deliveries in each state.
    pub by_state: Vec<(DeliveryState, u64)>,
}

impl Conservation {
    /// Does the sum hold?
    pub fn holds(&self) -> bool {
        self.planned == self.by_state.iter().map(|(_, count)| count).sum::<u64>()
    }
}

/// What the exchanges of one event name came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// The event name.
    pub kind: String,
    /// How many were answered with 2xx.
    pub successes: u64,
    /// How many were answered otherwise.
    pub failures: u64,
    /// How many were not answered, or not sent by rule.
    pub errors: u64,
    /// The newest answered with 2xx.
    pub last_success: Option<AttemptId>,
    /// The newest answered otherwise.
    pub last_failure: Option<AttemptId>,
    /// The newest not answered or not sent by rule.
    pub last_error: Option<AttemptId>,
}

/// Most events of a repository that [`Views::stream`] looks at.
pub const MAX_STREAM_SCAN: usize = 10_000;

/// What people look at.
#[async_trait]
pub trait Views: Send + Sync {
    /// Attempts of a hook, newest first, at most `limit`.
    async fn attempts_of(&self, hook: HookId, filter: AttemptFilter, limit: usize) -> Stored<Vec<AttemptRow>>;
    /// One attempt, with heads and bodies.
    async fn attempt(&self, id: AttemptId) -> Stored<Option<AttemptRow>>;
    /// The newest exchange of each of these hooks, heads and bodies empty; hooks without one are left out.
    async fn last_exchanges(&self, hooks: &[HookId]) -> Stored<Vec<(HookId, Exchange)>>;
    /// Tallies of a hook by event name, from the UTC day of `since` on; only for settlements that asked for it.
    async fn tallies(&self, hook: HookId, since: Timestamp) -> Stored<Vec<Tally>>;
    /// The counts of P3 over the whole store.
    async fn conservation(&self) -> Stored<Conservation>;
    /// Open deliveries of a hook that have a queue row.
    async fn queued(&self, hook: HookId) -> Stored<u64>;
    /// The breakers of these hooks as they were last noted; closed ones without failures are left out.
    async fn breakers_of(&self, hooks: &[HookId]) -> Stored<Vec<(HookId, Breaker)>>;
    /// The newest events of a repository that a stream takes, newest first, at most `limit`; none newer than `up_to`.
    /// `data` is empty where it is larger than [`MAX_CONTENT`](crate::feed::MAX_CONTENT), and then it was not read. Of
    /// the repository's events only the newest [`MAX_STREAM_SCAN`] up to there are looked at.
    async fn stream(
        &self,
        repository: RepositoryId,
        stream: &Stream,
        up_to: Option<EventId>,
        limit: usize,
    ) -> Stored<Vec<Event>>;
}

/// One backend: SQLite or PostgreSQL.
#[async_trait]
pub trait Store: Accounts + Applications + Grants + Hooks + Events + Queue + Tasks + Views {
    /// Accounts, repositories, tokens and hooks in memory, true as of the last commit this node heard of.
    fn directory(&self) -> &Arc<Directory>;
    /// Connects the engine. Until then nothing is admitted and all planned deliveries are queued.
    fn set_bell(&self, bell: Arc<dyn Bell>);
    /// Commits an empty transaction: `/readyz`.
    async fn check(&self) -> Stored<()>;
    /// Copies the whole database to a file, consistently, while serving.
    async fn backup(&self, to: &std::path::Path) -> Stored<()>;
    /// Finishes what was handed in, then closes. Later calls are [`StoreError::Unavailable`].
    async fn close(&self);
}

/// Tells the engine that there is work. Called from the store's own thread: implementations must not block.
pub trait Bell: Send + Sync {
    /// Before the commit: reserves places in the lanes for these deliveries of `bytes` bytes in all and returns for
    /// each whether it got one. Those without a place are queued in the same transaction, so nothing is stranded.
    fn admit(&self, deliveries: &[PlannedDelivery], bytes: usize) -> Vec<bool>;
    /// The transaction failed: gives reserved places back. Same arguments as `admit`.
    fn withdraw(&self, deliveries: &[PlannedDelivery], bytes: usize, admitted: &[bool]);
    /// After the commit: the deliveries that got a place. `bytes` as in `admit`.
    fn ring(&self, work: Vec<Work>, bytes: usize);
    /// After a commit: the lane has a queue row due then (queued, redelivered, freed).
    fn due(&self, hook: HookId, at: Timestamp);
    /// As `due`, for a row that [`Queue::claim_by_hand`] finds: an open breaker does not hold it.
    fn asked(&self, hook: HookId, at: Timestamp) {
        self.due(hook, at);
    }
    /// After a commit: the hub has something to do then.
    fn errand(&self, at: Timestamp) {
        let _ = at;
    }
    /// After a commit: the hook was edited or deleted. Its breaker and its pause are over.
    fn changed(&self, hook: HookId) {
        let _ = hook;
    }
}

/// One request to a receiver.
#[derive(Clone, Debug)]
pub struct SendRequest {
    /// Where to.
    pub url: TargetUrl,
    /// Header lines; the sender adds `Host` and `Content-Length`.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Bytes,
    /// Accept any certificate.
    pub insecure_tls: bool,
    /// Budget of the whole exchange.
    pub timeout: Duration,
}

/// One request for what a URL has.
#[derive(Clone, Debug)]
pub struct FetchRequest {
    /// Where.
    pub url: TargetUrl,
    /// Header lines; the sender adds `Host`.
    pub headers: Vec<(&'static str, String)>,
    /// Budget of the whole exchange, body included.
    pub timeout: Duration,
    /// The most that is read of the body, in bytes.
    pub max_body: usize,
}

/// What came of a [`FetchRequest`].
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The exchange; its body is at most `max_body` long.
    pub exchange: Exchange,
    /// The body was read to its end.
    pub whole: bool,
}

/// Calls receivers. The only way out of the process (E-1).
#[async_trait]
pub trait Sender: Send + Sync {
    /// One POST. Never fails: whatever happens is an [`Exchange`].
    async fn send(&self, request: SendRequest) -> Exchange;
    /// One GET. Never fails, as `send`; redirects are not followed.
    async fn fetch(&self, request: FetchRequest) -> Fetched;
    /// Would a request to that target be let out now? Resolves its name and asks the guard; connects nowhere. `Err` says
    /// why not, without addresses (E-12).
    async fn vet(&self, url: &TargetUrl) -> Result<(), String>;
}
