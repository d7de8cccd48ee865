//! What a backend is opened with.

use std::fmt;
use std::sync::Arc;

use domain::hook::DialectName;
use domain::ports::{Clock, Entropy};

use crate::sqlite::space::DiskFloor;
use crate::vault::Keyring;

/// Called once, from the store's own thread, when the disk can no longer be trusted (N-6). The process should exit;
/// until it does, the store refuses everything.
pub type Fatal = Arc<dyn Fn(&str) + Send + Sync>;

/// How to open a store.
#[derive(Clone)]
pub struct Options {
    /// `sqlite:PATH`.
    pub url: String,
    /// Encrypts secrets at rest (S-2).
    pub keyring: Keyring,
    /// Which node this is, 0 to 15: part of every id.
    pub node: u8,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness: nonces.
    pub entropy: Arc<dyn Entropy>,
    /// The dialects in use. A stored name that is not among them makes its row unreadable.
    pub dialects: Vec<DialectName>,
    /// What to do when the disk fails (N-6).
    pub fatal: Fatal,
    /// Room that must be left on the disk for events to be accepted (D-7).
    pub disk_floor: DiskFloor,
    /// Time 20 syncs of the disk at start and log the median (D-3).
    pub probe_syncs: bool,
}

impl Options {
    /// Options for the database at `url`: node 0, a log line when the disk fails, no probe.
    pub fn new(
        url: impl Into<String>,
        keyring: Keyring,
        dialects: Vec<DialectName>,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let fatal: Fatal = Arc::new(|reason| tracing::error!(reason, "the store has stopped: {reason}"));
        Self {
            url: url.into(),
            keyring,
            node: 0,
            clock,
            entropy,
            dialects,
            fatal,
            disk_floor: DiskFloor::default(),
            probe_syncs: false,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("keyring", &self.keyring)
            .field("node", &self.node)
            .field("dialects", &self.dialects)
            .field("probe_syncs", &self.probe_syncs)
            .finish_non_exhaustive()
    }
}
