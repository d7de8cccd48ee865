//! OAuth applications, and the tokens they hold as a whole.

use std::sync::Arc;

use async_trait::async_trait;
use domain::account::{Token, TokenHash};
use domain::application::{Application, NewApplication};
use domain::directory::Change;
use domain::id::{AccountId, AppId, TokenId};
use domain::ports::{Applications, Edit, StoreError, Stored};
use domain::time::Timestamp;
use rusqlite::{Connection, Row, params};

use super::rows::{all, moment, one};
use super::writer::Tx;
use super::{Sqlite, tokens};
use crate::error::{Done, corrupt};

const APPLICATION: &str = "SELECT id, client_id, secret_hash, name, owner_id, homepage, redirect_urls, device_flow,
    created_at, updated_at FROM oauth_apps";

fn application(row: &Row<'_>) -> Done<Application> {
    let id: i64 = row.get(0)?;
    let redirect_urls: String = row.get(6)?;
    let unreadable = |_| corrupt("oauth_apps", id, "redirect_urls is not what it should be");
    Ok(Application {
        id: AppId(id),
        client_id: row.get(1)?,
        secret: TokenHash(row.get(2)?),
        name: row.get(3)?,
        owner: AccountId(row.get(4)?),
        homepage: row.get(5)?,
        redirect_urls: serde_json::from_str(&redirect_urls).map_err(unreadable)?,
        device_flow: row.get(7)?,
        created_at: moment(row, 8)?,
        updated_at: moment(row, 9)?,
    })
}

/// All applications, for the directory.
pub(crate) fn load(conn: &Connection) -> Done<Vec<Change>> {
    all(conn, APPLICATION, [], |row| Ok(Change::Application(Arc::new(application(row)?))))
}

/// Is there such an application?
pub(crate) fn exists(conn: &Connection, id: AppId) -> Done<bool> {
    let found = all(conn, "SELECT 1 FROM oauth_apps WHERE id = ?1", [id.0], |_| Ok(()))?;
    Ok(!found.is_empty())
}

fn find(conn: &Connection, id: AppId) -> Done<Application> {
    one(conn, &format!("{APPLICATION} WHERE id = ?1"), [id.0], application)
}

fn to_json(urls: &[String]) -> Done<String> {
    let failed = |error: serde_json::Error| StoreError::Unavailable(format!("URLs cannot be written: {error}"));
    Ok(serde_json::to_string(urls).map_err(failed)?)
}

fn insert(tx: &mut Tx<'_>, new: &NewApplication) -> Done<Arc<Application>> {
    let sql = "INSERT INTO oauth_apps
        (client_id, secret_hash, name, owner_id, homepage, redirect_urls, device_flow, created_at, updated_at)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8)";
    tx.conn.prepare_cached(sql)?.execute(params![
        new.client_id,
        new.secret.0,
        new.name,
        new.owner.0,
        new.homepage,
        to_json(&new.redirect_urls)?,
        new.device_flow,
        new.created_at.as_micros(),
    ])?;
    let made = Arc::new(find(tx.conn, AppId(tx.conn.last_insert_rowid()))?);
    tx.effects.changes.push(Change::Application(made.clone()));
    Ok(made)
}

fn write(tx: &mut Tx<'_>, app: Application) -> Done<Arc<Application>> {
    let sql = "UPDATE oauth_apps SET secret_hash = ?2, name = ?3, owner_id = ?4, homepage = ?5, redirect_urls = ?6,
        device_flow = ?7, updated_at = ?8 WHERE id = ?1";
    tx.conn.prepare_cached(sql)?.execute(params![
        app.id.0,
        app.secret.0,
        app.name,
        app.owner.0,
        app.homepage,
        to_json(&app.redirect_urls)?,
        app.device_flow,
        app.updated_at.as_micros(),
    ])?;
    let app = Arc::new(app);
    tx.effects.changes.push(Change::Application(app.clone()));
    Ok(app)
}

/// What goes before the row does: hooks become hooks of no application. Tokens and codes go with the row.
fn let_go(tx: &mut Tx<'_>, id: AppId) -> Done<()> {
    tx.conn.prepare_cached("UPDATE hooks SET app_id = NULL WHERE app_id = ?1")?.execute([id.0])?;
    tx.effects.changes.push(Change::ApplicationGone(id));
    Ok(())
}

/// The applications of an account that is about to be deleted.
pub(crate) fn let_go_all_of(tx: &mut Tx<'_>, owner: AccountId) -> Done<()> {
    let ids = all(tx.conn, "SELECT id FROM oauth_apps WHERE owner_id = ?1", [owner.0], |row| Ok(AppId(row.get(0)?)))?;
    ids.into_iter().try_for_each(|id| let_go(tx, id))
}

fn delete(tx: &mut Tx<'_>, id: AppId) -> Done<()> {
    find(tx.conn, id)?;
    let_go(tx, id)?;
    tx.conn.prepare_cached("DELETE FROM oauth_apps WHERE id = ?1")?.execute([id.0])?;
    Ok(())
}

fn revoke(tx: &mut Tx<'_>, app: AppId, user: AccountId) -> Done<()> {
    for sql in [
        "DELETE FROM oauth_codes WHERE app_id = ?1 AND user_id = ?2",
        "DELETE FROM oauth_devices WHERE app_id = ?1 AND user_id = ?2",
    ] {
        tx.conn.prepare_cached(sql)?.execute([app.0, user.0])?;
    }
    tokens::revoke(tx, "DELETE FROM tokens WHERE app_id = ?1 AND user_id = ?2 RETURNING id", [app.0, user.0])
}

#[async_trait]
impl Applications for Sqlite {
    async fn create_application(&self, new: NewApplication) -> Stored<Arc<Application>> {
        self.change(move |tx| insert(tx, &new)).await
    }

    async fn update_application(&self, id: AppId, now: Timestamp, edit: Edit<Application>) -> Stored<Arc<Application>> {
        self.change(move |tx| {
            let old = find(tx.conn, id)?;
            let (client_id, created_at) = (old.client_id.clone(), old.created_at);
            write(tx, Application { id, client_id, created_at, updated_at: now, ..edit(old) })
        })
        .await
    }

    async fn delete_application(&self, id: AppId) -> Stored<()> {
        self.change(move |tx| delete(tx, id)).await
    }

    async fn reset_token(&self, id: TokenId, hash: TokenHash, now: Timestamp) -> Stored<Arc<Token>> {
        self.change(move |tx| tokens::reset(tx, id, hash, now)).await
    }

    async fn revoke_grant(&self, app: AppId, user: AccountId) -> Stored<()> {
        self.change(move |tx| revoke(tx, app, user)).await
    }
}
