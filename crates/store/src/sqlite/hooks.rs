//! Hooks: secrets and URLs with credentials are sealed (S-2); the log's URLs are noted in `targets`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::directory::Change;
use domain::hook::{BasicAuth, Candidate, Hook, HookScope, NewHook, SiblingRule};
use domain::id::{AccountId, AppId, CiAppId, HookId, RepositoryId, TopicId};
use domain::ports::{Edit, Hooks, StoreError, Stored};
use domain::rules::target::TargetUrl;
use domain::secret::Secret;
use domain::time::Timestamp;
use rusqlite::{Connection, Row, params};

use super::codes::Coded;
use super::rows::{all, delete, maybe_moment, moment, one, uid};
use super::writer::Tx;
use super::{Shared, Sqlite, applications, breakers, topics};
use crate::error::{Done, Failure, corrupt};
use crate::vault::{Spot, Vault};

const HOOK: &str = "SELECT id, uid, dialect, account_id, repository_id, version, active, url, url_sealed, events,
    secret_sealed, format, insecure_tls, timeout_us, retries, extra, creator_id, created_at, updated_at,
    auth_user, auth_password_sealed, app_id, topic_id, expires_at, ci_app_id, headers_sealed FROM hooks";

/// The owner part of a hook's spots: repositories count up, accounts down, topics up from the lowest number,
/// apps down from the highest.
fn owner(scope: HookScope) -> i64 {
    match scope {
        HookScope::Repository(id) => id.0,
        HookScope::Account(id) => -id.0,
        HookScope::Topic(id) => i64::MIN.saturating_add(id.0),
        HookScope::App(id) => i64::MAX.saturating_sub(id.0),
    }
}

/// Does the URL carry credentials (E-2)?
fn has_credentials(url: &str) -> bool {
    let rest = url.split_once("//").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#', '\\']).next().is_some_and(|authority| authority.contains('@'))
}

pub(crate) fn seal(vault: &Vault, spot: &Spot<'_>, plain: &str) -> Done<Vec<u8>> {
    let unusable = || StoreError::Unavailable("the current key cannot seal".to_owned());
    Ok(vault.seal(spot, plain).ok_or_else(unusable)?)
}

/// The two forms of a URL column: plain, or sealed when it carries credentials.
fn url_columns<'u>(vault: &Vault, spot: &Spot<'_>, url: &'u TargetUrl) -> Done<(Option<&'u str>, Option<Vec<u8>>)> {
    if has_credentials(url.as_str()) {
        Ok((None, Some(seal(vault, spot, url.as_str())?)))
    } else {
        Ok((Some(url.as_str()), None))
    }
}

/// Reads the two columns back.
fn url_of(vault: &Vault, spot: &Spot<'_>, plain: Option<String>, sealed: Option<Vec<u8>>) -> Done<TargetUrl> {
    let text = match (plain, sealed) {
        (Some(plain), _) => plain,
        (None, Some(sealed)) => opened(vault, spot, &sealed)?.expose().to_owned(),
        (None, None) => return Err(corrupt(spot.table, spot.row, "no URL")),
    };
    Ok(TargetUrl::trusted(text))
}

pub(crate) fn opened(vault: &Vault, spot: &Spot<'_>, sealed: &[u8]) -> Done<Secret> {
    vault.open(spot, sealed).map_err(|why| corrupt(spot.table, spot.row, &format!("{} {why}", spot.column)))
}

fn json<T: serde::de::DeserializeOwned>(id: i64, column: &str, text: &str) -> Done<T> {
    serde_json::from_str(text).map_err(|_| corrupt("hooks", id, &format!("{column} is not what it should be")))
}

fn to_json(value: &impl serde::Serialize) -> Done<String> {
    let failed = |error: serde_json::Error| StoreError::Unavailable(format!("a hook cannot be written: {error}"));
    Ok(serde_json::to_string(value).map_err(failed)?)
}

fn hook(row: &Row<'_>, shared: &Shared) -> Done<Hook> {
    let id: i64 = row.get(0)?;
    let name: String = row.get(2)?;
    let known = shared.dialects.iter().copied().find(|dialect| dialect.0 == name);
    let scope = match (row.get(3)?, row.get(4)?, row.get(22)?, row.get(24)?) {
        (Some(account), None, None, None) => HookScope::Account(AccountId(account)),
        (None, Some(repository), None, None) => HookScope::Repository(RepositoryId(repository)),
        (None, None, Some(topic), None) => HookScope::Topic(TopicId(topic)),
        (None, None, None, Some(app)) => HookScope::App(CiAppId(app)),
        _ => return Err(corrupt("hooks", id, "no scope")),
    };
    let spot = |column| Spot { table: "hooks", column, row: id, owner: owner(scope) };
    let secret: Option<Vec<u8>> = row.get(10)?;
    let retries: Option<String> = row.get(14)?;
    let extra: Option<String> = row.get(15)?;
    let credentials = match (row.get(19)?, row.get::<_, Option<Vec<u8>>>(20)?) {
        (Some(user), Some(sealed)) => {
            Some(BasicAuth { user, password: opened(&shared.vault, &spot("auth_password"), &sealed)? })
        }
        (None, None) => None,
        _ => return Err(corrupt("hooks", id, "half of its credentials are missing")),
    };
    Ok(Hook {
        id: HookId(id),
        uid: uid(row, 1)?,
        dialect: known.ok_or_else(|| corrupt("hooks", id, &format!("unknown dialect {name:?}")))?,
        scope,
        version: row.get(5)?,
        active: row.get(6)?,
        url: url_of(&shared.vault, &spot("url"), row.get(7)?, row.get(8)?)?,
        events: json(id, "events", &row.get::<_, String>(9)?)?,
        secret: secret.map(|sealed| opened(&shared.vault, &spot("secret"), &sealed)).transpose()?,
        credentials,
        headers: headers_of(shared, &spot("headers"), row.get(25)?)?,
        format: Coded::of_code(row.get(11)?).ok_or_else(|| corrupt("hooks", id, "unknown format"))?,
        insecure_tls: row.get(12)?,
        timeout: row.get::<_, Option<u64>>(13)?.map(Duration::from_micros),
        retries: retries.map(|text| json(id, "retries", &text)).transpose()?,
        extra: extra.map(|text| json(id, "extra", &text)).transpose()?.unwrap_or_default(),
        creator: AccountId(row.get(16)?),
        app: row.get::<_, Option<i64>>(21)?.map(AppId),
        expires_at: maybe_moment(row, 23)?,
        created_at: moment(row, 17)?,
        updated_at: moment(row, 18)?,
    })
}

/// Headers as one sealed text: a list of pairs.
fn sealed_headers(vault: &Vault, spot: &Spot<'_>, headers: &[(String, Secret)]) -> Done<Option<Vec<u8>>> {
    if headers.is_empty() {
        return Ok(None);
    }
    let plain: Vec<_> = headers.iter().map(|(name, value)| (name, value.expose())).collect();
    seal(vault, spot, &to_json(&plain)?).map(Some)
}

fn headers_of(shared: &Shared, spot: &Spot<'_>, sealed: Option<Vec<u8>>) -> Done<Vec<(String, Secret)>> {
    let Some(sealed) = sealed else { return Ok(Vec::new()) };
    let plain = opened(&shared.vault, spot, &sealed)?;
    let pairs: Vec<(String, String)> = json(spot.row, spot.column, plain.expose())?;
    Ok(pairs.into_iter().map(|(name, value)| (name, Secret::new(value))).collect())
}

/// All hooks, for the directory, in creation order.
pub(crate) fn load(conn: &Connection, shared: &Shared) -> Done<Vec<Change>> {
    all(conn, &format!("{HOOK} ORDER BY id"), [], |row| Ok(Change::Hook(Arc::new(hook(row, shared)?))))
}

fn find(tx: &Tx<'_>, id: HookId) -> Done<Hook> {
    one(tx.conn, &format!("{HOOK} WHERE id = ?1"), [id.0], |row| hook(row, tx.shared))
}

/// The siblings of a scope and dialect, changes of this very transaction included.
fn siblings(tx: &Tx<'_>, scope: HookScope, dialect: domain::hook::DialectName) -> Vec<Arc<Hook>> {
    let mut hooks = tx.shared.directory.hooks_of(scope, dialect);
    for change in &tx.effects.changes {
        match change {
            Change::Hook(hook) if hook.scope == scope && hook.dialect == dialect => {
                match hooks.iter_mut().find(|sibling| sibling.id == hook.id) {
                    Some(sibling) => *sibling = hook.clone(),
                    None => hooks.push(hook.clone()),
                }
            }
            Change::HookGone(id) => hooks.retain(|sibling| sibling.id != *id),
            // A scope that is gone takes no hooks: the foreign key refuses them.
            _ => {}
        }
    }
    hooks
}

fn insert(tx: &mut Tx<'_>, new: NewHook, rule: &SiblingRule) -> Done<Arc<Hook>> {
    rule(&Candidate::from(&new), &siblings(tx, new.scope, new.dialect)).map_err(StoreError::Conflict)?;
    insert_row(tx, new)
}

fn insert_row(tx: &mut Tx<'_>, mut new: NewHook) -> Done<Arc<Hook>> {
    let (account, repository, topic, ci_app) = match new.scope {
        HookScope::Account(id) => (Some(id.0), None, None, None),
        HookScope::Repository(id) => (None, Some(id.0), None, None),
        HookScope::Topic(id) => (None, None, Some(id.0), None),
        HookScope::App(id) => (None, None, None, Some(id.0)),
    };
    if let Some(app) = new.app
        && !applications::exists(tx.conn, app)?
    {
        // Deleted since the request began: the hook would be visible to nobody.
        new.app = None;
    }
    // The row comes first: its id is part of what its secrets are sealed with.
    let sql = "INSERT INTO hooks (uid, dialect, account_id, repository_id, version, active, events, format,
        insecure_tls, creator_id, created_at, updated_at, app_id, topic_id, ci_app_id)
        VALUES (?1, ?2, ?3, ?4, 1, ?5, '[]', 0, 0, ?6, ?7, ?7, ?8, ?9, ?10)";
    tx.conn.prepare_cached(sql)?.execute(params![
        new.uid.0.as_bytes(),
        new.dialect.0,
        account,
        repository,
        new.active,
        new.creator.0,
        new.created_at.as_micros(),
        new.app.map(|app| app.0),
        topic,
        ci_app,
    ])?;
    let made = new.numbered(HookId(tx.conn.last_insert_rowid()));
    let since = made.created_at;
    write(tx, made, Some(since))
}

/// Writes all that can change of a hook; notes its URL in `targets` if it points elsewhere from `since` on.
fn write(tx: &mut Tx<'_>, hook: Hook, since: Option<Timestamp>) -> Done<Arc<Hook>> {
    let vault = &tx.shared.vault;
    let spot = |table, column| Spot { table, column, row: hook.id.0, owner: owner(hook.scope) };
    let (url, url_sealed) = url_columns(vault, &spot("hooks", "url"), &hook.url)?;
    let secret = hook.secret.as_ref().map(|secret| seal(vault, &spot("hooks", "secret"), secret.expose()));
    let auth = hook.credentials.as_ref();
    let password = auth.map(|auth| seal(vault, &spot("hooks", "auth_password"), auth.password.expose()));
    let sql = "UPDATE hooks SET version = ?2, active = ?3, url = ?4, url_sealed = ?5, events = ?6, secret_sealed = ?7,
        format = ?8, insecure_tls = ?9, timeout_us = ?10, retries = ?11, extra = ?12, creator_id = ?13,
        updated_at = ?14, auth_user = ?15, auth_password_sealed = ?16, expires_at = ?17,
        headers_sealed = ?18 WHERE id = ?1";
    tx.conn.prepare_cached(sql)?.execute(params![
        hook.id.0,
        hook.version,
        hook.active,
        url,
        url_sealed,
        to_json(&hook.events)?,
        secret.transpose()?,
        hook.format.code(),
        hook.insecure_tls,
        hook.timeout.map(|timeout| u64::try_from(timeout.as_micros()).unwrap_or(u64::MAX >> 1)),
        hook.retries.as_ref().map(to_json).transpose()?,
        (!hook.extra.is_empty()).then(|| to_json(&hook.extra)).transpose()?,
        hook.creator.0,
        hook.updated_at.as_micros(),
        auth.map(|auth| &auth.user),
        password.transpose()?,
        hook.expires_at.map(Timestamp::as_micros),
        sealed_headers(vault, &spot("hooks", "headers"), &hook.headers)?,
    ])?;
    if let Some(since) = since {
        // The log's spot has no owner: it is read when the hook, and with it the owner, may be gone.
        let (url, url_sealed) = url_columns(vault, &Spot { owner: 0, ..spot("targets", "url") }, &hook.url)?;
        let sql = "INSERT OR REPLACE INTO targets (hook_id, since, url, url_sealed) VALUES (?1, ?2, ?3, ?4)";
        tx.conn.prepare_cached(sql)?.execute(params![hook.id.0, since.as_micros(), url, url_sealed])?;
    }
    let hook = Arc::new(hook);
    tx.effects.changes.push(Change::Hook(hook.clone()));
    Ok(hook)
}

fn update(
    tx: &mut Tx<'_>,
    id: HookId,
    now: Timestamp,
    edit: Edit<Hook>,
    rule: Option<&SiblingRule>,
) -> Done<Arc<Hook>> {
    let old = find(tx, id)?;
    let fixed = (old.uid, old.dialect, old.scope, old.version, old.app, old.created_at, old.url.clone());
    let (uid, dialect, scope, version, app, created_at, url) = fixed;
    let version = version.saturating_add(1);
    let edited = Hook { id, uid, dialect, scope, version, app, created_at, updated_at: now, ..edit(old) };
    if let Some(rule) = rule {
        let others: Vec<_> = siblings(tx, scope, dialect).into_iter().filter(|sibling| sibling.id != id).collect();
        rule(&Candidate::from(&edited), &others).map_err(StoreError::Conflict)?;
    }
    breakers::reset(tx.conn, id)?;
    let moved = edited.url != url;
    write(tx, edited, moved.then_some(now))
}

/// Switches a hook off (D-15), unless it is off or gone already.
pub(crate) fn switch_off(tx: &mut Tx<'_>, id: HookId, now: Timestamp) -> Done<()> {
    match find(tx, id) {
        Ok(hook) if hook.active => update(tx, id, now, Box::new(|hook| Hook { active: false, ..hook }), None).map(drop),
        Ok(_) | Err(Failure::Store(StoreError::NotFound)) => Ok(()),
        Err(failure) => Err(failure),
    }
}

/// Makes a subscription, or gives the one of the same topic and callback a new lease and secret (contract websub section
/// 4).
pub(crate) fn subscribe(tx: &mut Tx<'_>, new: NewHook, now: Timestamp) -> Done<()> {
    let HookScope::Topic(topic) = new.scope else { return Err(StoreError::NotFound.into()) };
    match topics::subscription(tx.conn, topic, &new.url)? {
        Some(id) => {
            let renewed = move |hook| Hook { secret: new.secret, expires_at: new.expires_at, active: true, ..hook };
            update(tx, id, now, Box::new(renewed), None).map(drop)
        }
        None => insert_row(tx, new).map(drop),
    }
}

/// Deletes a hook, unless it is gone already.
pub(crate) fn remove(tx: &mut Tx<'_>, id: HookId) -> Done<()> {
    if tx.conn.prepare_cached("DELETE FROM hooks WHERE id = ?1")?.execute([id.0])? > 0 {
        forgotten(tx, id)?;
    }
    Ok(())
}

/// After a subscription was deleted. Where it pointed is forgotten as well, unless the log speaks of it: strangers come
/// and go, and must leave nothing behind.
pub(crate) fn forgotten(tx: &mut Tx<'_>, id: HookId) -> Done<()> {
    let sql = "DELETE FROM targets WHERE hook_id = ?1 AND NOT EXISTS (SELECT 1 FROM attempts WHERE hook_id = ?1)";
    tx.conn.prepare_cached(sql)?.execute([id.0])?;
    tx.effects.changes.push(Change::HookGone(id));
    Ok(())
}

/// Where a hook pointed, from when on; hooks that were deleted since are known, too.
pub(crate) struct Targets(Vec<(Timestamp, TargetUrl)>);

impl Targets {
    /// All places a hook ever pointed to.
    pub(crate) fn of(conn: &Connection, vault: &Vault, hook: HookId) -> Done<Self> {
        let sql = "SELECT since, url, url_sealed FROM targets WHERE hook_id = ?1 ORDER BY since";
        let spot = Spot { table: "targets", column: "url", row: hook.0, owner: 0 };
        let read = |row: &Row<'_>| Ok((moment(row, 0)?, url_of(vault, &spot, row.get(1)?, row.get(2)?)?));
        Ok(Self(all(conn, sql, [hook.0], read)?))
    }

    /// Where it pointed at that moment; before the first note, where that one points.
    pub(crate) fn at(&self, moment: Timestamp) -> Option<&TargetUrl> {
        let after = self.0.partition_point(|(since, _)| *since <= moment);
        self.0.get(after.saturating_sub(1)).map(|(_, url)| url)
    }
}

#[async_trait]
impl Hooks for Sqlite {
    async fn create_hook(&self, new: NewHook, rule: SiblingRule) -> Stored<Arc<Hook>> {
        self.change(move |tx| insert(tx, new, &rule)).await
    }

    async fn update_hook(&self, id: HookId, now: Timestamp, edit: Edit<Hook>, rule: SiblingRule) -> Stored<Arc<Hook>> {
        self.change(move |tx| update(tx, id, now, edit, Some(&rule))).await
    }

    async fn delete_hook(&self, id: HookId) -> Stored<()> {
        self.change(move |tx| delete(tx, "DELETE FROM hooks WHERE id = ?1", id.0, Change::HookGone(id))).await
    }
}

#[cfg(test)]
mod tests {
    use super::has_credentials;

    #[test]
    fn e2_credentials_are_found_in_the_authority_alone() {
        for url in ["http://u:p@host/x", "https://token@host", "http://u:p@host?x", "http://@host"] {
            assert!(has_credentials(url), "{url}");
        }
        for url in ["http://host/a@b", "http://host?q=a@b", "http://host#a@b", "https://host"] {
            assert!(!has_credentials(url), "{url}");
        }
    }
}
