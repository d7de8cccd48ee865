//! Logs of builds, piece by piece.

use domain::ci::{LogPiece, MAX_LOG};
use domain::id::BuildId;
use domain::time::Timestamp;
use rusqlite::{Connection, params};

use super::rows::{all, one};
use super::writer::Tx;
use crate::error::Done;

/// The last piece of a log that grew too long.
const CUT: &str = "\n[the log is longer than what is kept]\n";

/// Appends a piece; see [`Ci::append_log`](domain::ports::Ci::append_log).
pub(super) fn append(tx: &mut Tx<'_>, id: BuildId, position: Option<u64>, text: &str, now: Timestamp) -> Done<u64> {
    let sql = "SELECT log_pieces, log_bytes FROM builds WHERE id = ?1";
    let (next, bytes): (u64, u64) = one(tx.conn, sql, [id.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let heard = "UPDATE builds SET heard_at = max(heard_at, ?2) WHERE id = ?1";
    tx.conn.prepare_cached(heard)?.execute(params![id.0, now.as_micros()])?;
    let max = MAX_LOG as u64;
    if position.is_some_and(|position| position != next) || text.is_empty() {
        return Ok(next);
    }
    // A piece beyond the limit is counted, so that the sender's numbers stay right, and not kept.
    let after = bytes.saturating_add(text.len() as u64);
    let kept = if after <= max { Some(text) } else { (bytes <= max).then_some(CUT) };
    if let Some(kept) = kept {
        let sql = "INSERT INTO build_logs (build_id, position, text) VALUES (?1, ?2, ?3)";
        tx.conn.prepare_cached(sql)?.execute(params![id.0, next, kept])?;
    }
    let sql = "UPDATE builds SET log_pieces = ?2, log_bytes = ?3 WHERE id = ?1";
    tx.conn.prepare_cached(sql)?.execute(params![id.0, next + 1, after])?;
    Ok(next + 1)
}

/// Pieces from that number on.
pub(super) fn read(conn: &Connection, id: BuildId, from: u64, limit: usize) -> Done<Vec<LogPiece>> {
    let sql = "SELECT position, text FROM build_logs WHERE build_id = ?1 AND position >= ?2 ORDER BY position LIMIT ?3";
    all(conn, sql, params![id.0, from, limit], |row| Ok(LogPiece { position: row.get(0)?, text: row.get(1)? }))
}
