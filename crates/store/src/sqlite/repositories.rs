//! Repositories and their collaborators.

use std::sync::Arc;

use domain::account::{Permission, Repository};
use domain::directory::Change;
use domain::id::{AccountId, RepositoryId};
use domain::ports::{NewRepository, StoreError};
use domain::time::Timestamp;
use rusqlite::{Connection, Row, params};

use super::codes::Coded;
use super::rows::{all, maybe_moment, moment, one, uid};
use super::writer::Tx;
use crate::error::{Done, Failure, corrupt};

const REPOSITORY: &str = "SELECT id, uid, owner_id, name, description, homepage, default_branch, private, archived,
    fork_of, created_at, updated_at, pushed_at FROM repositories";

fn repository(row: &Row<'_>) -> Done<Repository> {
    Ok(Repository {
        id: RepositoryId(row.get(0)?),
        uid: uid(row, 1)?,
        owner: AccountId(row.get(2)?),
        name: row.get(3)?,
        description: row.get(4)?,
        homepage: row.get(5)?,
        default_branch: row.get(6)?,
        private: row.get(7)?,
        archived: row.get(8)?,
        fork_of: row.get::<_, Option<i64>>(9)?.map(RepositoryId),
        created_at: moment(row, 10)?,
        updated_at: moment(row, 11)?,
        pushed_at: maybe_moment(row, 12)?,
    })
}

/// Repositories and collaborators, for the directory.
pub(crate) fn load(conn: &Connection) -> Done<Vec<Change>> {
    let mut changes = all(conn, REPOSITORY, [], |row| Ok(Change::Repository(Arc::new(repository(row)?))))?;
    let collaborators = "SELECT repository_id, user_id, level FROM collaborators";
    changes.extend(all(conn, collaborators, [], |row| {
        let repository: i64 = row.get(0)?;
        let level = Coded::of_code(row.get(2)?).ok_or_else(|| corrupt("collaborators", repository, "unknown level"))?;
        Ok(Change::Collaborator(RepositoryId(repository), AccountId(row.get(1)?), Some(level)))
    })?);
    Ok(changes)
}

/// The repository of that id.
pub(crate) fn find(conn: &Connection, id: RepositoryId) -> Done<Repository> {
    one(conn, &format!("{REPOSITORY} WHERE id = ?1"), [id.0], repository)
}

/// Creates a repository.
pub(crate) fn insert(tx: &mut Tx<'_>, new: &NewRepository) -> Done<Arc<Repository>> {
    let sql = "INSERT INTO repositories (uid, owner_id, name, description, homepage, default_branch, private, archived,
        fork_of, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, ?9, ?9)";
    tx.conn.prepare_cached(sql)?.execute(params![
        new.uid.0.as_bytes(),
        new.owner.0,
        new.name,
        new.description,
        new.homepage,
        new.default_branch,
        new.private,
        new.fork_of.map(|id| id.0),
        new.created_at.as_micros(),
    ])?;
    let made = Arc::new(find(tx.conn, RepositoryId(tx.conn.last_insert_rowid()))?);
    tx.effects.changes.push(Change::Repository(made.clone()));
    Ok(made)
}

/// Writes an edited repository.
pub(crate) fn write(tx: &mut Tx<'_>, repository: Repository) -> Done<Arc<Repository>> {
    let sql = "UPDATE repositories SET owner_id = ?2, name = ?3, description = ?4, homepage = ?5, default_branch = ?6,
        private = ?7, archived = ?8, fork_of = ?9, updated_at = ?10, pushed_at = ?11 WHERE id = ?1";
    tx.conn.prepare_cached(sql)?.execute(params![
        repository.id.0,
        repository.owner.0,
        repository.name,
        repository.description,
        repository.homepage,
        repository.default_branch,
        repository.private,
        repository.archived,
        repository.fork_of.map(|id| id.0),
        repository.updated_at.as_micros(),
        repository.pushed_at.map(Timestamp::as_micros),
    ])?;
    let repository = Arc::new(repository);
    tx.effects.changes.push(Change::Repository(repository.clone()));
    Ok(repository)
}

/// Gives a user a permission on a repository, or takes it away.
pub(crate) fn write_collaborator(
    tx: &mut Tx<'_>,
    repository: RepositoryId,
    user: AccountId,
    level: Option<Permission>,
) -> Done<()> {
    if let Some(level) = level {
        let sql = "INSERT INTO collaborators (repository_id, user_id, level) VALUES (?1, ?2, ?3)
            ON CONFLICT (repository_id, user_id) DO UPDATE SET level = excluded.level";
        tx.conn.prepare_cached(sql)?.execute(params![repository.0, user.0, level.code()])?;
    } else {
        let sql = "DELETE FROM collaborators WHERE repository_id = ?1 AND user_id = ?2";
        tx.conn.prepare_cached(sql)?.execute([repository.0, user.0])?;
    }
    tx.effects.changes.push(Change::Collaborator(repository, user, level));
    Ok(())
}

/// At the end of a transaction: repositories that were pushed to move their `pushed_at` forward, once each.
pub(crate) fn move_refs(tx: &mut Tx<'_>) -> Done<()> {
    let mut pushed = std::mem::take(&mut tx.effects.pushed);
    pushed.sort_unstable();
    for (at, (id, moment)) in pushed.iter().enumerate() {
        // The last one of each repository has the newest moment.
        if pushed.get(at + 1).is_some_and(|(next, _)| next == id) {
            continue;
        }
        let found = match find(tx.conn, *id) {
            Err(Failure::Store(StoreError::NotFound)) => continue,
            found => found?,
        };
        if found.pushed_at < Some(*moment) {
            let sql = "UPDATE repositories SET pushed_at = ?2 WHERE id = ?1";
            tx.conn.prepare_cached(sql)?.execute([id.0, moment.as_micros()])?;
            let moved = Repository { pushed_at: Some(*moment), ..found };
            tx.effects.changes.push(Change::Repository(Arc::new(moved)));
        }
    }
    Ok(())
}
