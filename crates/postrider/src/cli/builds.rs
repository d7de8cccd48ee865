//! Builds, as people start, watch and stop them.

use clap::{Args, Subcommand};

/// `build`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum BuildCommand {
    /// Start a build: what the app's triggers choose, or the workflow or pipeline that is named
    Trigger(Box<NewBuild>),
    /// List an app's builds, newest first
    List {
        /// The app's slug
        app: String,
        /// Only of this branch
        #[arg(long)]
        branch: Option<String>,
        /// Only of this workflow
        #[arg(long)]
        workflow: Option<String>,
        /// Only so: in-progress, success, error, aborted, aborted-with-success
        #[arg(long)]
        status: Option<String>,
        /// At most so many
        #[arg(long, value_name = "NUMBER", default_value_t = 50)]
        limit: u32,
    },
    /// Show one build
    Show {
        /// Its slug
        build: String,
    },
    /// Print a build's log
    Log {
        /// Its slug
        build: String,
        /// Go on until the build has ended
        #[arg(long, short)]
        follow: bool,
    },
    /// Stop a build
    Abort {
        /// Its slug
        build: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
        /// Let it count as succeeded
        #[arg(long)]
        as_success: bool,
    },
}

/// `build trigger`
#[derive(Clone, Debug, Args)]
pub(crate) struct NewBuild {
    /// The app's slug
    pub(crate) app: String,
    /// The branch to build
    #[arg(long)]
    pub(crate) branch: Option<String>,
    /// The tag to build
    #[arg(long)]
    pub(crate) tag: Option<String>,
    /// The commit to build
    #[arg(long)]
    pub(crate) commit: Option<String>,
    /// Its message
    #[arg(long)]
    pub(crate) message: Option<String>,
    /// Run this workflow, whatever the triggers say
    #[arg(long, conflicts_with = "pipeline")]
    pub(crate) workflow: Option<String>,
    /// Run this pipeline, whatever the triggers say
    #[arg(long)]
    pub(crate) pipeline: Option<String>,
    /// A variable for the build; may be given several times
    #[arg(long = "env", value_name = "NAME=VALUE")]
    pub(crate) environment: Vec<String>,
}
