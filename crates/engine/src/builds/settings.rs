//! What can be set about builds.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::thread::available_parallelism;
use std::time::Duration;

use domain::ci::{Build, CiApp};

use super::folder::WorkFolder;

/// Names what a build is about to its command: the app, the build, its page, its folder.
pub type Naming = fn(&CiApp, &Build, &str, &WorkFolder) -> Vec<(String, String)>;

/// Who runs builds.
#[derive(Clone, Debug)]
pub struct BuildSettings {
    /// The command this server runs builds with; `None`: others take them over the API.
    pub command: Option<CommandSettings>,
    /// A build that somebody else was given, or nobody took, ends as failed after so long without a word.
    pub external_timeout: Duration,
}

impl Default for BuildSettings {
    fn default() -> Self {
        Self { command: None, external_timeout: Duration::from_secs(24 * 3600) }
    }
}

/// How a command runs builds.
#[derive(Clone, Debug)]
pub struct CommandSettings {
    /// Program and arguments; no shell is between.
    pub argv: Vec<String>,
    /// Builds at once.
    pub concurrency: usize,
    /// How long a build may take.
    pub time_limit: Duration,
    /// How long a build that is stopped may take to end by itself.
    pub grace: Duration,
    /// The same when the server stops.
    pub shutdown_grace: Duration,
    /// Where builds get their folders; nothing else is to be in there.
    pub work_dir: PathBuf,
    /// Leave folders when builds are over.
    pub keep_work: bool,
    /// Variables that builds have from the server.
    pub inherited: Vec<(String, String)>,
    /// The others.
    pub naming: Naming,
}

impl CommandSettings {
    /// As many builds at once as the machine has cores.
    pub fn cores() -> usize {
        available_parallelism().map_or(1, NonZeroUsize::get)
    }
}
