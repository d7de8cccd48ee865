//! One verb per file: rules tied to ports.

pub mod builds;
pub mod hub;
pub mod ping;
pub mod probe;
pub mod publish;
pub mod redeliver;
pub mod test_push;

use std::sync::Arc;

use crate::dialect::Dialects;
use crate::directory::Directory;
use crate::ports::{Clock, Entropy, Sender, Store};

/// Everything a verb may use. Cheap to clone.
#[derive(Clone)]
pub struct Ports {
    /// The database.
    pub store: Arc<dyn Store>,
    /// The wire formats.
    pub dialects: Dialects,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// Calls receivers: for the engine, and for tests that a person waits for.
    pub sender: Arc<dyn Sender>,
    /// Where this server is reached from outside, without a trailing slash: `https://git.acme.test`.
    pub public_url: Arc<str>,
}

impl Ports {
    /// Accounts, repositories, tokens and hooks in memory.
    pub fn directory(&self) -> &Arc<Directory> {
        self.store.directory()
    }
}

impl std::fmt::Debug for Ports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ports")
            .field("dialects", &self.dialects)
            .field("public_url", &self.public_url)
            .finish_non_exhaustive()
    }
}
