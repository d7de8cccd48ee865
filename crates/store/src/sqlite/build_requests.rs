//! Builds that wait for approval.

use domain::ci::{BuildRequest, Target};
use domain::id::{CiAppId, Uid};
use rusqlite::{Connection, Row, params};
use serde::{Deserialize, Serialize};

use super::builds::{params_columns, parsed, unwritable};
use super::events::maybe;
use super::rows::{all, moment, one, uid};
use crate::error::Done;

const REQUEST: &str = "SELECT id, uid, app_id, params, original, targets, triggered_by, created_at FROM build_requests";

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Wanted {
    Workflow(String),
    Pipeline(String),
}

fn request(row: &Row<'_>) -> Done<BuildRequest> {
    let id: i64 = row.get(0)?;
    let params: String = row.get(3)?;
    let original: Option<String> = row.get(4)?;
    let wanted: Vec<Wanted> = parsed("build_requests", id, "targets", &row.get::<_, String>(5)?)?;
    let target = |wanted| match wanted {
        Wanted::Workflow(name) => Target::Workflow(name),
        Wanted::Pipeline(name) => Target::Pipeline(name),
    };
    Ok(BuildRequest {
        uid: uid(row, 1)?,
        app: CiAppId(row.get(2)?),
        params: parsed("build_requests", id, "params", &params)?,
        original: original.unwrap_or(params).into(),
        targets: wanted.into_iter().map(target).collect(),
        triggered_by: row.get(6)?,
        created_at: moment(row, 7)?,
    })
}

/// Keeps requests.
pub(super) fn insert(conn: &Connection, requests: &[BuildRequest]) -> Done<()> {
    let sql = "INSERT INTO build_requests (uid, app_id, params, original, targets, triggered_by, created_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    for new in requests {
        let (params, original) = params_columns(&new.params, &new.original)?;
        let wanted = |target: &Target| match target {
            Target::Workflow(name) => Wanted::Workflow(name.clone()),
            Target::Pipeline(name) => Wanted::Pipeline(name.clone()),
        };
        let targets: Vec<_> = new.targets.iter().map(wanted).collect();
        conn.prepare_cached(sql)?.execute(params![
            new.uid.0.as_bytes(),
            new.app.0,
            params,
            original,
            serde_json::to_string(&targets).map_err(|error| unwritable(&error))?,
            new.triggered_by,
            new.created_at.as_micros(),
        ])?;
    }
    Ok(())
}

/// Requests of an app, newest first.
pub(super) fn of_app(conn: &Connection, app: CiAppId, limit: usize) -> Done<Vec<BuildRequest>> {
    let sql = format!("{REQUEST} WHERE app_id = ?1 ORDER BY id DESC LIMIT ?2");
    all(conn, &sql, params![app.0, limit], request)
}

/// The request of that slug.
pub(super) fn by_uid(conn: &Connection, uid: Uid) -> Done<Option<BuildRequest>> {
    maybe(one(conn, &format!("{REQUEST} WHERE uid = ?1"), [uid.0.as_bytes()], request))
}

/// Ends a request; `false` if it is gone.
pub(super) fn delete(conn: &Connection, uid: Uid) -> Done<bool> {
    Ok(conn.prepare_cached("DELETE FROM build_requests WHERE uid = ?1")?.execute([uid.0.as_bytes()])? > 0)
}
