//! The log of the hub's tasks: the newest ten thousand notes.

use domain::task::TaskNote;
use rusqlite::{Connection, Row, params};

use super::rows::{all, moment};
use crate::error::Done;

/// Notes kept. The open hub must not be able to fill the disk.
const KEPT: i64 = 10_000;

const NOTE: &str = "SELECT id, at, job, topic, mode, callback_host, callback_hash, outcome, status, reason
    FROM task_notes";

fn note(row: &Row<'_>) -> Done<(i64, TaskNote)> {
    let note = TaskNote {
        at: moment(row, 1)?,
        job: row.get(2)?,
        topic: row.get(3)?,
        mode: row.get(4)?,
        callback_host: row.get(5)?,
        callback_hash: row.get(6)?,
        outcome: row.get(7)?,
        status: row.get(8)?,
        reason: row.get(9)?,
    };
    Ok((row.get(0)?, note))
}

/// Writes a note and forgets the oldest.
pub(crate) fn write(conn: &Connection, note: &TaskNote) -> Done<()> {
    let sql = "INSERT INTO task_notes (at, job, topic, mode, callback_host, callback_hash, outcome, status, reason)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    conn.prepare_cached(sql)?.execute(params![
        note.at.as_micros(),
        note.job,
        note.topic,
        note.mode,
        note.callback_host,
        note.callback_hash,
        note.outcome,
        note.status,
        note.reason,
    ])?;
    let oldest = conn.last_insert_rowid() - KEPT;
    conn.prepare_cached("DELETE FROM task_notes WHERE id <= ?1")?.execute([oldest])?;
    Ok(())
}

/// The newest notes, newest first.
pub(crate) fn read(
    conn: &Connection,
    topic: Option<&str>,
    before: Option<i64>,
    limit: usize,
) -> Done<Vec<(i64, TaskNote)>> {
    let before = before.unwrap_or(i64::MAX);
    let Some(topic) = topic else {
        let sql = format!("{NOTE} WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
        return all(conn, &sql, params![before, limit], note);
    };
    let sql = format!("{NOTE} WHERE topic = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3");
    all(conn, &sql, params![topic, before, limit], note)
}
