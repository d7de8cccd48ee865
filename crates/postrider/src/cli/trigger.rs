//! Triggers: what of an app an event starts.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `trigger`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum TriggerCommand {
    /// Say what an event would start, and why; starts nothing. The exit code is 1 if it would start nothing
    Test(Box<TriggerTestArgs>),
}

/// `trigger test`
#[derive(Clone, Debug, Args)]
pub(crate) struct TriggerTestArgs {
    /// The bitrise.yml; - for standard input. Needs no server
    #[arg(long, value_name = "FILE", required_unless_present = "app", conflicts_with = "app")]
    pub(crate) config: Option<PathBuf>,
    /// The app whose stored bitrise.yml to ask
    #[arg(long, value_name = "SLUG")]
    pub(crate) app: Option<String>,
    /// A push to this branch
    #[arg(long, value_name = "BRANCH", conflicts_with_all = ["pr_source", "pr_target", "tag"])]
    pub(crate) push_branch: Option<String>,
    /// A pull request from this branch
    #[arg(long, value_name = "BRANCH", conflicts_with = "tag")]
    pub(crate) pr_source: Option<String>,
    /// A pull request to this branch
    #[arg(long, value_name = "BRANCH", conflicts_with = "tag")]
    pub(crate) pr_target: Option<String>,
    /// This tag
    #[arg(long)]
    pub(crate) tag: Option<String>,
    /// The message of a commit, oldest first; of a pull request, title and description
    #[arg(long, value_name = "TEXT")]
    pub(crate) commit_message: Vec<String>,
    /// A file that was touched
    #[arg(long, value_name = "PATH")]
    pub(crate) changed_file: Vec<String>,
    /// A label of the pull request
    #[arg(long, value_name = "LABEL")]
    pub(crate) label: Vec<String>,
    /// A label that was just added
    #[arg(long, value_name = "LABEL")]
    pub(crate) label_added: Vec<String>,
    /// The comment on the pull request that is the event
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,
    /// The pull request is a draft
    #[arg(long, conflicts_with_all = ["ready", "converted"])]
    pub(crate) draft: bool,
    /// The pull request is ready for review
    #[arg(long, conflicts_with = "converted")]
    pub(crate) ready: bool,
    /// The pull request was a draft until just now
    #[arg(long)]
    pub(crate) converted: bool,
    /// Take build parameters from this JSON file, and the other options on top; - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) params: Option<PathBuf>,
    /// A call that names this workflow, so that triggers are not asked
    #[arg(long, value_name = "NAME")]
    pub(crate) workflow: Option<String>,
}
