//! Apps: what is built, from where.

use std::path::PathBuf;

use clap::{ArgAction, Args, Subcommand};

use super::RepoName;

/// `app`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum AppCommand {
    /// Register an app, and print the URLs that hooks of git hosts call
    Create(Box<NewApp>),
    /// List apps
    List {
        /// Only those of this account
        #[arg(long, value_name = "LOGIN")]
        owner: Option<String>,
    },
    /// Show one app
    Show {
        /// Its slug
        app: String,
    },
    /// Change an app; what is not named stays
    Edit(Box<AppEdit>),
    /// Delete an app with its hooks, builds and log
    Delete {
        /// Its slug
        app: String,
    },
    /// Give an app a new trigger token; the URLs that carry the old one are refused from then on
    RotateToken {
        /// Its slug
        app: String,
    },
    /// Print an app's bitrise.yml, or store another one
    Config {
        /// Its slug
        app: String,
        /// Store this file; - for standard input
        #[arg(long, value_name = "FILE")]
        set: Option<PathBuf>,
    },
}

/// `app create`
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "flags of a command line")]
pub(crate) struct NewApp {
    /// The user or organization it belongs to, unless yourself
    #[arg(long, value_name = "LOGIN")]
    pub(crate) owner: Option<String>,
    /// The repository of this server that it builds: events of builds reach its hooks
    #[arg(long, value_name = "OWNER/NAME")]
    pub(crate) repo: Option<RepoName>,
    /// What people call it, unless the repository's name will do
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// Where its code is cloned from
    #[arg(long, value_name = "URL")]
    pub(crate) repo_url: Option<String>,
    /// Where its code is hosted, unless the URL tells: github, bitbucket, gitlab, gitlab-self-hosted, custom
    #[arg(long)]
    pub(crate) provider: Option<String>,
    /// What kind of project it is: ios, android, …
    #[arg(long, value_name = "TYPE")]
    pub(crate) project_type: Option<String>,
    /// The branch built when nothing else is said
    #[arg(long, value_name = "BRANCH")]
    pub(crate) default_branch: Option<String>,
    /// Pushes and pull requests that come in are also published to the hooks of its repository
    #[arg(long)]
    pub(crate) relay: bool,
    /// Anyone may see its builds
    #[arg(long)]
    pub(crate) public: bool,
    /// Builds of pull requests from forks need nobody's approval
    #[arg(long)]
    pub(crate) no_approval: bool,
    /// Its bitrise.yml; - for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "webhook_secret_stdin")]
    pub(crate) config: Option<PathBuf>,
    /// Read what git hosts sign their requests with from standard input
    #[arg(long)]
    pub(crate) webhook_secret_stdin: bool,
}

/// `app edit`
#[derive(Clone, Debug, Args)]
pub(crate) struct AppEdit {
    /// Its slug
    pub(crate) app: String,
    /// What people call it
    #[arg(long)]
    pub(crate) title: Option<String>,
    /// The repository of this server that it builds
    #[arg(long, value_name = "OWNER/NAME", conflicts_with = "no_repo")]
    pub(crate) repo: Option<RepoName>,
    /// It builds no repository of this server
    #[arg(long)]
    pub(crate) no_repo: bool,
    /// Where its code is cloned from
    #[arg(long, value_name = "URL")]
    pub(crate) repo_url: Option<String>,
    /// Where its code is hosted
    #[arg(long)]
    pub(crate) provider: Option<String>,
    /// What kind of project it is
    #[arg(long, value_name = "TYPE")]
    pub(crate) project_type: Option<String>,
    /// The branch built when nothing else is said
    #[arg(long, value_name = "BRANCH")]
    pub(crate) default_branch: Option<String>,
    /// Publish what comes in to the hooks of its repository
    #[arg(long, value_name = "true|false", action = ArgAction::Set)]
    pub(crate) relay: Option<bool>,
    /// Anyone may see its builds
    #[arg(long, value_name = "true|false", action = ArgAction::Set)]
    pub(crate) public: Option<bool>,
    /// Nothing triggers it
    #[arg(long, value_name = "true|false", action = ArgAction::Set)]
    pub(crate) disabled: Option<bool>,
    /// Builds of pull requests from forks wait for approval
    #[arg(long, value_name = "true|false", action = ArgAction::Set)]
    pub(crate) approval: Option<bool>,
    /// Read what git hosts sign their requests with from standard input
    #[arg(long, conflicts_with = "no_webhook_secret")]
    pub(crate) webhook_secret_stdin: bool,
    /// Believe requests by their URL's token alone
    #[arg(long)]
    pub(crate) no_webhook_secret: bool,
}
