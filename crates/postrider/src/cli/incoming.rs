//! Requests that hooks of git hosts have sent.

use clap::{Args, Subcommand};

/// `incoming`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum IncomingCommand {
    /// List requests of an app, newest first
    List {
        /// The app's slug
        app: String,
        #[command(flatten)]
        filter: IncomingFilter,
        /// Most requests to list
        #[arg(long, default_value_t = 50, value_name = "N")]
        limit: u32,
    },
    /// Show one request with its headers, body and answer
    Show {
        /// The app's slug
        app: String,
        /// The request
        uid: String,
    },
    /// Take a request in again, with today's triggers
    Replay {
        /// The app's slug
        app: String,
        /// The request
        uid: String,
    },
}

/// Which requests to list.
#[derive(Clone, Debug, Args)]
pub(crate) struct IncomingFilter {
    /// Only of this provider: github, gitlab, bitbucket-v2, …
    #[arg(long)]
    pub(crate) provider: Option<String>,
    /// Only so: verified, authenticated, failed, unattempted
    #[arg(long)]
    pub(crate) verdict: Option<String>,
    /// Only answered so: 404, or 4xx
    #[arg(long)]
    pub(crate) status: Option<String>,
}
