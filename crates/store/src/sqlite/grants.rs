//! What OAuth flows hold between their steps: authorization codes here, devices and sessions in files of their own.

use async_trait::async_trait;
use domain::account::{Scopes, TokenHash};
use domain::grant::{
    CODE_LIFE, Code, CodeJudge, CodeRefusal, Device, DeviceAnswer, GRANT_MEMORY, NewCode, NewDevice, Polled,
};
use domain::grant::{Redeemed, Session};
use domain::id::{AccountId, AppId, TokenId};
use domain::ports::{Grants, Stored};
use domain::time::Timestamp;
use rusqlite::{Row, params};

use super::rows::{all, maybe_moment, moment};
use super::writer::Tx;
use super::{Sqlite, devices, sessions, tokens};
use crate::error::{Done, corrupt};

/// Scopes in a column.
pub(super) fn scopes(row: &Row<'_>, at: usize, table: &str) -> Done<Scopes> {
    let text: String = row.get(at)?;
    // These rows are named by hashes, which have no place in a message.
    Scopes::parse(&text).map_err(|_| corrupt(table, 0, "unknown scope"))
}

fn keep(tx: &mut Tx<'_>, new: &NewCode) -> Done<()> {
    let forgotten = new.code.expires_at.minus(CODE_LIFE + GRANT_MEMORY);
    tx.conn.prepare_cached("DELETE FROM oauth_codes WHERE expires_at < ?1")?.execute([forgotten.as_micros()])?;
    let sql = "INSERT INTO oauth_codes (hash, app_id, user_id, signed_in_with, scopes, redirect_url, challenge,
        token_ends, expires_at, spent) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, 0)";
    tx.conn.prepare_cached(sql)?.execute(params![
        new.hash.0,
        new.code.app.0,
        new.code.user.0,
        new.signed_in_with.0,
        new.code.scopes.to_string(),
        new.code.redirect_url,
        new.code.challenge,
        new.code.token_ends.map(Timestamp::as_micros),
        new.code.expires_at.as_micros(),
    ])?;
    Ok(())
}

/// A code as it is kept: what it stands for, whether it is spent, and what it gave.
struct Kept {
    code: Code,
    spent: bool,
    token: Option<TokenId>,
}

fn find(tx: &Tx<'_>, hash: TokenHash) -> Done<Option<Kept>> {
    let sql = "SELECT app_id, user_id, scopes, redirect_url, challenge, expires_at, spent, token_id, token_ends
        FROM oauth_codes WHERE hash = ?1";
    let read = |row: &Row<'_>| {
        let code = Code {
            app: AppId(row.get(0)?),
            user: AccountId(row.get(1)?),
            scopes: scopes(row, 2, "oauth_codes")?,
            redirect_url: row.get(3)?,
            challenge: row.get(4)?,
            token_ends: maybe_moment(row, 8)?,
            expires_at: moment(row, 5)?,
        };
        Ok(Kept { code, spent: row.get(6)?, token: row.get::<_, Option<i64>>(7)?.map(TokenId) })
    };
    Ok(all(tx.conn, sql, [hash.0], read)?.pop())
}

fn redeem(tx: &mut Tx<'_>, hash: TokenHash, judge: CodeJudge) -> Done<Redeemed> {
    let Some(kept) = find(tx, hash)? else { return Ok(Redeemed::Unknown) };
    let verdict = judge(&kept.code);
    if let Err(CodeRefusal::OfAnother) = verdict {
        return Ok(Redeemed::Refused(CodeRefusal::OfAnother));
    }
    if kept.spent {
        if let Some(token) = kept.token {
            tokens::revoke(tx, "DELETE FROM tokens WHERE id = ?1 RETURNING id", [token.0])?;
        }
        return Ok(Redeemed::Replayed);
    }
    let made = verdict.map(|new| tokens::insert(tx, &new));
    let (redeemed, token) = match made {
        Ok(token) => {
            let token = token?;
            (Redeemed::Token(token.clone()), Some(token.id.0))
        }
        Err(refusal) => (Redeemed::Refused(refusal), None),
    };
    let sql = "UPDATE oauth_codes SET spent = 1, token_id = ?2 WHERE hash = ?1";
    tx.conn.prepare_cached(sql)?.execute(params![hash.0, token])?;
    Ok(redeemed)
}

#[async_trait]
impl Grants for Sqlite {
    async fn keep_code(&self, new: NewCode) -> Stored<()> {
        self.change(move |tx| keep(tx, &new)).await
    }

    async fn redeem_code(&self, hash: TokenHash, judge: CodeJudge) -> Stored<Redeemed> {
        self.change(move |tx| redeem(tx, hash, judge)).await
    }

    async fn keep_device(&self, new: NewDevice) -> Stored<()> {
        self.change(move |tx| devices::keep(tx, &new)).await
    }

    async fn device(&self, user_code: TokenHash) -> Stored<Option<Device>> {
        self.read(move |conn| devices::by_user_code(conn, user_code)).await
    }

    async fn answer_device(&self, user_code: TokenHash, now: Timestamp, answer: DeviceAnswer) -> Stored<bool> {
        self.change(move |tx| devices::answer(tx, user_code, now, &answer)).await
    }

    async fn poll_device(&self, hash: TokenHash, app: AppId, now: Timestamp, value: TokenHash) -> Stored<Polled> {
        self.change(move |tx| devices::poll(tx, hash, app, now, value)).await
    }

    async fn begin_session(&self, hash: TokenHash, token: TokenId, now: Timestamp) -> Stored<()> {
        self.change(move |tx| sessions::begin(tx, hash, token, now)).await
    }

    async fn session(&self, hash: TokenHash) -> Stored<Option<Session>> {
        self.read(move |conn| sessions::find(conn, hash)).await
    }

    async fn touch_session(&self, hash: TokenHash, now: Timestamp) -> Stored<()> {
        self.change(move |tx| sessions::touch(tx, hash, now)).await
    }

    async fn end_session(&self, hash: TokenHash) -> Stored<()> {
        self.change(move |tx| sessions::end(tx, hash)).await
    }
}
