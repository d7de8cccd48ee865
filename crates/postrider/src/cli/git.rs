//! `git`: bare repositories that publish their pushes.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::RepoName;

/// `git`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum GitCommand {
    /// Install the hook that publishes pushes to a repository
    Attach(Attach),
    /// Remove that hook, its settings and its token
    Detach(Detach),
    /// Called by the installed hook: publishes, or spools while the server is away
    PostReceive(Repository),
    /// Send what was spooled
    Flush(Repositories),
}

/// `git attach`
#[derive(Clone, Debug, Args)]
pub(crate) struct Attach {
    /// The repository's name on the server
    #[arg(value_name = "OWNER/REPO")]
    pub(crate) repository: RepoName,
    /// The repository on this machine
    #[arg(long, value_name = "REPO.git")]
    pub(crate) path: PathBuf,
}

/// `git detach`
#[derive(Clone, Debug, Args)]
pub(crate) struct Detach {
    /// The repository on this machine
    #[arg(long, value_name = "REPO.git")]
    pub(crate) path: PathBuf,
}

/// Which repository; the one git runs the hook in unless given.
#[derive(Clone, Debug, Args)]
pub(crate) struct Repository {
    /// The repository on this machine
    #[arg(long, value_name = "REPO.git")]
    pub(crate) path: Option<PathBuf>,
}

/// Which repositories; the one in the current directory unless given.
#[derive(Clone, Debug, Args)]
pub(crate) struct Repositories {
    /// A repository on this machine; several may be given
    #[arg(long = "path", value_name = "REPO.git", num_args = 1..)]
    pub(crate) paths: Vec<PathBuf>,
}
