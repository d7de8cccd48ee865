//! The only crate that knows SQL: backends of [`domain::ports::Store`].
//!
//! Invariants: one method is one business transaction; no transaction, connection or row type leaves this crate; SQL
//! never asks for the time or for randomness; whatever is answered with success has been synced to disk (D-2).
//!
//! `sqlite` is the embedded backend: one writer thread commits for everyone (D-3), a few reader threads serve views, and
//! accounts and hooks are answered from memory (ADR 0004). Its files are named after the nouns they store.

mod error;
mod options;
mod plan;
mod sqlite;
mod vault;

use std::sync::Arc;

use domain::ports::{Store, StoreError};

pub use options::{Fatal, Options};
pub use sqlite::space::DiskFloor;
pub use vault::Keyring;

/// Copies the database that `url` names to a new file, consistently, also while another process serves it.
pub fn backup(url: &str, to: &std::path::Path) -> Result<(), StoreError> {
    match url.split_once(':') {
        Some(("sqlite", path)) if !path.is_empty() => sqlite::backup(path.as_ref(), to),
        _ => Err(StoreError::Unavailable("only sqlite:PATH can be copied so".to_owned())),
    }
}

/// Opens the database that `options.url` names, creates or migrates its tables, and fills the directory.
///
/// Blocks the calling thread for as long as that takes: milliseconds, plus the probe of the disk's sync time.
pub fn open(options: Options) -> Result<Arc<dyn Store>, StoreError> {
    match options.url.split_once(':') {
        Some(("sqlite", path)) if !path.is_empty() => Ok(Arc::new(sqlite::open(path.to_owned().into(), options)?)),
        Some(("postgres" | "postgresql", _)) => {
            Err(StoreError::Unavailable("this build has no PostgreSQL backend; use sqlite:PATH".to_owned()))
        }
        _ => Err(StoreError::Unavailable("the database URL must be sqlite:PATH".to_owned())),
    }
}
