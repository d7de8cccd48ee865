//! Accounts and memberships, and the registry's trait.

use std::sync::Arc;

use async_trait::async_trait;
use domain::account::{Account, OrgRole, Permission, Repository, Token};
use domain::directory::Change;
use domain::id::{AccountId, RepositoryId, TokenId};
use domain::ports::{Accounts, Edit, NewAccount, NewRepository, NewToken, Stored};
use domain::time::Timestamp;
use rusqlite::{Connection, Row, params};

use super::codes::Coded;
use super::rows::{all, delete, moment, one, uid};
use super::writer::Tx;
use super::{Sqlite, applications, repositories, tokens};
use crate::error::{Done, corrupt};

const ACCOUNT: &str = "SELECT id, uid, kind, login, name, email, description, site_admin, created_at, updated_at, project_key FROM accounts";

fn account(row: &Row<'_>) -> Done<Account> {
    let id: i64 = row.get(0)?;
    Ok(Account {
        id: AccountId(id),
        uid: uid(row, 1)?,
        kind: Coded::of_code(row.get(2)?).ok_or_else(|| corrupt("accounts", id, "unknown kind"))?,
        login: row.get(3)?,
        name: row.get(4)?,
        email: row.get(5)?,
        description: row.get(6)?,
        site_admin: row.get(7)?,
        created_at: moment(row, 8)?,
        updated_at: moment(row, 9)?,
        project_key: row.get(10)?,
    })
}

/// Accounts and memberships, for the directory.
pub(crate) fn load(conn: &Connection) -> Done<Vec<Change>> {
    let mut changes = all(conn, ACCOUNT, [], |row| Ok(Change::Account(Arc::new(account(row)?))))?;
    let members = "SELECT organization_id, user_id, role FROM memberships";
    changes.extend(all(conn, members, [], |row| {
        let organization: i64 = row.get(0)?;
        let role = Coded::of_code(row.get(2)?).ok_or_else(|| corrupt("memberships", organization, "unknown role"))?;
        Ok(Change::Membership(AccountId(organization), AccountId(row.get(1)?), Some(role)))
    })?);
    Ok(changes)
}

fn insert_account(tx: &mut Tx<'_>, new: &NewAccount) -> Done<Arc<Account>> {
    let sql = "INSERT INTO accounts
        (uid, kind, login, name, email, description, site_admin, created_at, updated_at, project_key)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8, ?9)";
    tx.conn.prepare_cached(sql)?.execute(params![
        new.uid.0.as_bytes(),
        new.kind.code(),
        new.login,
        new.name,
        new.email,
        new.description,
        new.site_admin,
        new.created_at.as_micros(),
        new.project_key,
    ])?;
    let id = AccountId(tx.conn.last_insert_rowid());
    let made = one(tx.conn, &format!("{ACCOUNT} WHERE id = ?1"), [id.0], account)?;
    let made = Arc::new(made);
    tx.effects.changes.push(Change::Account(made.clone()));
    if let Some(owner) = new.owner {
        write_membership(tx, id, owner, Some(OrgRole::Owner))?;
    }
    Ok(made)
}

fn write_membership(tx: &mut Tx<'_>, organization: AccountId, user: AccountId, role: Option<OrgRole>) -> Done<()> {
    if let Some(role) = role {
        let sql = "INSERT INTO memberships (organization_id, user_id, role) VALUES (?1, ?2, ?3)
            ON CONFLICT (organization_id, user_id) DO UPDATE SET role = excluded.role";
        tx.conn.prepare_cached(sql)?.execute(params![organization.0, user.0, role.code()])?;
    } else {
        let sql = "DELETE FROM memberships WHERE organization_id = ?1 AND user_id = ?2";
        tx.conn.prepare_cached(sql)?.execute([organization.0, user.0])?;
    }
    tx.effects.changes.push(Change::Membership(organization, user, role));
    Ok(())
}

fn write_account(tx: &mut Tx<'_>, account: Account) -> Done<Arc<Account>> {
    let sql = "UPDATE accounts SET kind = ?2, login = ?3, name = ?4, email = ?5, description = ?6, site_admin = ?7,
        updated_at = ?8, project_key = ?9 WHERE id = ?1";
    tx.conn.prepare_cached(sql)?.execute(params![
        account.id.0,
        account.kind.code(),
        account.login,
        account.name,
        account.email,
        account.description,
        account.site_admin,
        account.updated_at.as_micros(),
        account.project_key,
    ])?;
    let account = Arc::new(account);
    tx.effects.changes.push(Change::Account(account.clone()));
    Ok(account)
}

#[async_trait]
impl Accounts for Sqlite {
    async fn create_account(&self, new: NewAccount) -> Stored<Arc<Account>> {
        self.change(move |tx| insert_account(tx, &new)).await
    }

    async fn update_account(&self, id: AccountId, now: Timestamp, edit: Edit<Account>) -> Stored<Arc<Account>> {
        self.change(move |tx| {
            let old = one(tx.conn, &format!("{ACCOUNT} WHERE id = ?1"), [id.0], account)?;
            let (uid, created_at) = (old.uid, old.created_at);
            write_account(tx, Account { id, uid, created_at, updated_at: now, ..edit(old) })
        })
        .await
    }

    async fn delete_account(&self, id: AccountId) -> Stored<()> {
        // Repositories, hooks, applications, tokens and memberships go with it by their foreign keys.
        self.change(move |tx| {
            applications::let_go_all_of(tx, id)?;
            delete(tx, "DELETE FROM accounts WHERE id = ?1", id.0, Change::AccountGone(id))
        })
        .await
    }

    async fn set_membership(&self, organization: AccountId, user: AccountId, role: Option<OrgRole>) -> Stored<()> {
        self.change(move |tx| write_membership(tx, organization, user, role)).await
    }

    async fn create_repository(&self, new: NewRepository) -> Stored<Arc<Repository>> {
        self.change(move |tx| repositories::insert(tx, &new)).await
    }

    async fn update_repository(
        &self,
        id: RepositoryId,
        now: Timestamp,
        edit: Edit<Repository>,
    ) -> Stored<Arc<Repository>> {
        self.change(move |tx| {
            let old = repositories::find(tx.conn, id)?;
            let (uid, created_at) = (old.uid, old.created_at);
            repositories::write(tx, Repository { id, uid, created_at, updated_at: now, ..edit(old) })
        })
        .await
    }

    async fn delete_repository(&self, id: RepositoryId) -> Stored<()> {
        let sql = "DELETE FROM repositories WHERE id = ?1";
        self.change(move |tx| delete(tx, sql, id.0, Change::RepositoryGone(id))).await
    }

    async fn set_collaborator(
        &self,
        repository: RepositoryId,
        user: AccountId,
        level: Option<Permission>,
    ) -> Stored<()> {
        self.change(move |tx| repositories::write_collaborator(tx, repository, user, level)).await
    }

    async fn create_token(&self, new: NewToken) -> Stored<Arc<Token>> {
        self.change(move |tx| tokens::insert(tx, &new)).await
    }

    async fn tokens_of(&self, user: AccountId) -> Stored<Vec<Token>> {
        self.read(move |conn| tokens::of_user(conn, user)).await
    }

    async fn delete_token(&self, id: TokenId) -> Stored<()> {
        self.change(move |tx| delete(tx, "DELETE FROM tokens WHERE id = ?1", id.0, Change::TokenGone(id))).await
    }

    async fn touch_tokens(&self, seen: Vec<(TokenId, Timestamp)>) -> Stored<()> {
        self.change(move |tx| tokens::touch(tx, &seen)).await
    }
}
