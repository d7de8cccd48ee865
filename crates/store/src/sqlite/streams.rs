//! Events of a repository by stream, for feeds.

use domain::event::Event;
use domain::feed::MAX_CONTENT;
use domain::id::{EventId, RepositoryId};
use domain::ports::MAX_STREAM_SCAN;
use domain::stream::Stream;
use rusqlite::{Connection, params};

use super::events::event;
use super::rows::one;
use crate::error::Done;

/// Types of a repository's events. Its index holds them in the order of their ids; nothing large is read.
const TYPES: &str = "SELECT id, kind FROM events WHERE repository_id = ?1 AND id <= ?2 ORDER BY id DESC LIMIT ?3";

/// An event without data that is too large: `length` of a blob does not read it.
const EVENT: &str = "SELECT id, uid, accepted_at, account_id, repository_id, kind, source, ce_id, subject,
        occurred_at, content_type, CASE WHEN length(data) <= ?2 THEN data END, ci_app_id
    FROM events WHERE id = ?1";

/// See [`Views::stream`](domain::ports::Views::stream).
pub(super) fn newest(
    conn: &Connection,
    repository: RepositoryId,
    stream: &Stream,
    up_to: Option<EventId>,
    limit: usize,
) -> Done<Vec<Event>> {
    let up_to = up_to.map_or(i64::MAX, |id| id.0);
    let mut statement = conn.prepare_cached(TYPES)?;
    let mut rows = statement.query(params![repository.0, up_to, MAX_STREAM_SCAN])?;
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        let kind = row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?;
        if stream.takes(kind) {
            found.push(one(conn, EVENT, params![row.get::<_, i64>(0)?, MAX_CONTENT], event)?);
        }
    }
    Ok(found)
}
