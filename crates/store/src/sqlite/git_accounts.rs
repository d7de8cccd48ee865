//! Accounts at git hosts: tokens are sealed (S-2).

use async_trait::async_trait;
use domain::ci::{GitAccount, GitHost};
use domain::id::AccountId;
use domain::ports::{GitAccounts, StoreError, Stored};
use rusqlite::{Connection, Row, params};

use super::rows::{all, moment};
use super::writer::Tx;
use super::{Shared, Sqlite};
use crate::error::{Done, corrupt};
use crate::vault::Spot;

const GIT_ACCOUNT: &str = "SELECT id, owner_id, host, api, user, token_sealed, created_at FROM git_accounts";

/// Where a token belongs: row and owner, and the place it may be sent to. In a row whose host or base URL was altered it
/// does not open.
fn spot<T>(id: i64, owner: AccountId, host: GitHost, api: &str, sealing: impl FnOnce(&Spot<'_>) -> T) -> T {
    let column = format!("token_sealed of {} at {api}", host.as_str());
    sealing(&Spot { table: "git_accounts", column: &column, row: id, owner: owner.0 })
}

fn git_account(row: &Row<'_>, shared: &Shared) -> Done<GitAccount> {
    let id: i64 = row.get(0)?;
    let owner = AccountId(row.get(1)?);
    let host: String = row.get(2)?;
    let host = GitHost::parse(&host).ok_or_else(|| corrupt("git_accounts", id, "unknown host"))?;
    let api: String = row.get(3)?;
    let sealed: Vec<u8> = row.get(5)?;
    let token = spot(id, owner, host, &api, |spot| shared.vault.open(spot, &sealed));
    let token = token.map_err(|why| corrupt("git_accounts", id, &format!("token_sealed {why}")))?;
    Ok(GitAccount { owner, host, api, user: row.get(4)?, token, created_at: moment(row, 6)? })
}

fn set(tx: &mut Tx<'_>, new: &GitAccount) -> Done<()> {
    forget(tx, new.owner, new.host)?;
    // The token is sealed for its row, whose number is known once the row is there.
    let sql = "INSERT INTO git_accounts (owner_id, host, api, user, token_sealed, created_at)
        VALUES (?1, ?2, ?3, ?4, x'', ?5)";
    let created_at = new.created_at.as_micros();
    let row = params![new.owner.0, new.host.as_str(), new.api, new.user, created_at];
    tx.conn.prepare_cached(sql)?.execute(row)?;
    let id = tx.conn.last_insert_rowid();
    let vault = &tx.shared.vault;
    let sealed = spot(id, new.owner, new.host, &new.api, |spot| vault.seal(spot, new.token.expose()));
    let sealed = sealed.ok_or_else(|| StoreError::Unavailable("the current key cannot seal".to_owned()))?;
    tx.conn.prepare_cached("UPDATE git_accounts SET token_sealed = ?2 WHERE id = ?1")?.execute(params![id, sealed])?;
    Ok(())
}

/// Says whether there was one.
fn forget(tx: &mut Tx<'_>, owner: AccountId, host: GitHost) -> Done<bool> {
    let sql = "DELETE FROM git_accounts WHERE owner_id = ?1 AND host = ?2";
    Ok(tx.conn.prepare_cached(sql)?.execute(params![owner.0, host.as_str()])? > 0)
}

fn of(conn: &Connection, shared: &Shared, owner: AccountId) -> Done<Vec<GitAccount>> {
    let mut found =
        all(conn, &format!("{GIT_ACCOUNT} WHERE owner_id = ?1"), [owner.0], |row| git_account(row, shared))?;
    found.sort_by_key(|account| GitHost::ALL.iter().position(|host| *host == account.host));
    Ok(found)
}

#[async_trait]
impl GitAccounts for Sqlite {
    async fn set_git_account(&self, new: GitAccount) -> Stored<()> {
        self.change(move |tx| set(tx, &new)).await
    }

    async fn git_account(&self, owner: AccountId, host: GitHost) -> Stored<Option<GitAccount>> {
        let shared = self.shared.clone();
        let sql = format!("{GIT_ACCOUNT} WHERE owner_id = ?1 AND host = ?2");
        let read = move |row: &Row<'_>| git_account(row, &shared);
        self.read(move |conn| Ok(all(conn, &sql, params![owner.0, host.as_str()], read)?.pop())).await
    }

    async fn git_accounts(&self, owner: AccountId) -> Stored<Vec<GitAccount>> {
        let shared = self.shared.clone();
        self.read(move |conn| of(conn, &shared, owner)).await
    }

    async fn remove_git_account(&self, owner: AccountId, host: GitHost) -> Stored<()> {
        let gone = self.change(move |tx| forget(tx, owner, host)).await?;
        if gone { Ok(()) } else { Err(StoreError::NotFound) }
    }
}
