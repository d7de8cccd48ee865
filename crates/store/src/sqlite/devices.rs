//! Device codes (RFC 8628).

use std::time::Duration;

use domain::account::TokenHash;
use domain::grant::{
    DEVICE_INTERVAL, DEVICE_LIFE, Device, DeviceAnswer, GRANT_MEMORY, MAX_WAITING_DEVICES, NewDevice, Poll, Polled,
};
use domain::id::{AccountId, AppId, TokenId};
use domain::ports::{NewToken, StoreError};
use domain::time::Timestamp;
use rusqlite::{Connection, Row, params};

use super::grants::scopes;
use super::rows::{all, maybe_moment, moment};
use super::tokens;
use super::writer::Tx;
use crate::error::{Done, corrupt};

const DEVICE: &str =
    "SELECT app_id, scopes, answer, granted, user_id, signed_in_with, interval_us, polled_at, expires_at, token_ends
    FROM oauth_devices";

/// `answer` of a refusal.
const DENIED: i64 = 0;
/// `answer` of an approval.
const APPROVED: i64 = 1;

fn device(row: &Row<'_>) -> Done<Device> {
    let answer = match (row.get(2)?, row.get(4)?, row.get(5)?) {
        (None, _, _) => None,
        (Some(DENIED), _, _) => Some(DeviceAnswer::Denied),
        (Some(APPROVED), Some(user), Some(token)) => Some(DeviceAnswer::Approved {
            user: AccountId(user),
            scopes: scopes(row, 3, "oauth_devices")?,
            signed_in_with: TokenId(token),
            token_ends: maybe_moment(row, 9)?,
        }),
        _ => return Err(corrupt("oauth_devices", 0, "unknown answer")),
    };
    Ok(Device {
        app: AppId(row.get(0)?),
        scopes: scopes(row, 1, "oauth_devices")?,
        answer,
        interval: row.get(6).map(Duration::from_micros)?,
        polled_at: maybe_moment(row, 7)?,
        expires_at: moment(row, 8)?,
    })
}

/// A duration as a column takes it.
fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Keeps a device code, if the application has not too many already.
pub(super) fn keep(tx: &mut Tx<'_>, new: &NewDevice) -> Done<()> {
    let now = new.created_at;
    let sql = "DELETE FROM oauth_devices WHERE expires_at < ?1";
    tx.conn.prepare_cached(sql)?.execute([now.minus(GRANT_MEMORY).as_micros()])?;
    let sql = "SELECT count(*) FROM oauth_devices WHERE app_id = ?1 AND answer IS NULL AND expires_at > ?2";
    let waiting: i64 = tx.conn.prepare_cached(sql)?.query_row([new.app.0, now.as_micros()], |row| row.get(0))?;
    if usize::try_from(waiting).is_ok_and(|waiting| waiting >= MAX_WAITING_DEVICES) {
        return Err(StoreError::Busy.into());
    }
    let sql = "INSERT INTO oauth_devices (hash, user_code_hash, app_id, scopes, interval_us, expires_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    tx.conn.prepare_cached(sql)?.execute(params![
        new.hash.0,
        new.user_code.0,
        new.app.0,
        new.scopes.to_string(),
        micros(DEVICE_INTERVAL),
        now.plus(DEVICE_LIFE).as_micros(),
    ])?;
    Ok(())
}

/// The device a user code is for.
pub(super) fn by_user_code(conn: &Connection, user_code: TokenHash) -> Done<Option<Device>> {
    Ok(all(conn, &format!("{DEVICE} WHERE user_code_hash = ?1"), [user_code.0], device)?.pop())
}

/// Writes the user's answer down, once and in time.
pub(super) fn answer(tx: &mut Tx<'_>, user_code: TokenHash, now: Timestamp, answer: &DeviceAnswer) -> Done<bool> {
    let (code, granted, user, token, ends) = match answer {
        DeviceAnswer::Denied => (DENIED, None, None, None, None),
        DeviceAnswer::Approved { user, scopes, signed_in_with, token_ends } => {
            let ends = token_ends.map(Timestamp::as_micros);
            (APPROVED, Some(scopes.to_string()), Some(user.0), Some(signed_in_with.0), ends)
        }
    };
    let sql = "UPDATE oauth_devices SET answer = ?3, granted = ?4, user_id = ?5, signed_in_with = ?6, token_ends = ?7
        WHERE user_code_hash = ?1 AND answer IS NULL AND expires_at > ?2";
    let moved = tx.conn.prepare_cached(sql)?.execute(params![
        user_code.0,
        now.as_micros(),
        code,
        granted,
        user,
        token,
        ends
    ])?;
    Ok(moved == 1)
}

/// One poll: notes it, and makes the token if the user has approved.
pub(super) fn poll(tx: &mut Tx<'_>, hash: TokenHash, app: AppId, now: Timestamp, value: TokenHash) -> Done<Polled> {
    let found = all(tx.conn, &format!("{DEVICE} WHERE hash = ?1"), [hash.0], device)?.pop();
    let Some(found) = found.filter(|device| device.app == app) else { return Ok(Polled::Unknown) };
    let (after, verdict) = found.poll(now);
    let Poll::Approved { user, scopes, token_ends } = verdict else {
        let sql = "UPDATE oauth_devices SET interval_us = ?2, polled_at = ?3 WHERE hash = ?1";
        tx.conn.prepare_cached(sql)?.execute(params![hash.0, micros(after.interval), now.as_micros()])?;
        return Ok(Polled::Waiting(verdict));
    };
    tx.conn.prepare_cached("DELETE FROM oauth_devices WHERE hash = ?1")?.execute([hash.0])?;
    let new =
        NewToken { hash: value, user, app: Some(app), scopes, note: None, created_at: now, expires_at: token_ends };
    Ok(Polled::Token(tokens::insert(tx, &new)?))
}
