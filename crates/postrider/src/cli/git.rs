//! `git`: bare repositories that publish their pushes.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::RepoName;

/// `git`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum GitCommand {
    /// Install the hook that publishes pushes to a bare repository
    Attach(Attach),
    /// Called by the installed hook: publishes, or spools while the server is away
    PostReceive(Repository),
    /// Send what was spooled
    Flush(Repository),
}

/// `git attach`
#[derive(Clone, Debug, Args)]
pub(crate) struct Attach {
    /// The repository's name on the server
    #[arg(value_name = "OWNER/REPO")]
    pub(crate) repository: RepoName,
    /// The bare repository
    #[arg(long, value_name = "REPO.git")]
    pub(crate) path: PathBuf,
}

/// Which repository; the one git runs the hook in unless given.
#[derive(Clone, Debug, Args)]
pub(crate) struct Repository {
    /// The bare repository
    #[arg(long, value_name = "REPO.git")]
    pub(crate) path: Option<PathBuf>,
}
