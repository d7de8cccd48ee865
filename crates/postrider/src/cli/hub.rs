//! `hub`: the open hub, as its operator sees it.

use clap::Subcommand;

/// `hub`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum HubCommand {
    /// List topics that somebody subscribes to
    Topics,
    /// List subscriptions of a topic; their deliveries are those of the hook with the same number
    Subscriptions {
        /// The topic's URL
        topic: String,
    },
    /// Show what was asked of subscribers and publishers, and what came back, newest first
    Log {
        /// Only of this topic
        #[arg(long, value_name = "URL")]
        topic: Option<String>,
        /// At most so many lines
        #[arg(long, value_name = "NUMBER", default_value_t = 50)]
        limit: u32,
    },
    /// End a subscription; the subscriber is not told
    Unsubscribe {
        /// Its number, as `hub subscriptions` shows it
        id: i64,
    },
}
