//! Signed-in browsers.

use domain::account::TokenHash;
use domain::grant::{SESSION_LIFE, Session};
use domain::id::{AccountId, TokenId};
use domain::time::Timestamp;
use rusqlite::{Connection, params};

use super::grants::scopes;
use super::rows::{all, maybe_moment, moment};
use super::writer::Tx;
use crate::error::Done;

/// Begins a session.
pub(super) fn begin(tx: &mut Tx<'_>, hash: TokenHash, token: TokenId, now: Timestamp) -> Done<()> {
    let over = now.minus(SESSION_LIFE).as_micros();
    tx.conn.prepare_cached("DELETE FROM sessions WHERE started_at < ?1")?.execute([over])?;
    let sql = "INSERT INTO sessions (hash, token_id, started_at, seen_at) VALUES (?1, ?2, ?3, ?3)";
    tx.conn.prepare_cached(sql)?.execute(params![hash.0, token.0, now.as_micros()])?;
    Ok(())
}

/// The session of that hash, with what its token may do now.
pub(super) fn find(conn: &Connection, hash: TokenHash) -> Done<Option<Session>> {
    let sql = "SELECT t.user_id, t.id, t.scopes, t.expires_at, s.started_at, s.seen_at
        FROM sessions s JOIN tokens t ON t.id = s.token_id WHERE s.hash = ?1";
    let mut found = all(conn, sql, [hash.0], |row| {
        Ok(Session {
            user: AccountId(row.get(0)?),
            token: TokenId(row.get(1)?),
            scopes: scopes(row, 2, "tokens")?,
            expires_at: maybe_moment(row, 3)?,
            started_at: moment(row, 4)?,
            seen_at: moment(row, 5)?,
        })
    })?;
    Ok(found.pop())
}

/// Notes a use.
pub(super) fn touch(tx: &mut Tx<'_>, hash: TokenHash, now: Timestamp) -> Done<()> {
    let sql = "UPDATE sessions SET seen_at = ?2 WHERE hash = ?1 AND seen_at < ?2";
    tx.conn.prepare_cached(sql)?.execute(params![hash.0, now.as_micros()])?;
    Ok(())
}

/// Ends a session, if there is one.
pub(super) fn end(tx: &mut Tx<'_>, hash: TokenHash) -> Done<()> {
    tx.conn.prepare_cached("DELETE FROM sessions WHERE hash = ?1")?.execute([hash.0])?;
    Ok(())
}
