//! Access tokens: only their hashes are stored (S-3).

use std::sync::Arc;

use domain::account::{Scopes, Token, TokenHash};
use domain::directory::Change;
use domain::id::{AccountId, TokenId};
use domain::ports::NewToken;
use domain::time::Timestamp;
use rusqlite::{Connection, Row, params};

use super::rows::{all, maybe_moment, moment, one};
use super::writer::Tx;
use crate::error::{Done, corrupt};

const TOKEN: &str = "SELECT id, user_id, scopes, note, created_at, expires_at, last_used_at, hash FROM tokens";

fn token(row: &Row<'_>) -> Done<Token> {
    let id: i64 = row.get(0)?;
    let scopes: String = row.get(2)?;
    Ok(Token {
        id: TokenId(id),
        user: AccountId(row.get(1)?),
        scopes: Scopes::parse(&scopes).map_err(|_| corrupt("tokens", id, "unknown scope"))?,
        note: row.get(3)?,
        created_at: moment(row, 4)?,
        expires_at: maybe_moment(row, 5)?,
        last_used_at: maybe_moment(row, 6)?,
    })
}

fn hashed(row: &Row<'_>) -> Done<Change> {
    Ok(Change::Token(TokenHash(row.get(7)?), Arc::new(token(row)?)))
}

/// All tokens, for the directory.
pub(crate) fn load(conn: &Connection) -> Done<Vec<Change>> {
    all(conn, TOKEN, [], hashed)
}

/// Tokens of a user, by id.
pub(crate) fn of_user(conn: &Connection, user: AccountId) -> Done<Vec<Token>> {
    all(conn, &format!("{TOKEN} WHERE user_id = ?1 ORDER BY id"), [user.0], token)
}

/// Stores a token.
pub(crate) fn insert(tx: &mut Tx<'_>, new: &NewToken) -> Done<Arc<Token>> {
    let sql = "INSERT INTO tokens (hash, user_id, scopes, note, created_at, expires_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    tx.conn.prepare_cached(sql)?.execute(params![
        new.hash.0,
        new.user.0,
        new.scopes.to_string(),
        new.note,
        new.created_at.as_micros(),
        new.expires_at.map(Timestamp::as_micros),
    ])?;
    let made = one(tx.conn, &format!("{TOKEN} WHERE id = ?1"), [tx.conn.last_insert_rowid()], token)?;
    let made = Arc::new(made);
    tx.effects.changes.push(Change::Token(new.hash, made.clone()));
    Ok(made)
}

/// Notes last uses; tokens revoked meanwhile are passed over.
pub(crate) fn touch(tx: &mut Tx<'_>, seen: &[(TokenId, Timestamp)]) -> Done<()> {
    let sql = "UPDATE tokens SET last_used_at = ?2
        WHERE id = ?1 AND coalesce(last_used_at, 0) < ?2 RETURNING hash";
    for (id, moment) in seen {
        let hashes = all(tx.conn, sql, [id.0, moment.as_micros()], |row| Ok(TokenHash(row.get(0)?)))?;
        for hash in hashes {
            let touched = one(tx.conn, &format!("{TOKEN} WHERE id = ?1"), [id.0], token)?;
            tx.effects.changes.push(Change::Token(hash, Arc::new(touched)));
        }
    }
    Ok(())
}
