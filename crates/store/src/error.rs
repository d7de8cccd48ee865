//! Errors inside the store, before they become [`StoreError`]s.

use domain::ports::StoreError;
use rusqlite::ErrorCode;
use rusqlite::ffi::{SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};

/// Why a command or view did not do its work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Already told in the store's own words.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database refused.
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
}

/// The result of a step inside the store.
pub(crate) type Done<T> = Result<T, Failure>;

/// How far a failure reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Only the command that ran into it.
    Command,
    /// The whole transaction; the next one may succeed (N-5).
    Transaction,
    /// The disk or file cannot be trusted any more (N-6).
    Store,
}

impl Failure {
    /// How far it reaches.
    pub(crate) fn reach(&self) -> Reach {
        match self {
            Self::Store(_) => Reach::Command,
            Self::Sql(error) => match error.sqlite_error_code() {
                Some(
                    ErrorCode::SystemIoFailure
                    | ErrorCode::DatabaseCorrupt
                    | ErrorCode::NotADatabase
                    | ErrorCode::CannotOpen
                    | ErrorCode::ReadOnly
                    | ErrorCode::FileLockingProtocolFailed,
                ) => Reach::Store,
                Some(
                    ErrorCode::DiskFull
                    | ErrorCode::OutOfMemory
                    | ErrorCode::DatabaseBusy
                    | ErrorCode::DatabaseLocked
                    | ErrorCode::OperationInterrupted
                    | ErrorCode::OperationAborted,
                ) => Reach::Transaction,
                _ => Reach::Command,
            },
        }
    }

    /// What the caller is told. Texts name tables and codes, never values.
    pub(crate) fn told(self) -> StoreError {
        let error = match self {
            Self::Store(error) => return error,
            Self::Sql(error) => error,
        };
        match &error {
            rusqlite::Error::QueryReturnedNoRows => StoreError::NotFound,
            rusqlite::Error::SqliteFailure(failure, _) => match (failure.code, failure.extended_code) {
                (ErrorCode::DiskFull, _) => StoreError::Full,
                (ErrorCode::ConstraintViolation, SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY) => {
                    StoreError::NameTaken
                }
                (ErrorCode::ConstraintViolation, SQLITE_CONSTRAINT_FOREIGNKEY) => StoreError::NotFound,
                (ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase, _) => StoreError::Corrupt(error.to_string()),
                _ => StoreError::Unavailable(error.to_string()),
            },
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..) => StoreError::Corrupt(error.to_string()),
            _ => StoreError::Unavailable(error.to_string()),
        }
    }
}

/// The same error once more, for the next of several callers.
pub(crate) fn repeat(error: &StoreError) -> StoreError {
    match error {
        StoreError::NameTaken => StoreError::NameTaken,
        StoreError::NotFound => StoreError::NotFound,
        StoreError::Conflict(conflict) => StoreError::Conflict(conflict.clone()),
        StoreError::Busy => StoreError::Busy,
        StoreError::Full => StoreError::Full,
        StoreError::Unavailable(reason) => StoreError::Unavailable(reason.clone()),
        StoreError::Corrupt(what) => StoreError::Corrupt(what.clone()),
    }
}

/// A stored row that cannot be read back: names the table, the row and the column.
pub(crate) fn corrupt(table: &str, row: i64, what: &str) -> Failure {
    Failure::Store(StoreError::Corrupt(format!("{table} {row}: {what}")))
}
