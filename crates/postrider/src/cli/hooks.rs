//! Hooks, their log, events.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};

use super::RepoName;

/// `hook`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum HookCommand {
    /// Create a hook
    Create(NewHook),
    /// List the hooks of a repository or an organization
    List(HookTarget),
    /// Show one hook
    Show {
        /// Its number
        id: i64,
    },
    /// Send a hook a ping
    Ping {
        /// Its number
        id: i64,
    },
    /// Close a hook's circuit breaker; what it held goes out at once
    CloseBreaker {
        /// Its number
        id: i64,
    },
    /// Delete a hook; its log stays
    Delete {
        /// Its number
        id: i64,
    },
}

/// Whose hooks.
#[derive(Clone, Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct HookTarget {
    /// Hooks of this repository
    #[arg(long, value_name = "OWNER/NAME")]
    pub(crate) repo: Option<RepoName>,
    /// Hooks of this organization
    #[arg(long, value_name = "LOGIN")]
    pub(crate) org: Option<String>,
}

impl HookTarget {
    /// The scope as the API writes it: `/repos/acme/widgets`, `/orgs/acme`.
    pub(crate) fn scope(&self) -> String {
        match (&self.repo, &self.org) {
            (Some(repo), _) => format!("/repos/{repo}"),
            (None, org) => format!("/orgs/{}", org.as_deref().unwrap_or_default()),
        }
    }
}

/// `hook create`
#[derive(Clone, Debug, Args)]
pub(crate) struct NewHook {
    #[command(flatten)]
    pub(crate) target: HookTarget,
    /// The wire format the receiver speaks
    #[arg(long, default_value = "github")]
    pub(crate) dialect: String,
    /// Where deliveries go
    #[arg(long)]
    pub(crate) url: String,
    /// Event names of the dialect, separated by commas; all of them unless given
    #[arg(long, value_delimiter = ',')]
    pub(crate) events: Option<Vec<String>>,
    /// Signs deliveries; better in a file, where other users do not see it
    #[arg(long, conflicts_with = "secret_file")]
    pub(crate) secret: Option<String>,
    /// File that holds the secret; - for standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
    /// How bodies are written
    #[arg(long, value_enum, default_value_t = Content::Json)]
    pub(crate) content_type: Content,
    /// Accept any TLS certificate
    #[arg(long)]
    pub(crate) insecure_ssl: bool,
    /// Create it switched off
    #[arg(long)]
    pub(crate) inactive: bool,
    /// Seconds an exchange may take, 1 to 30
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=30))]
    pub(crate) timeout: Option<u32>,
    /// postrider, standard, vendor, none, or seconds between attempts: 5,30,120
    #[arg(long)]
    pub(crate) retries: Option<Retries>,
}

/// How bodies are written.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Content {
    /// `application/json`
    Json,
    /// `application/x-www-form-urlencoded`
    Form,
}

/// A retry schedule.
#[derive(Clone, Debug)]
pub(crate) enum Retries {
    /// A preset by name.
    Preset(String),
    /// Seconds between attempts.
    Custom(Vec<u32>),
}

impl FromStr for Retries {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if ["postrider", "standard", "vendor", "none"].contains(&text) {
            return Ok(Self::Preset(text.to_owned()));
        }
        let delays = text.split(',').map(|delay| delay.trim().parse());
        let delays = delays.collect::<Result<_, _>>().map_err(|_| "must be a preset or seconds: 5,30,120")?;
        Ok(Self::Custom(delays))
    }
}

/// `delivery`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum DeliveryCommand {
    /// List attempts of a hook, newest first
    List {
        /// The hook's number
        hook: i64,
        #[command(flatten)]
        filter: DeliveryFilter,
        /// How many at most
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Show one attempt with request and response
    Show {
        /// Its number
        id: i64,
    },
    /// Send the message of an attempt once more
    Redeliver {
        /// The attempt's number
        id: i64,
    },
    /// Print attempts of a hook as they happen, until interrupted
    Tail {
        /// The hook's number
        hook: i64,
        #[command(flatten)]
        filter: DeliveryFilter,
    },
}

/// Which attempts.
#[derive(Clone, Debug, Args)]
pub(crate) struct DeliveryFilter {
    /// Begun at or after this moment (2026-01-02T03:04:05Z)
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Begun before this moment
    #[arg(long, value_name = "TIME")]
    pub(crate) until: Option<String>,
    /// Only this event name
    #[arg(long)]
    pub(crate) event: Option<String>,
    /// Only this message
    #[arg(long)]
    pub(crate) guid: Option<String>,
    /// Only attempts without a 2xx answer
    #[arg(long)]
    pub(crate) failed: bool,
}

/// `event`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum EventCommand {
    /// Publish an event; data comes from --data, a file, or standard input
    Publish(PublishArgs),
    /// List accepted events, newest first
    List {
        /// Only those of this source: /repos/acme/widgets
        #[arg(long)]
        source: Option<String>,
        /// How many at most
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..))]
        limit: u32,
    },
    /// Show one event with its data
    Show {
        /// Its number
        id: i64,
    },
}

/// `event publish`
#[derive(Clone, Debug, Args)]
pub(crate) struct PublishArgs {
    /// File that holds the data; - or nothing for standard input
    #[arg(conflicts_with = "data")]
    pub(crate) file: Option<PathBuf>,
    /// Where it happened: /repos/acme/widgets, /orgs/acme
    #[arg(long)]
    pub(crate) source: String,
    /// What happened: push, github.push, acme.thing.done
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind: String,
    /// Makes a repeat harmless; a fresh UUID unless given
    #[arg(long)]
    pub(crate) id: Option<String>,
    /// What it is about, within the source
    #[arg(long)]
    pub(crate) subject: Option<String>,
    /// When it happened (2026-01-02T03:04:05Z)
    #[arg(long)]
    pub(crate) time: Option<String>,
    /// The data itself
    #[arg(long)]
    pub(crate) data: Option<String>,
    /// Media type of the data
    #[arg(long, value_name = "TYPE", default_value = "application/json")]
    pub(crate) content_type: String,
}
