//! The schema: numbered files, applied once each, in order, and never edited once released.

use domain::ports::StoreError;
use domain::time::Timestamp;
use rusqlite::{Connection, params};

use crate::error::{Done, Failure};

/// Every migration, in order: number, name, SQL.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "initial", include_str!("../../migrations/sqlite/0001_initial.sql")),
    (2, "bitbucket", include_str!("../../migrations/sqlite/0002_bitbucket.sql")),
    (3, "log_in_order", include_str!("../../migrations/sqlite/0003_log_in_order.sql")),
    (4, "oauth", include_str!("../../migrations/sqlite/0004_oauth.sql")),
    (5, "topics", include_str!("../../migrations/sqlite/0005_topics.sql")),
    (6, "ci", include_str!("../../migrations/sqlite/0006_ci.sql")),
    (7, "git_accounts", include_str!("../../migrations/sqlite/0007_git_accounts.sql")),
];

const LEDGER: &str = "CREATE TABLE IF NOT EXISTS migrations (
    number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum BLOB NOT NULL, applied_at INTEGER NOT NULL
) STRICT";

/// Brings the schema up to date. Refuses a database that a newer server has migrated, or whose migrations differ.
pub(crate) fn migrate(conn: &mut Connection, now: Timestamp) -> Done<()> {
    let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    tx.execute_batch(LEDGER)?;
    let newest: i64 = tx.query_row("SELECT coalesce(max(number), 0) FROM migrations", [], |row| row.get(0))?;
    let known = MIGRATIONS.last().map_or(0, |(number, ..)| *number);
    if newest > known {
        return Err(refuse(format!("the database is at schema {newest}, this server knows {known}: it is too old")));
    }
    for (number, name, sql) in MIGRATIONS {
        let checksum = domain::event::payload_hash(sql.as_bytes());
        if *number > newest {
            tx.execute_batch(sql)?;
            let insert = "INSERT INTO migrations (number, name, checksum, applied_at) VALUES (?1, ?2, ?3, ?4)";
            tx.execute(insert, params![number, name, checksum, now.as_micros()])?;
            continue;
        }
        let find = "SELECT checksum FROM migrations WHERE number = ?1";
        let applied: Vec<u8> = tx.query_row(find, [number], |row| row.get(0))?;
        if applied != checksum {
            return Err(refuse(format!("migration {number} ({name}) differs from the one the database was made with")));
        }
    }
    tx.commit()?;
    Ok(())
}

fn refuse(reason: String) -> Failure {
    Failure::Store(StoreError::Unavailable(reason))
}
