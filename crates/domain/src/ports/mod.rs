//! What the flow needs from the world. Backends and the engine implement these; tests drive them.

mod ci;
mod engine;
mod git_accounts;
mod hub;
mod queue;
mod registry;
mod views;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::directory::Directory;
use crate::time::Timestamp;

pub use ci::Ci;
pub use engine::{Bell, FetchRequest, Fetched, SendMethod, SendRequest, Sender};
pub use git_accounts::GitAccounts;
pub use hub::{HubBacklog, MaxPending, Tasks};
pub use queue::{Backlog, ClaimDue, Events, Hooks, Queue};
pub use registry::{Accounts, Applications, Grants, NewAccount, NewRepository, NewToken};
pub use views::{AttemptFilter, AttemptRow, Conservation, MAX_STREAM_SCAN, Tally, Views};

/// Tells the time. Rules get moments as arguments; flows and engine ask here.
pub trait Clock: Send + Sync {
    /// The wall clock; within one process it never runs backwards (N-3).
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment, for measuring durations.
    fn monotonic(&self) -> Duration;
}

/// The only source of randomness.
pub trait Entropy: Send + Sync {
    /// Fills with random bytes.
    fn fill(&self, bytes: &mut [u8]);

    /// Uniform in 0 to 1.
    fn unit(&self) -> f64 {
        let mut bytes = [0; 4];
        self.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
    }
}

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The name is taken (login, repository name).
    #[error("the name is taken")]
    NameTaken,
    /// The row is not there (any more).
    #[error("not found")]
    NotFound,
    /// A hook may not be so beside its siblings.
    #[error("the hook conflicts with another one: {0:?}")]
    Conflict(crate::hook::HookConflict),
    /// Too much is waiting to be written; nothing was accepted (D-7, 503).
    #[error("the store is overloaded")]
    Busy,
    /// No disk space is left; nothing was accepted (D-7, 507).
    #[error("the disk is full")]
    Full,
    /// The store is away or shutting down; nothing was accepted (503).
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A stored row cannot be read back. The text names table and row, never content.
    #[error("stored data is unreadable: {0}")]
    Corrupt(String),
}

/// The result of asking the store.
pub type Stored<T> = Result<T, StoreError>;

/// An edit: gets the present value, gives the new one. Runs inside the store's transaction.
pub type Edit<T> = Box<dyn FnOnce(T) -> T + Send>;

/// One backend: SQLite or PostgreSQL.
#[async_trait]
pub trait Store: Accounts + Applications + Grants + GitAccounts + Hooks + Events + Queue + Tasks + Ci + Views {
    /// Accounts, repositories, tokens and hooks in memory, true as of the last commit this node heard of.
    fn directory(&self) -> &Arc<Directory>;
    /// Connects the engine. Until then nothing is admitted and all planned deliveries are queued.
    fn set_bell(&self, bell: Arc<dyn Bell>);
    /// Commits an empty transaction: `/readyz`.
    async fn check(&self) -> Stored<()>;
    /// Copies the whole database to a file, consistently, while serving.
    async fn backup(&self, to: &std::path::Path) -> Stored<()>;
    /// Finishes what was handed in, then closes. Later calls are [`StoreError::Unavailable`].
    async fn close(&self);
}
