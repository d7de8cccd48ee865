//! Apps, builds and the requests that lead to them: which command each call is.

use std::sync::Arc;

use async_trait::async_trait;
use domain::ci::{
    Build, BuildEnd, BuildFilter, BuildPage, BuildRequest, BuildSecret, BuildStatus, CiApp, ClaimBuild, Composed,
    Ended, Incoming, IncomingFilter, LogPiece, NewBuild, NewBuildRequest, NewCiApp, NewIncoming, Started, TakenIn,
};
use domain::directory::Change;
use domain::event::NewEvent;
use domain::id::{BuildId, CiAppId, IncomingId, Uid};
use domain::ports::{Ci, Edit, StoreError, Stored};
use domain::time::Timestamp;

use super::inbox::{Care, Terms};
use super::rows::delete;
use super::{Sqlite, build_lists, build_logs, build_requests, builds, ci_apps, incoming};

#[async_trait]
impl Ci for Sqlite {
    async fn create_ci_app(&self, new: NewCiApp) -> Stored<Arc<CiApp>> {
        self.change(move |tx| ci_apps::insert(tx, new)).await
    }

    async fn update_ci_app(&self, id: CiAppId, now: Timestamp, edit: Edit<CiApp>) -> Stored<Arc<CiApp>> {
        self.change(move |tx| ci_apps::update(tx, id, now, edit)).await
    }

    async fn delete_ci_app(&self, id: CiAppId) -> Stored<()> {
        self.change(move |tx| delete(tx, "DELETE FROM ci_apps WHERE id = ?1", id.0, Change::CiAppGone(id))).await
    }

    async fn take_in(&self, new: NewIncoming, started: Started<Composed>) -> Stored<TakenIn> {
        if self.shared.space.is_low() {
            return Err(StoreError::Full);
        }
        let terms = Terms { bytes: new.body.len(), care: Care::Savepoint, essential: false };
        self.inbox.ask(terms, move |tx| incoming::take_in(tx, new, started)).await
    }

    async fn start_builds(
        &self,
        new: Vec<NewBuild>,
        requests: Vec<NewBuildRequest>,
        started: Started<Vec<NewEvent>>,
    ) -> Stored<Vec<Arc<Build>>> {
        if self.shared.space.is_low() {
            return Err(StoreError::Full);
        }
        self.change(move |tx| {
            let made = builds::insert(tx, new, None)?;
            build_requests::insert(tx.conn, &requests)?;
            builds::tell(tx, started(&made))?;
            Ok(made)
        })
        .await
    }

    async fn claim_build(&self, claim: ClaimBuild) -> Stored<Option<(Arc<Build>, Vec<BuildSecret>)>> {
        self.change(move |tx| builds::claim(tx, &claim)).await
    }

    async fn end_build(&self, id: BuildId, end: BuildEnd, ended: Started<Vec<NewEvent>>) -> Stored<Ended> {
        self.change(move |tx| builds::end(tx, id, &end, ended)).await
    }

    async fn end_orphans(
        &self,
        now: Timestamp,
        reason: &str,
        ended: Started<Vec<NewEvent>>,
    ) -> Stored<Vec<Arc<Build>>> {
        let end = BuildEnd { status: BuildStatus::Error, reason: Some(reason.to_owned()), at: now };
        self.change(move |tx| builds::end_orphans(tx, &end, ended)).await
    }

    async fn silent_builds(&self, since: Timestamp, running: bool, limit: usize) -> Stored<Vec<Arc<Build>>> {
        self.read(move |conn| build_lists::silent(conn, since, running, limit)).await
    }

    async fn append_log(&self, id: BuildId, position: Option<u64>, text: String, now: Timestamp) -> Stored<u64> {
        let terms = Terms { bytes: text.len(), care: Care::Savepoint, essential: false };
        self.inbox.ask(terms, move |tx| build_logs::append(tx, id, position, &text, now)).await
    }

    async fn read_log(&self, id: BuildId, from: u64, limit: usize) -> Stored<Vec<LogPiece>> {
        self.read(move |conn| build_logs::read(conn, id, from, limit)).await
    }

    async fn build(&self, uid: Uid) -> Stored<Option<Arc<Build>>> {
        self.read(move |conn| builds::by_uid(conn, uid)).await
    }

    async fn build_by_id(&self, id: BuildId) -> Stored<Option<Arc<Build>>> {
        self.read(move |conn| builds::by_id(conn, id)).await
    }

    async fn builds(&self, app: CiAppId, filter: BuildFilter) -> Stored<BuildPage> {
        self.read(move |conn| build_lists::page(conn, &[app], &filter)).await
    }

    async fn builds_of(&self, apps: &[CiAppId], filter: BuildFilter) -> Stored<BuildPage> {
        let apps = apps.to_vec();
        self.read(move |conn| build_lists::page(conn, &apps, &filter)).await
    }

    async fn last_builds(&self, apps: &[CiAppId]) -> Stored<Vec<Arc<Build>>> {
        let apps = apps.to_vec();
        self.read(move |conn| build_lists::last(conn, &apps)).await
    }

    async fn branches_of(&self, app: CiAppId, limit: usize) -> Stored<Vec<String>> {
        self.read(move |conn| build_lists::branches(conn, app, limit)).await
    }

    async fn build_requests(&self, app: CiAppId, limit: usize) -> Stored<Vec<BuildRequest>> {
        self.read(move |conn| build_requests::of_app(conn, app, limit)).await
    }

    async fn build_request(&self, uid: Uid) -> Stored<Option<BuildRequest>> {
        self.read(move |conn| build_requests::by_uid(conn, uid)).await
    }

    async fn decide_request(
        &self,
        uid: Uid,
        new: Vec<NewBuild>,
        started: Started<Vec<NewEvent>>,
    ) -> Stored<Option<Vec<Arc<Build>>>> {
        self.change(move |tx| {
            if !build_requests::delete(tx.conn, uid)? {
                return Ok(None);
            }
            let made = builds::insert(tx, new, None)?;
            builds::tell(tx, started(&made))?;
            Ok(Some(made))
        })
        .await
    }

    async fn incoming(&self, app: CiAppId, filter: IncomingFilter, limit: usize) -> Stored<Vec<Incoming>> {
        self.read(move |conn| incoming::of_app(conn, app, &filter, limit)).await
    }

    async fn incoming_by_uid(&self, uid: Uid) -> Stored<Option<Incoming>> {
        self.read(move |conn| incoming::by_uid(conn, uid)).await
    }

    async fn incoming_by_id(&self, id: IncomingId) -> Stored<Option<Incoming>> {
        self.read(move |conn| incoming::by_id(conn, id)).await
    }
}
