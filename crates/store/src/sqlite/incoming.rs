//! Requests that came in: each once, with what it led to, in one transaction.

use std::time::Duration;

use domain::ci::{
    Answered, Composed, Incoming, IncomingFilter, MAX_INCOMING_BYTES, MAX_INCOMING_KEPT, NewIncoming, Started, TakenIn,
};
use domain::event::DedupeKey;
use domain::id::{CiAppId, IncomingId, Uid};
use domain::time::Timestamp;
use rusqlite::{Connection, Row, params};
use uuid::Uuid;

use super::builds::{parsed, tell, unwritable};
use super::codes::Coded;
use super::events::maybe;
use super::rows::{all, moment, one, uid};
use super::writer::Tx;
use super::{build_requests, builds};
use crate::error::{Done, corrupt};

/// How long a host's id of a request is known: longer than any host repeats one.
const SEEN_FOR: Duration = Duration::from_secs(7 * 24 * 3600);
/// Old rows deleted with each new one; more than come in.
const SWEEP: u32 = 4;
/// As many requests as are kept, none larger than this, take no more than is allowed: they need no counting.
const SMALL: usize = MAX_INCOMING_BYTES / MAX_INCOMING_KEPT;

const INCOMING: &str =
    "SELECT id, uid, app_id, provider, delivery_id, event, verdict, headers, body, replay_of, received_at,
    status, answer, repeats FROM incoming";
/// As [`INCOMING`], without what is large.
const LISTED: &str = "SELECT id, uid, app_id, provider, delivery_id, event, verdict, '[]', x'', replay_of, received_at,
    status, answer, repeats FROM incoming";

fn incoming(row: &Row<'_>) -> Done<Incoming> {
    let id: i64 = row.get(0)?;
    let verdict = Coded::of_code(row.get(6)?);
    Ok(Incoming {
        id: IncomingId(id),
        uid: uid(row, 1)?,
        app: CiAppId(row.get(2)?),
        provider: row.get(3)?,
        delivery_id: row.get(4)?,
        event: row.get(5)?,
        verdict: verdict.ok_or_else(|| corrupt("incoming", id, "unknown verdict"))?,
        headers: parsed("incoming", id, "headers", &row.get::<_, String>(7)?)?,
        body: row.get::<_, Vec<u8>>(8)?.into(),
        replay_of: row.get::<_, Option<[u8; 16]>>(9)?.map(|bytes| Uid(Uuid::from_bytes(bytes))),
        received_at: moment(row, 10)?,
        answer: Answered { status: row.get(11)?, body: row.get(12)? },
        repeats: row.get(13)?,
    })
}

/// The first answer to a request with that key, if it is no older than [`SEEN_FOR`]; counts the repeat.
fn seen(conn: &Connection, app: CiAppId, key: &DedupeKey, now: Timestamp) -> Done<Option<Answered>> {
    let sql = "SELECT incoming_id, status, answer FROM incoming_seen WHERE app_id = ?1 AND key = ?2 AND seen_at > ?3";
    let found = maybe(one(conn, sql, params![app.0, &key.0[..], now.minus(SEEN_FOR).as_micros()], |row| {
        Ok((row.get::<_, i64>(0)?, Answered { status: row.get(1)?, body: row.get(2)? }))
    }))?;
    let Some((id, answer)) = found else { return Ok(None) };
    conn.prepare_cached("UPDATE incoming SET repeats = repeats + 1 WHERE id = ?1")?.execute([id])?;
    Ok(Some(answer))
}

/// Takes a request in; see [`Ci::take_in`](domain::ports::Ci::take_in).
pub(super) fn take_in(tx: &mut Tx<'_>, new: NewIncoming, started: Started<Composed>) -> Done<TakenIn> {
    let now = new.received_at;
    let key = new.delivery_id.as_deref().map(|id| DedupeKey::of(new.provider, id));
    if let Some(key) = &key
        && let Some(answer) = seen(tx.conn, new.app, key, now)?
    {
        return Ok(TakenIn::Before(answer));
    }
    let id = insert(tx.conn, &new)?;
    let size = new.body.len();
    let builds = builds::insert(tx, new.builds, Some(id))?;
    let requests = new.requests.len();
    build_requests::insert(tx.conn, &new.requests)?;
    let Composed { status, body, events } = started(&builds);
    let sql = "UPDATE incoming SET status = ?2, answer = ?3 WHERE id = ?1";
    tx.conn.prepare_cached(sql)?.execute(params![id.0, status, body])?;
    // What led to nothing may lead to something when the host sends it again: the app's triggers may be others by then.
    let counts = !builds.is_empty() || requests > 0 || !events.is_empty();
    if let Some(key) = key.as_ref().filter(|_| counts) {
        // Replaces one that is too old to count.
        let sql = "INSERT OR REPLACE INTO incoming_seen (app_id, key, incoming_id, seen_at, status, answer)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        tx.conn.prepare_cached(sql)?.execute(params![new.app.0, &key.0[..], id.0, now.as_micros(), status, body])?;
    }
    sweep(tx.conn, new.app, now)?;
    if size + body.len() > SMALL {
        make_room(tx.conn, new.app)?;
    }
    tell(tx, events)?;
    Ok(TakenIn::Now { id, answer: Answered { status, body }, builds })
}

fn insert(conn: &Connection, new: &NewIncoming) -> Done<IncomingId> {
    let sql = "INSERT INTO incoming (uid, app_id, provider, delivery_id, event, verdict, headers, body, replay_of,
        received_at, status, answer, repeats) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, '', 0)";
    conn.prepare_cached(sql)?.execute(params![
        new.uid.0.as_bytes(),
        new.app.0,
        new.provider,
        new.delivery_id,
        new.event,
        new.verdict.code(),
        serde_json::to_string(&new.headers).map_err(|error| unwritable(&error))?,
        &new.body[..],
        new.replay_of.map(|uid| *uid.0.as_bytes()),
        new.received_at.as_micros(),
    ])?;
    Ok(IncomingId(conn.last_insert_rowid()))
}

/// Forgets what is too old or too much, a little with each request.
fn sweep(conn: &Connection, app: CiAppId, now: Timestamp) -> Done<()> {
    let sql = "DELETE FROM incoming_seen WHERE (app_id, key) IN
        (SELECT app_id, key FROM incoming_seen WHERE seen_at <= ?1 LIMIT ?2)";
    conn.prepare_cached(sql)?.execute(params![now.minus(SEEN_FOR).as_micros(), SWEEP])?;
    let sql = "DELETE FROM incoming WHERE id IN (SELECT id FROM incoming WHERE app_id = ?1 AND id <=
        (SELECT id FROM incoming WHERE app_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2) ORDER BY id LIMIT ?3)";
    conn.prepare_cached(sql)?.execute(params![app.0, MAX_INCOMING_KEPT, SWEEP])?;
    Ok(())
}

/// Deletes the oldest requests of an app beyond what all may take together.
fn make_room(conn: &Connection, app: CiAppId) -> Done<()> {
    let sql = "DELETE FROM incoming WHERE id IN (SELECT id FROM
        (SELECT id, sum(octet_length(body) + octet_length(answer)) OVER (ORDER BY id DESC) AS bytes,
            max(id) OVER () AS newest FROM incoming WHERE app_id = ?1)
        WHERE bytes > ?2 AND id < newest)";
    conn.prepare_cached(sql)?.execute(params![app.0, MAX_INCOMING_BYTES])?;
    Ok(())
}

/// Requests of an app, newest first.
pub(super) fn of_app(conn: &Connection, app: CiAppId, filter: &IncomingFilter, limit: usize) -> Done<Vec<Incoming>> {
    let sql = format!(
        "{LISTED} WHERE app_id = ?1 AND id < ?2 AND (?3 IS NULL OR provider = ?3) AND (?4 IS NULL OR verdict = ?4)
        AND (?5 IS NULL OR status BETWEEN ?5 AND ?6) ORDER BY id DESC LIMIT ?7"
    );
    let (from, to) = filter.status.unzip();
    let params = params![
        app.0,
        filter.before.map_or(i64::MAX, |id| id.0),
        filter.provider,
        filter.verdict.map(Coded::code),
        from,
        to,
        limit,
    ];
    all(conn, &sql, params, incoming)
}

/// The request of that uid.
pub(super) fn by_uid(conn: &Connection, uid: Uid) -> Done<Option<Incoming>> {
    maybe(one(conn, &format!("{INCOMING} WHERE uid = ?1"), [uid.0.as_bytes()], incoming))
}

/// The request of that id.
pub(super) fn by_id(conn: &Connection, id: IncomingId) -> Done<Option<Incoming>> {
    maybe(one(conn, &format!("{INCOMING} WHERE id = ?1"), [id.0], incoming))
}
