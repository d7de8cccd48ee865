//! Connections: the settings of D-4, and the lock that keeps a second process out.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use domain::ports::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::{Done, Failure};

/// Older versions can corrupt a database when the write-ahead log is reset (D-4).
const OLDEST_SQLITE: i32 = 3_051_003;
/// How long a connection waits for another one's lock, in milliseconds (D-4).
const BUSY_TIMEOUT_MS: u32 = 5_000;
/// The write-ahead log is cut to this after a reset, in bytes (D-4).
const JOURNAL_SIZE_LIMIT: u32 = 64 * 1024 * 1024;
/// Page cache of the writer, in KiB.
const WRITER_CACHE_KIB: u32 = 24 * 1024;
/// Page cache of each reader, in KiB.
const READER_CACHE_KIB: u32 = 4 * 1024;
/// Prepared statements each connection keeps.
const STATEMENTS: usize = 128;
/// Bytes of a page; takes effect when the file is created.
const PAGE_SIZE: u32 = 4_096;

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The one that writes.
    Writer,
    /// One that only reads.
    Reader,
    /// The one that moves the log into the database file, or copies the database.
    Keeper,
}

/// Opens a connection with the settings of D-4.
pub(crate) fn connect(path: &Path, role: Role) -> Done<Connection> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if role == Role::Writer {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    let conn = Connection::open_with_flags(path, flags)?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.execute_batch(&format!("PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}; PRAGMA page_size = {PAGE_SIZE}"))?;
    if role == Role::Writer {
        conn.execute_batch("PRAGMA journal_mode = WAL")?;
    }
    let cache = if role == Role::Writer { WRITER_CACHE_KIB } else { READER_CACHE_KIB };
    conn.execute_batch(&format!(
        "PRAGMA synchronous = FULL;
         PRAGMA foreign_keys = ON;
         PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON;
         PRAGMA mmap_size = 0;
         PRAGMA temp_store = MEMORY;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = {JOURNAL_SIZE_LIMIT};
         PRAGMA cache_size = -{cache}"
    ))?;
    if role == Role::Reader {
        conn.execute_batch("PRAGMA query_only = ON")?;
    }
    Ok(conn)
}

/// Refuses a library that is too old (D-4).
pub(crate) fn check_library() -> Done<()> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        let found = rusqlite::version();
        return Err(unavailable(format!("SQLite {found} is too old: 3.51.3 is the oldest safe version")));
    }
    Ok(())
}

/// Takes the lock beside the database; it is held until the file is dropped. A second process is refused (D-4).
pub(crate) fn lock(database: &Path) -> Done<File> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let path = PathBuf::from(path);
    let shown = path.display();
    let open = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = open.map_err(|error| unavailable(format!("cannot open {shown}: {error}")))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(unavailable(format!("another process has the database open ({shown})"))),
        Err(TryLockError::Error(error)) => Err(unavailable(format!("cannot lock {shown}: {error}"))),
    }
}

fn unavailable(reason: String) -> Failure {
    Failure::Store(StoreError::Unavailable(reason))
}
