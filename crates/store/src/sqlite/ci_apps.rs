//! Apps. Their trigger tokens and webhook secrets are sealed (S-2).

use std::sync::Arc;

use domain::ci::{CiApp, NewCiApp, Provider};
use domain::directory::Change;
use domain::id::{AccountId, CiAppId, RepositoryId};
use domain::ports::Edit;
use domain::secret::Secret;
use domain::time::Timestamp;
use rusqlite::{Connection, Row, params};

use super::Shared;
use super::hooks::{opened, seal};
use super::rows::{all, moment, one, uid};
use super::writer::Tx;
use crate::error::{Done, corrupt};
use crate::vault::Spot;

const APP: &str =
    "SELECT id, uid, owner_id, repository_id, title, project_type, provider, repo_url, is_public, is_disabled,
    default_branch, manual_approval, relay, token_sealed, secret_sealed, config, version, created_at, updated_at
    FROM ci_apps";

/// Apps can move to another owner, so that whose they are is no part of the spot.
fn spot(column: &str, id: CiAppId) -> Spot<'_> {
    Spot { table: "ci_apps", column, row: id.0, owner: 0 }
}

fn app(row: &Row<'_>, shared: &Shared) -> Done<CiApp> {
    let id = CiAppId(row.get(0)?);
    let provider: String = row.get(6)?;
    let secret = |column, at| -> Done<Option<Secret>> {
        let sealed: Option<Vec<u8>> = row.get(at)?;
        sealed.map(|sealed| opened(&shared.vault, &spot(column, id), &sealed)).transpose()
    };
    Ok(CiApp {
        id,
        uid: uid(row, 1)?,
        owner: AccountId(row.get(2)?),
        repository: row.get::<_, Option<i64>>(3)?.map(RepositoryId),
        title: row.get(4)?,
        project_type: row.get(5)?,
        provider: Provider::parse(&provider).ok_or_else(|| corrupt("ci_apps", id.0, "unknown provider"))?,
        repo_url: row.get(7)?,
        is_public: row.get(8)?,
        is_disabled: row.get(9)?,
        default_branch: row.get(10)?,
        manual_approval: row.get(11)?,
        relay: row.get(12)?,
        trigger_token: secret("token", 13)?.ok_or_else(|| corrupt("ci_apps", id.0, "no token"))?,
        webhook_secret: secret("secret", 14)?,
        config: row.get::<_, Option<String>>(15)?.map(Arc::from),
        version: row.get(16)?,
        created_at: moment(row, 17)?,
        updated_at: moment(row, 18)?,
    })
}

/// All apps, for the directory.
pub(crate) fn load(conn: &Connection, shared: &Shared) -> Done<Vec<Change>> {
    all(conn, APP, [], |row| Ok(Change::CiApp(Arc::new(app(row, shared)?))))
}

fn find(tx: &Tx<'_>, id: CiAppId) -> Done<CiApp> {
    one(tx.conn, &format!("{APP} WHERE id = ?1"), [id.0], |row| app(row, tx.shared))
}

/// Creates an app.
pub(crate) fn insert(tx: &mut Tx<'_>, new: NewCiApp) -> Done<Arc<CiApp>> {
    // The row comes first: its id is part of what its secrets are sealed with.
    let sql = "INSERT INTO ci_apps (uid, owner_id, title, provider, repo_url, is_public, is_disabled, default_branch,
        manual_approval, relay, version, builds, created_at, updated_at)
        VALUES (?1, ?2, '', ?3, '', 0, 0, '', 0, 0, 1, 0, ?4, ?4)";
    tx.conn.prepare_cached(sql)?.execute(params![
        new.uid.0.as_bytes(),
        new.owner.0,
        new.provider.as_str(),
        new.created_at.as_micros(),
    ])?;
    let id = CiAppId(tx.conn.last_insert_rowid());
    write(tx, new.numbered(id))
}

fn write(tx: &mut Tx<'_>, app: CiApp) -> Done<Arc<CiApp>> {
    let vault = &tx.shared.vault;
    let token = seal(vault, &spot("token", app.id), app.trigger_token.expose())?;
    let secret = app.webhook_secret.as_ref().map(|secret| seal(vault, &spot("secret", app.id), secret.expose()));
    let sql = "UPDATE ci_apps SET owner_id = ?2, repository_id = ?3, title = ?4, project_type = ?5, provider = ?6,
        repo_url = ?7, is_public = ?8, is_disabled = ?9, default_branch = ?10, manual_approval = ?11, relay = ?12,
        token_sealed = ?13, secret_sealed = ?14, config = ?15, version = ?16, updated_at = ?17 WHERE id = ?1";
    tx.conn.prepare_cached(sql)?.execute(params![
        app.id.0,
        app.owner.0,
        app.repository.map(|id| id.0),
        app.title,
        app.project_type,
        app.provider.as_str(),
        app.repo_url,
        app.is_public,
        app.is_disabled,
        app.default_branch,
        app.manual_approval,
        app.relay,
        token,
        secret.transpose()?,
        app.config.as_deref(),
        app.version,
        app.updated_at.as_micros(),
    ])?;
    let app = Arc::new(app);
    tx.effects.changes.push(Change::CiApp(app.clone()));
    Ok(app)
}

/// Edits an app.
pub(crate) fn update(tx: &mut Tx<'_>, id: CiAppId, now: Timestamp, edit: Edit<CiApp>) -> Done<Arc<CiApp>> {
    let old = find(tx, id)?;
    let (uid, created_at, version) = (old.uid, old.created_at, old.version.saturating_add(1));
    write(tx, CiApp { id, uid, created_at, version, updated_at: now, ..edit(old) })
}

/// The number of the app's next build.
pub(crate) fn next_number(conn: &Connection, id: CiAppId) -> Done<u64> {
    let sql = "UPDATE ci_apps SET builds = builds + 1 WHERE id = ?1 RETURNING builds";
    one(conn, sql, [id.0], |row| Ok(row.get(0)?))
}
