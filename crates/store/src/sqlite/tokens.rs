//! Access tokens: only their hashes are stored (S-3).

use std::sync::Arc;

use domain::account::{Scopes, Token, TokenHash};
use domain::application::MAX_TOKENS_OF_A_GRANT;
use domain::directory::Change;
use domain::id::{AccountId, AppId, TokenId};
use domain::ports::NewToken;
use domain::time::Timestamp;
use rusqlite::{Connection, Row, params};

use super::rows::{all, maybe_moment, moment, one};
use super::writer::Tx;
use crate::error::{Done, corrupt};

const TOKEN: &str = "SELECT id, user_id, scopes, note, created_at, expires_at, last_used_at, hash, app_id FROM tokens";

fn token(row: &Row<'_>) -> Done<Token> {
    let id: i64 = row.get(0)?;
    let scopes: String = row.get(2)?;
    Ok(Token {
        id: TokenId(id),
        user: AccountId(row.get(1)?),
        app: row.get::<_, Option<i64>>(8)?.map(AppId),
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

/// Stores a token, and revokes the oldest of an application's if it has too many of that kind.
pub(crate) fn insert(tx: &mut Tx<'_>, new: &NewToken) -> Done<Arc<Token>> {
    let sql = "INSERT INTO tokens (hash, user_id, scopes, note, created_at, expires_at, app_id)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    tx.conn.prepare_cached(sql)?.execute(params![
        new.hash.0,
        new.user.0,
        new.scopes.to_string(),
        new.note,
        new.created_at.as_micros(),
        new.expires_at.map(Timestamp::as_micros),
        new.app.map(|app| app.0),
    ])?;
    let made = one(tx.conn, &format!("{TOKEN} WHERE id = ?1"), [tx.conn.last_insert_rowid()], token)?;
    let made = Arc::new(made);
    tx.effects.changes.push(Change::Token(new.hash, made.clone()));
    if let Some(app) = made.app {
        let surplus = "DELETE FROM tokens WHERE id IN (
            SELECT id FROM tokens
            WHERE app_id = ?1 AND user_id = ?2 AND scopes = ?3 AND (expires_at IS NULL OR expires_at > ?4)
            ORDER BY id DESC LIMIT -1 OFFSET ?5
        ) RETURNING id";
        let kept = i64::try_from(MAX_TOKENS_OF_A_GRANT).unwrap_or(i64::MAX);
        let now = made.created_at.as_micros();
        revoke(tx, surplus, params![app.0, made.user.0, made.scopes.to_string(), now, kept])?;
    }
    Ok(made)
}

/// Revokes the tokens that `sql` deletes; it returns their ids.
pub(crate) fn revoke(tx: &mut Tx<'_>, sql: &str, params: impl rusqlite::Params) -> Done<()> {
    let gone = all(tx.conn, sql, params, |row| Ok(Change::TokenGone(TokenId(row.get(0)?))))?;
    tx.effects.changes.extend(gone);
    Ok(())
}

/// Gives a token a new value.
pub(crate) fn reset(tx: &mut Tx<'_>, id: TokenId, hash: TokenHash, now: Timestamp) -> Done<Arc<Token>> {
    let sql = "UPDATE tokens SET hash = ?2, created_at = ?3, last_used_at = NULL WHERE id = ?1";
    tx.conn.prepare_cached(sql)?.execute(params![id.0, hash.0, now.as_micros()])?;
    let token = Arc::new(one(tx.conn, &format!("{TOKEN} WHERE id = ?1"), [id.0], token)?);
    tx.effects.changes.extend([Change::TokenGone(id), Change::Token(hash, token.clone())]);
    Ok(token)
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
