//! Accounts at git hosts.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};

/// `git-account`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum GitAccountCommand {
    /// Connect a user or organization with a git host, so that hooks can be registered there
    Set(NewGitAccount),
    /// List what a user or organization is connected with; tokens are not shown
    List {
        /// Of this user or organization, unless yourself
        #[arg(long, value_name = "LOGIN")]
        owner: Option<String>,
    },
    /// Forget a token
    Remove {
        /// Of this user or organization
        #[arg(long, value_name = "LOGIN")]
        owner: String,
        /// Which host
        #[arg(long, value_parser = hosts())]
        host: String,
    },
}

/// `git-account set`
#[derive(Clone, Debug, Args)]
pub(crate) struct NewGitAccount {
    /// The user or organization whose repositories it is for, unless yourself
    #[arg(long, value_name = "LOGIN")]
    pub(crate) owner: Option<String>,
    /// Which host
    #[arg(long, value_parser = hosts())]
    pub(crate) host: String,
    /// The user name there, if the token needs one: Bitbucket's app passwords and API tokens do
    #[arg(long)]
    pub(crate) user: Option<String>,
    #[command(flatten)]
    pub(crate) token: GitToken,
}

/// Where the token comes from.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct GitToken {
    /// The token; on the command line other users of the machine can see it
    #[arg(long, value_name = "TOKEN")]
    pub(crate) git_token: Option<String>,
    /// Read the token from standard input
    #[arg(long)]
    pub(crate) token_stdin: bool,
}

fn hosts() -> PossibleValuesParser {
    ["github", "gitlab", "bitbucket"].into()
}
