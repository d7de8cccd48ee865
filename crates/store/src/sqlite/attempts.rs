//! The log, read.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::attempt::{Attempt, Exchange};
use domain::id::{AttemptId, DeliveryId, EventId, HookId, RepositoryId, Uid};
use domain::ports::{AttemptFilter, AttemptRow};
use domain::time::Timestamp;
use rusqlite::{Connection, Row, params};

use super::Shared;
use super::codes::{Coded, flag};
use super::hooks::Targets;
use super::rows::{all, maybe_moment, moment, one};
use crate::error::{Done, corrupt};
use crate::plan;

/// The columns of an attempt, in the order [`attempt`] reads them.
const COLUMNS: &str = "a.id, a.delivery_id, a.event_id, a.hook_id, a.message, a.number, a.flags, a.state, a.reason,
    a.outcome, a.status, a.started_at, a.duration_us, a.retry_at, a.retry_after_us, a.error";

/// What lists show of a message.
struct Told {
    uid: Uid,
    kind: String,
    action: Option<String>,
}

/// Messages by event and index: neighbours in a list often share an event.
type Seen = HashMap<(EventId, u16), Arc<Told>>;

fn flags(row: &Row<'_>) -> rusqlite::Result<i64> {
    row.get(6)
}

fn exchange(row: &Row<'_>, bodies: Option<usize>) -> Done<Option<Exchange>> {
    let Some(outcome) = row.get::<_, Option<i64>>(9)? else { return Ok(None) };
    let id: i64 = row.get(0)?;
    let micros = |at: usize| -> rusqlite::Result<Option<Duration>> {
        Ok(row.get::<_, Option<u64>>(at)?.map(Duration::from_micros))
    };
    Ok(Some(Exchange {
        outcome: Coded::of_code(outcome).ok_or_else(|| corrupt("attempts", id, "unknown outcome"))?,
        status: row.get(10)?,
        error: row.get(15)?,
        duration: micros(12)?.unwrap_or_default(),
        response_head: blob(row, bodies.map(|at| at + 1))?,
        response_body: blob(row, bodies.map(|at| at + 2))?,
        retry_after: micros(14)?,
    }))
}

fn blob(row: &Row<'_>, at: Option<usize>) -> Done<Bytes> {
    let Some(at) = at else { return Ok(Bytes::new()) };
    Ok(row.get::<_, Option<Vec<u8>>>(at)?.unwrap_or_default().into())
}

/// The attempt in a row; `bodies` is where its request head, response head and body stand, if selected.
fn attempt(row: &Row<'_>, bodies: Option<usize>) -> Done<Attempt> {
    let id: i64 = row.get(0)?;
    let flags = flags(row)?;
    Ok(Attempt {
        id: AttemptId(id),
        delivery: DeliveryId(row.get(1)?),
        event: EventId(row.get(2)?),
        hook: HookId(row.get(3)?),
        message: row.get(4)?,
        number: row.get(5)?,
        redelivery: flags & flag::REDELIVERY != 0,
        recovered: flags & flag::RECOVERED != 0,
        started_at: moment(row, 11)?,
        request_head: blob(row, bodies)?,
        exchange: exchange(row, bodies)?,
    })
}

/// The message an attempt sent; the event's plan is in column `at`.
fn told(row: &Row<'_>, at: usize, seen: &mut Seen) -> Done<Arc<Told>> {
    let event = EventId(row.get(2)?);
    let message: u16 = row.get(4)?;
    if let Some(told) = seen.get(&(event, message)) {
        return Ok(told.clone());
    }
    let stored = row.get_ref(at)?.as_blob().map_err(rusqlite::Error::from)?;
    let (head, _) = plan::head(stored).map_err(|why| corrupt("events", event.0, &why.to_string()))?;
    let meta = head.messages.get(usize::from(message));
    let meta = meta.ok_or_else(|| corrupt("events", event.0, "the plan lacks a message"))?;
    let told = Arc::new(Told { uid: meta.uid, kind: meta.kind.to_owned(), action: meta.action.map(str::to_owned) });
    seen.insert((event, message), told.clone());
    Ok(told)
}

/// A list's row: the columns of [`COLUMNS`], then plan and repository from `at` on.
fn listed(row: &Row<'_>, at: usize, bodies: Option<usize>, told: &Told, targets: &Targets) -> Done<AttemptRow> {
    let attempt = attempt(row, bodies)?;
    let id = attempt.id.0;
    let code = |what: &str| corrupt("attempts", id, what);
    let reason: Option<i64> = row.get(8)?;
    let url = targets.at(attempt.started_at).cloned();
    Ok(AttemptRow {
        state: Coded::of_code(row.get(7)?).ok_or_else(|| code("unknown state"))?,
        reason: reason.map(|reason| Coded::of_code(reason).ok_or_else(|| code("unknown reason"))).transpose()?,
        late: flags(row)? & flag::LATE != 0,
        retry_at: maybe_moment(row, 13)?,
        uid: told.uid,
        kind: told.kind.clone(),
        action: told.action.clone(),
        repository: row.get::<_, Option<i64>>(at + 1)?.map(RepositoryId),
        url: url.ok_or_else(|| code("no URL is known for its hook"))?,
        attempt,
    })
}

/// Attempts of a hook with what their messages are.
pub(crate) fn of_hook_sql() -> String {
    format!(
        "SELECT {COLUMNS}, e.plan, e.repository_id FROM attempts AS a CROSS JOIN events AS e ON e.id = a.event_id
        WHERE a.hook_id = ?1 AND a.id < ?2
            AND (?3 OR a.outcome IS NOT NULL)
            AND (?4 IS NULL OR a.status BETWEEN ?4 AND ?5)
            AND (?6 IS NULL OR (a.flags & 1) = ?6)
            AND (?7 IS NULL OR a.started_at >= ?7)
            AND (?8 IS NULL OR a.started_at < ?8)
            AND (?9 IS NULL OR (coalesce(a.status, 0) NOT BETWEEN 200 AND 299) = ?9)
        ORDER BY a.id DESC"
    )
}

/// Attempts of a hook, newest first. What the message must be is compared here and not in SQL: it stands in the plan.
/// Rows are read one by one, so that a page costs as many as it takes to fill it.
pub(crate) fn of_hook(
    conn: &Connection,
    shared: &Shared,
    hook: HookId,
    filter: &AttemptFilter,
    limit: usize,
) -> Done<Vec<AttemptRow>> {
    let sql = of_hook_sql();
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query(params![
        hook.0,
        filter.before.map_or(i64::MAX, |id| id.0),
        filter.with_unsent,
        filter.status.map(|(low, _)| low),
        filter.status.map(|(_, high)| high),
        filter.redelivery,
        filter.since.map(Timestamp::as_micros),
        filter.until.map(Timestamp::as_micros),
        filter.failed,
    ])?;
    let targets = Targets::of(conn, &shared.vault, hook)?;
    let mut seen = Seen::new();
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        let told = told(row, 16, &mut seen)?;
        let fits = filter.message_uid.is_none_or(|uid| uid == told.uid)
            && filter.kind.as_ref().is_none_or(|kind| *kind == told.kind)
            && filter.action.as_ref().is_none_or(|action| Some(action) == told.action.as_ref());
        if fits {
            found.push(listed(row, 16, None, &told, &targets)?);
        }
        // Rows that do not fit must not pile up in memory.
        if seen.len() > 1_000 {
            seen.clear();
        }
    }
    Ok(found)
}

/// One attempt, with heads and bodies.
pub(crate) fn find(conn: &Connection, shared: &Shared, id: AttemptId) -> Done<AttemptRow> {
    let sql = format!(
        "SELECT {COLUMNS}, a.request_head, a.response_head, a.response_body, e.plan, e.repository_id
        FROM attempts AS a CROSS JOIN events AS e ON e.id = a.event_id WHERE a.id = ?1"
    );
    one(conn, &sql, [id.0], |row| {
        let told = told(row, 19, &mut Seen::new())?;
        let targets = Targets::of(conn, &shared.vault, HookId(row.get(3)?))?;
        listed(row, 19, Some(16), &told, &targets)
    })
}

/// The newest exchange of one hook.
pub(crate) fn last_exchange_sql() -> String {
    format!(
        "SELECT {COLUMNS} FROM attempts AS a WHERE a.hook_id = ?1 AND a.outcome IS NOT NULL ORDER BY a.id DESC LIMIT 1"
    )
}

/// The newest exchange of each of these hooks.
pub(crate) fn last_exchanges(conn: &Connection, hooks: &[HookId]) -> Done<Vec<(HookId, Exchange)>> {
    let sql = last_exchange_sql();
    let mut found = Vec::with_capacity(hooks.len());
    for hook in hooks {
        let newest = all(conn, &sql, [hook.0], |row| exchange(row, None))?;
        found.extend(newest.into_iter().flatten().map(|exchange| (*hook, exchange)));
    }
    Ok(found)
}
