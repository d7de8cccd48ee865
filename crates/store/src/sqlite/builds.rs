//! Builds: numbered, claimed, ended once, listed.

use std::sync::Arc;

use domain::ci::{
    Build, BuildEnd, BuildParams, BuildSecret, BuildStatus, ClaimBuild, Ended, NewBuild, Stage, Started, Target,
    TriggerKind,
};
use domain::event::NewEvent;
use domain::id::{BuildId, CiAppId, IncomingId, Uid};
use domain::ports::StoreError;
use domain::secret::Secret;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use super::codes::Coded as _;
use super::events::{accept_within, maybe};
use super::hooks::{opened, seal};
use super::rows::{all, maybe_moment, moment, one, uid};
use super::writer::Tx;
use super::{Shared, ci_apps};
use crate::error::{Done, Failure, corrupt};
use crate::vault::Spot;

/// A build, column by column.
pub(super) const BUILD: &str =
    "SELECT id, uid, app_id, number, status, stage, workflow, pipeline, params, original, triggered_by,
    executor, abort_reason, triggered_at, started_at, finished_at, incoming_id, hops FROM builds";

fn spot(id: i64) -> Spot<'static> {
    Spot { table: "builds", column: "secrets", row: id, owner: 0 }
}

/// What cannot be written down.
pub(super) fn unwritable(error: &serde_json::Error) -> Failure {
    StoreError::Unavailable(format!("a build cannot be written: {error}")).into()
}

/// A JSON column of a table.
pub(super) fn parsed<T: serde::de::DeserializeOwned>(table: &str, id: i64, column: &str, text: &str) -> Done<T> {
    serde_json::from_str(text).map_err(|_| corrupt(table, id, &format!("{column} is not what it should be")))
}

/// Parameters as they are stored; `original` only where it says more.
pub(super) fn params_columns<'o>(params: &BuildParams, original: &'o str) -> Done<(String, Option<&'o str>)> {
    let text = serde_json::to_string(params).map_err(|error| unwritable(&error))?;
    let same = text == original;
    Ok((text, (!same).then_some(original)))
}

/// A row of the columns of [`BUILD`].
pub(super) fn build(row: &Row<'_>) -> Done<Build> {
    let id: i64 = row.get(0)?;
    let params: String = row.get(8)?;
    let original: Option<String> = row.get(9)?;
    let target = match (row.get(6)?, row.get(7)?) {
        (Some(workflow), None) => Target::Workflow(workflow),
        (None, Some(pipeline)) => Target::Pipeline(pipeline),
        _ => return Err(corrupt("builds", id, "no target")),
    };
    Ok(Build {
        id: BuildId(id),
        uid: uid(row, 1)?,
        app: CiAppId(row.get(2)?),
        number: row.get(3)?,
        status: BuildStatus::of_code(row.get(4)?).ok_or_else(|| corrupt("builds", id, "unknown status"))?,
        stage: Stage::of_code(row.get(5)?).ok_or_else(|| corrupt("builds", id, "unknown stage"))?,
        target,
        params: parsed("builds", id, "params", &params)?,
        original: original.unwrap_or(params).into(),
        triggered_by: row.get(10)?,
        executor: row.get(11)?,
        abort_reason: row.get(12)?,
        triggered_at: moment(row, 13)?,
        started_at: maybe_moment(row, 14)?,
        finished_at: maybe_moment(row, 15)?,
        incoming: row.get::<_, Option<i64>>(16)?.map(IncomingId),
        hops: row.get(17)?,
    })
}

fn kind_of(params: &BuildParams) -> TriggerKind {
    if params.is_pull_request() {
        TriggerKind::PullRequest
    } else if params.tag.is_empty() {
        TriggerKind::Push
    } else {
        TriggerKind::Tag
    }
}

/// A secret variable as it is sealed.
#[derive(Serialize, Deserialize)]
struct Sealed {
    key: String,
    value: String,
    is_expand: bool,
}

fn sealed_secrets(tx: &Tx<'_>, id: i64, secrets: &[BuildSecret]) -> Done<Option<Vec<u8>>> {
    if secrets.is_empty() {
        return Ok(None);
    }
    let plain = secrets.iter().map(|secret| Sealed {
        key: secret.key.clone(),
        value: secret.value.expose().to_owned(),
        is_expand: secret.is_expand,
    });
    let text = Secret::new(serde_json::to_string(&plain.collect::<Vec<_>>()).map_err(|error| unwritable(&error))?);
    seal(&tx.shared.vault, &spot(id), text.expose()).map(Some)
}

fn secrets_of(conn: &Connection, shared: &Shared, id: BuildId) -> Done<Vec<BuildSecret>> {
    let sql = "SELECT secrets_sealed FROM builds WHERE id = ?1";
    let sealed: Option<Vec<u8>> = one(conn, sql, [id.0], |row| Ok(row.get(0)?))?;
    let Some(sealed) = sealed else { return Ok(Vec::new()) };
    let plain = opened(&shared.vault, &spot(id.0), &sealed)?;
    let secrets: Vec<Sealed> = parsed("builds", id.0, "secrets", plain.expose())?;
    let secret = |one: Sealed| BuildSecret { key: one.key, value: Secret::new(one.value), is_expand: one.is_expand };
    Ok(secrets.into_iter().map(secret).collect())
}

/// Writes builds under the next numbers of their apps.
pub(super) fn insert(tx: &mut Tx<'_>, new: Vec<NewBuild>, incoming: Option<IncomingId>) -> Done<Vec<Arc<Build>>> {
    new.into_iter().map(|new| insert_one(tx, new, incoming)).collect()
}

fn insert_one(tx: &mut Tx<'_>, new: NewBuild, incoming: Option<IncomingId>) -> Done<Arc<Build>> {
    let number = ci_apps::next_number(tx.conn, new.app)?;
    let (text, original) = params_columns(&new.params, &new.original)?;
    let params = &new.params;
    let sql = "INSERT INTO builds (uid, app_id, number, status, stage, workflow, pipeline, params, original, priority,
        kind, branch, commit_hash, commit_message, pull_request, triggered_by, triggered_at, heard_at, incoming_id, hops)
        VALUES (?1, ?2, ?3, 0, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?15, ?16, ?17)";
    tx.conn.prepare_cached(sql)?.execute(params![
        new.uid.0.as_bytes(),
        new.app.0,
        number,
        new.target.workflow(),
        new.target.pipeline(),
        text,
        original,
        params.priority.unwrap_or(0),
        kind_of(params).code(),
        params.branch,
        params.commit_hash,
        params.commit_message,
        i64::try_from(params.pull_request_id).unwrap_or(i64::MAX),
        new.triggered_by,
        new.triggered_at.as_micros(),
        incoming.map(|id| id.0),
        new.hops,
    ])?;
    let id = tx.conn.last_insert_rowid();
    if let Some(sealed) = sealed_secrets(tx, id, &new.secrets)? {
        tx.conn.prepare_cached("UPDATE builds SET secrets_sealed = ?2 WHERE id = ?1")?.execute(params![id, sealed])?;
    }
    tx.effects.builds.push(BuildId(id));
    Ok(Arc::new(Build {
        id: BuildId(id),
        uid: new.uid,
        app: new.app,
        number,
        status: BuildStatus::InProgress,
        stage: Stage::Queued,
        target: new.target,
        params: new.params,
        original: new.original,
        triggered_by: new.triggered_by,
        executor: None,
        abort_reason: None,
        triggered_at: new.triggered_at,
        started_at: None,
        finished_at: None,
        incoming,
        hops: new.hops,
    }))
}

/// Accepts what is told of builds, in the transaction that makes it true.
pub(super) fn tell(tx: &mut Tx<'_>, events: Vec<NewEvent>) -> Done<()> {
    events.into_iter().try_for_each(|event| accept_within(tx, event).map(drop))
}

/// A JSON array of numbers.
pub(super) fn list_of(numbers: impl Iterator<Item = i64>) -> String {
    serde_json::Value::from(numbers.collect::<Vec<_>>()).to_string()
}

/// Gives a queued build to an executor.
pub(super) fn claim(tx: &mut Tx<'_>, claim: &ClaimBuild) -> Done<Option<(Arc<Build>, Vec<BuildSecret>)>> {
    let apps = claim.apps.as_ref().map(|apps| Value::Text(list_of(apps.iter().map(|app| app.0))));
    let sql = "SELECT id FROM builds WHERE stage = 0 AND (?1 IS NULL OR app_id IN (SELECT value FROM json_each(?1)))
        AND (?2 IS NULL OR id = ?2) ORDER BY priority DESC, id LIMIT 1";
    let only = claim.only.map(|id| id.0);
    let Some(id) = maybe(one(tx.conn, sql, params![apps, only], |row| Ok(BuildId(row.get(0)?))))? else {
        return Ok(None);
    };
    let epoch = claim.local.then(|| tx.fresh.epoch());
    let sql = "UPDATE builds SET stage = 1, executor = ?2, epoch = ?3, started_at = ?4, heard_at = ?4 WHERE id = ?1";
    tx.conn.prepare_cached(sql)?.execute(params![id.0, claim.executor, epoch, claim.now.as_micros()])?;
    let secrets = secrets_of(tx.conn, tx.shared, id)?;
    Ok(Some((Arc::new(find(tx.conn, id)?), secrets)))
}

fn find(conn: &Connection, id: BuildId) -> Done<Build> {
    one(conn, &format!("{BUILD} WHERE id = ?1"), [id.0], build)
}

/// Ends a build, unless it has ended. Its secrets are of no more use.
pub(super) fn end(tx: &mut Tx<'_>, id: BuildId, end: &BuildEnd, ended: Started<Vec<NewEvent>>) -> Done<Ended> {
    let before = find(tx.conn, id)?;
    if before.stage == Stage::Ended {
        return Ok(Ended::Before(Arc::new(before)));
    }
    let build = write_end(tx, before, end)?;
    tell(tx, ended(std::slice::from_ref(&build)))?;
    Ok(Ended::Now(build))
}

fn write_end(tx: &mut Tx<'_>, build: Build, end: &BuildEnd) -> Done<Arc<Build>> {
    let sql = "UPDATE builds SET stage = 2, status = ?2, abort_reason = ?3, finished_at = ?4, epoch = NULL,
        secrets_sealed = NULL WHERE id = ?1";
    tx.conn.prepare_cached(sql)?.execute(params![build.id.0, end.status.code(), end.reason, end.at.as_micros()])?;
    tx.effects.builds.push(build.id);
    Ok(Arc::new(Build {
        stage: Stage::Ended,
        status: end.status,
        abort_reason: end.reason.clone(),
        finished_at: Some(end.at),
        ..build
    }))
}

/// Ends builds that an earlier process was running.
pub(super) fn end_orphans(tx: &mut Tx<'_>, end: &BuildEnd, ended: Started<Vec<NewEvent>>) -> Done<Vec<Arc<Build>>> {
    let sql = format!("{BUILD} WHERE epoch IS NOT NULL AND epoch < ?1 AND stage = 1 ORDER BY id");
    let orphans = all(tx.conn, &sql, [tx.fresh.epoch()], build)?;
    let builds = orphans.into_iter().map(|build| write_end(tx, build, end)).collect::<Done<Vec<_>>>()?;
    tell(tx, ended(&builds))?;
    Ok(builds)
}

/// The build of that id.
pub(super) fn by_id(conn: &Connection, id: BuildId) -> Done<Option<Arc<Build>>> {
    Ok(maybe(find(conn, id))?.map(Arc::new))
}

/// The build of that slug.
pub(super) fn by_uid(conn: &Connection, uid: Uid) -> Done<Option<Arc<Build>>> {
    Ok(maybe(one(conn, &format!("{BUILD} WHERE uid = ?1"), [uid.0.as_bytes()], build))?.map(Arc::new))
}
