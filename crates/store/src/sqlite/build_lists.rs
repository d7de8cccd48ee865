//! Builds in lists.

use std::sync::Arc;

use domain::ci::{Build, BuildFilter, BuildOrder, BuildPage, Stage};
use domain::id::CiAppId;
use domain::ports::StoreError;
use domain::time::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, Row, params, params_from_iter};

use super::builds::{BUILD, build, list_of};
use super::codes::Coded as _;
use super::events::maybe;
use super::rows::{all, one};
use crate::error::Done;

/// See [`Ci::silent_builds`](domain::ports::Ci::silent_builds).
pub(super) fn silent(conn: &Connection, since: Timestamp, running: bool, limit: usize) -> Done<Vec<Arc<Build>>> {
    let sql = format!(
        "{BUILD} WHERE stage < 2 AND stage >= ?2 AND epoch IS NULL AND heard_at < ?1
        ORDER BY heard_at LIMIT ?3"
    );
    all(conn, &sql, params![since.as_micros(), running, limit], |row| Ok(Arc::new(build(row)?)))
}

/// The newest build of each of these apps.
pub(super) fn last(conn: &Connection, apps: &[CiAppId]) -> Done<Vec<Arc<Build>>> {
    let sql = format!("{BUILD} WHERE app_id = ?1 ORDER BY number DESC LIMIT 1");
    let newest = apps.iter().map(|app| maybe(one(conn, &sql, [app.0], build)));
    newest.filter_map(Result::transpose).map(|found| found.map(Arc::new)).collect()
}

/// Branches an app has built, the most recent first: jumps from branch to branch in the index.
pub(super) fn branches(conn: &Connection, app: CiAppId, limit: usize) -> Done<Vec<String>> {
    let sql = "WITH RECURSIVE step (branch) AS (
            SELECT min(branch) FROM builds WHERE app_id = ?1 AND branch > ''
            UNION ALL
            SELECT (SELECT min(branch) FROM builds WHERE app_id = ?1 AND branch > step.branch) FROM step
            WHERE branch IS NOT NULL)
        SELECT branch FROM step WHERE branch IS NOT NULL
        ORDER BY (SELECT max(id) FROM builds WHERE app_id = ?1 AND branch = step.branch) DESC LIMIT ?2";
    all(conn, sql, params![app.0, limit], |row| Ok(row.get(0)?))
}

/// The conditions of a filter and their values. Each names a column; values are always bound.
fn conditions(apps: &[CiAppId], filter: &BuildFilter) -> (String, Vec<Value>) {
    let (of_them, which) = match apps {
        [app] => ("app_id = ?", Value::Integer(app.0)),
        _ => ("app_id IN (SELECT value FROM json_each(?))", Value::Text(list_of(apps.iter().map(|app| app.0)))),
    };
    let (mut sql, mut values) = (of_them.to_owned(), vec![which]);
    let mut also = |condition: &str, value: Value| {
        sql.push_str(" AND ");
        sql.push_str(condition);
        values.push(value);
    };
    let whole = |number: u64| Value::Integer(i64::try_from(number).unwrap_or(i64::MAX));
    for (condition, text) in
        [("branch = ?", &filter.branch), ("workflow = ?", &filter.workflow), ("commit_hash = ?", &filter.commit)]
    {
        if let Some(text) = text {
            also(condition, Value::Text(text.clone()));
        }
    }
    if let Some(part) = &filter.commit_message {
        also("instr(commit_message, ?) > 0", Value::Text(part.clone()));
    }
    if let Some(kind) = filter.kind {
        also("kind = ?", Value::Integer(kind.code()));
    }
    if let Some(number) = filter.pull_request {
        also("pull_request = ?", whole(number));
    }
    if let Some(number) = filter.number {
        also("number = ?", whole(number));
    }
    if let Some(after) = filter.after {
        also("triggered_at > ?", Value::Integer(after.as_micros()));
    }
    if let Some(before) = filter.before {
        also("triggered_at < ?", Value::Integer(before.as_micros()));
    }
    if let Some(status) = filter.status {
        also("status = ?", Value::Integer(i64::from(status.code())));
    }
    if let Some(stage) = filter.stage {
        // Says the same twice where that finds the small index of open builds.
        let condition = if stage == Stage::Ended { "stage = ?" } else { "stage < 2 AND stage = ?" };
        also(condition, Value::Integer(stage.code()));
    }
    if let Some(pipeline) = filter.pipeline {
        also("(pipeline IS NOT NULL) = ?", Value::Integer(pipeline.into()));
    }
    (sql, values)
}

/// A page of the builds of these apps.
pub(super) fn page(conn: &Connection, apps: &[CiAppId], filter: &BuildFilter) -> Done<BuildPage> {
    let (wanted, mut values) = conditions(apps, filter);
    let count = format!("SELECT count(*) FROM builds WHERE {wanted}");
    let total = one(conn, &count, params_from_iter(&values), |row| Ok(row.get(0)?))?;
    // Ids rise with time. The second order is by a pair: open builds first, then by id.
    let (order, onward) = match filter.order {
        BuildOrder::Created => ("id DESC", "id <= ?2"),
        BuildOrder::RunningFirst => ("stage = 2, id DESC", "(stage = 2, -id) >= (?3, -?2)"),
    };
    let mut since = String::new();
    if let Some(from) = filter.from {
        let find = "SELECT stage = 2, id, app_id FROM builds WHERE uid = ?1";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, CiAppId(row.get(2)?)));
        let (ended, id, app): (bool, i64, CiAppId) = one(conn, find, params![from.0.as_bytes()], read)?;
        if !apps.contains(&app) {
            return Err(StoreError::NotFound.into());
        }
        // Numbers the database made itself, so they need no binding.
        since = format!(" AND {}", onward.replace("?2", &id.to_string()).replace("?3", if ended { "1" } else { "0" }));
    }
    // Ids first: builds are long rows, and only those of the page are worth reading.
    let ids = format!("SELECT id FROM builds WHERE {wanted}{since} ORDER BY {order} LIMIT ?");
    let sql = format!("{BUILD} WHERE id IN ({ids}) ORDER BY {order}");
    values.push(Value::Integer(i64::try_from(filter.limit.saturating_add(1)).unwrap_or(i64::MAX)));
    let mut builds = all(conn, &sql, params_from_iter(&values), |row| Ok(Arc::new(build(row)?)))?;
    let next = builds.get(filter.limit).map(|build| build.uid);
    builds.truncate(filter.limit);
    Ok(BuildPage { builds, total, next })
}
