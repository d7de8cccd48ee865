//! OAuth applications.

use clap::{Args, Subcommand};

/// `oauth-app`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum OAuthAppCommand {
    /// Register an application and print its client id and secret; the secret is never shown again
    Create(NewOAuthApp),
    /// List applications
    List {
        /// Of this user or organization, unless yourself
        #[arg(long, value_name = "LOGIN")]
        owner: Option<String>,
    },
    /// Delete an application; its tokens are refused from then on
    Delete {
        /// The application
        client_id: String,
    },
    /// Give an application a new secret and print it; the old one is refused from then on
    Secret {
        /// The application
        client_id: String,
    },
}

/// `oauth-app create`
#[derive(Clone, Debug, Args)]
pub(crate) struct NewOAuthApp {
    /// The user or organization it belongs to, unless yourself
    #[arg(long, value_name = "LOGIN")]
    pub(crate) owner: Option<String>,
    /// What users are shown
    #[arg(long)]
    pub(crate) name: String,
    /// Where users may be sent back to; repeatable, the first is used when a request names none
    #[arg(long = "redirect-uri", value_name = "URL")]
    pub(crate) redirect_uris: Vec<String>,
    /// A web page about it
    #[arg(long, value_name = "URL")]
    pub(crate) homepage: Option<String>,
    /// It may use the device flow
    #[arg(long)]
    pub(crate) device_flow: bool,
}
