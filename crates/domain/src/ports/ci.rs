//! Apps, builds and the requests that lead to them.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Edit, Stored};
use crate::ci::{
    Build, BuildEnd, BuildFilter, BuildPage, BuildRequest, BuildSecret, CiApp, ClaimBuild, Composed, Ended, Incoming,
    IncomingFilter, LogPiece, NewBuild, NewBuildRequest, NewCiApp, NewIncoming, Started, TakenIn,
};
use crate::event::NewEvent;
use crate::id::{BuildId, CiAppId, IncomingId, Uid};
use crate::time::Timestamp;

/// Apps, builds and the requests that lead to them. Apps are read from the [`Directory`](crate::directory::Directory).
///
/// Where a method takes a [`Started`], it is called once, inside the transaction, with the builds as they have become;
/// the events it returns are accepted in the same transaction. So a build that is there has been announced, and only once.
#[async_trait]
pub trait Ci: Send + Sync {
    /// Creates an app.
    async fn create_ci_app(&self, new: NewCiApp) -> Stored<Arc<CiApp>>;
    /// Edits an app; `id`, `uid` and `created_at` stay, `version` rises, `updated_at` becomes `now`.
    async fn update_ci_app(&self, id: CiAppId, now: Timestamp, edit: Edit<CiApp>) -> Stored<Arc<CiApp>>;
    /// Deletes an app with its hooks, builds and requests. Events and the log stay.
    async fn delete_ci_app(&self, id: CiAppId) -> Stored<()>;

    /// Takes a request in: its log row, the builds it leads to and what is published, together. One whose delivery id led
    /// to something within the last seven days gets that one's answer, and does nothing.
    /// [`StoreError::NotFound`](super::StoreError::NotFound): the app is gone.
    async fn take_in(&self, new: NewIncoming, started: Started<Composed>) -> Stored<TakenIn>;
    /// Starts builds, and keeps those that wait for approval.
    async fn start_builds(
        &self,
        builds: Vec<NewBuild>,
        requests: Vec<NewBuildRequest>,
        started: Started<Vec<NewEvent>>,
    ) -> Stored<Vec<Arc<Build>>>;
    /// Gives a queued build to an executor: the one of highest priority, then the oldest. `None`: nothing waits.
    async fn claim_build(&self, claim: ClaimBuild) -> Stored<Option<(Arc<Build>, Vec<BuildSecret>)>>;
    /// Ends a build, unless it has ended.
    async fn end_build(&self, id: BuildId, end: BuildEnd, ended: Started<Vec<NewEvent>>) -> Stored<Ended>;
    /// Ends, as failed for that reason, every build that was running within an earlier process of this server.
    async fn end_orphans(&self, now: Timestamp, reason: &str, ended: Started<Vec<NewEvent>>)
    -> Stored<Vec<Arc<Build>>>;
    /// Builds not ended that nobody has reported on since that moment, oldest first; those of this process left out, and
    /// with `running` those that nobody has taken.
    async fn silent_builds(&self, since: Timestamp, running: bool, limit: usize) -> Stored<Vec<Arc<Build>>>;

    /// Appends to a build's log, as its piece number `position` if one is given: one that is there already is left as it
    /// is, so that a repeat does no harm. Returns the number of the next piece. Nothing more is kept beyond
    /// [`MAX_LOG`](crate::ci::MAX_LOG).
    async fn append_log(&self, id: BuildId, position: Option<u64>, text: String, now: Timestamp) -> Stored<u64>;
    /// Pieces of a build's log from that number on, at most `limit`.
    async fn read_log(&self, id: BuildId, from: u64, limit: usize) -> Stored<Vec<LogPiece>>;

    /// The build of that slug.
    async fn build(&self, uid: Uid) -> Stored<Option<Arc<Build>>>;
    /// The build of that id.
    async fn build_by_id(&self, id: BuildId) -> Stored<Option<Arc<Build>>>;
    /// Builds of an app. [`StoreError::NotFound`](super::StoreError::NotFound): the one that the page is to begin with is
    /// none of its.
    async fn builds(&self, app: CiAppId, filter: BuildFilter) -> Stored<BuildPage>;
    /// Builds of all these apps, in one list; as for one.
    async fn builds_of(&self, apps: &[CiAppId], filter: BuildFilter) -> Stored<BuildPage>;
    /// The newest build of each of these apps; apps without one are left out.
    async fn last_builds(&self, apps: &[CiAppId]) -> Stored<Vec<Arc<Build>>>;
    /// Branches an app has built, the most recent first, at most `limit`.
    async fn branches_of(&self, app: CiAppId, limit: usize) -> Stored<Vec<String>>;

    /// Builds of an app that wait for approval, newest first, at most `limit`.
    async fn build_requests(&self, app: CiAppId, limit: usize) -> Stored<Vec<BuildRequest>>;
    /// The build request of that slug.
    async fn build_request(&self, uid: Uid) -> Stored<Option<BuildRequest>>;
    /// Ends a build request with what it leads to. `None`: it is gone.
    async fn decide_request(
        &self,
        uid: Uid,
        builds: Vec<NewBuild>,
        started: Started<Vec<NewEvent>>,
    ) -> Stored<Option<Vec<Arc<Build>>>>;

    /// Requests taken in for an app, newest first, at most `limit`; headers and bodies empty.
    async fn incoming(&self, app: CiAppId, filter: IncomingFilter, limit: usize) -> Stored<Vec<Incoming>>;
    /// The request of that uid, whole.
    async fn incoming_by_uid(&self, uid: Uid) -> Stored<Option<Incoming>>;
    /// The request of that id, whole.
    async fn incoming_by_id(&self, id: IncomingId) -> Stored<Option<Incoming>>;
}
