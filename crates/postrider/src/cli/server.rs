//! Verbs that work on the installation itself, not through its API.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Which installation (the data directory is a global option).
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ServerArgs {
    /// Configuration file (TOML)
    #[arg(long, env = "POSTRIDER_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Database, unless it is the SQLite file in the data directory
    #[arg(long, value_name = "URL")]
    pub(crate) database_url: Option<String>,
}

/// `serve`
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    pub(crate) server_args: ServerArgs,
    /// Address to listen on; port 0 picks one
    #[arg(long, value_name = "ADDR")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where the server is reached from outside
    #[arg(long, value_name = "URL")]
    pub(crate) public_url: Option<String>,
    /// Lets deliveries reach an otherwise refused target: CIDR or host:NAME, each with a :port if wanted, private,
    /// loopback; repeatable
    #[arg(long, value_name = "RULE")]
    pub(crate) egress_allow: Vec<String>,
    /// Log lines for people or for machines
    #[arg(long, value_name = "FORMAT", value_parser = ["text", "json"])]
    pub(crate) log_format: Option<String>,
}

/// `config`
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the effective configuration, secrets masked
    Show(ServeArgs),
    /// Check the configuration
    Check(ServeArgs),
    /// Explain whether deliveries may go to a URL
    CheckUrl(CheckUrlArgs),
}

/// `config check-url`
#[derive(Clone, Debug, Args)]
pub(crate) struct CheckUrlArgs {
    /// The URL of a hook
    pub(crate) url: String,
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
}

/// `backup`
#[derive(Clone, Debug, Args)]
pub(crate) struct BackupArgs {
    /// The file to write; must not exist
    pub(crate) to: PathBuf,
    #[command(flatten)]
    pub(crate) server_args: ServerArgs,
}

impl ServeArgs {
    /// What these flags say about the configuration.
    pub(crate) fn overrides(&self, global: &super::Global) -> anyhow::Result<crate::config::Overrides> {
        let log_format = match self.log_format.as_deref() {
            Some("json") => Some(crate::config::LogFormat::Json),
            Some("text") => Some(crate::config::LogFormat::Text),
            Some(other) => anyhow::bail!("unknown log format {other:?}"),
            None => None,
        };
        Ok(crate::config::Overrides {
            listen: self.listen.map(|address| address.to_string()),
            data_dir: global.data_dir.clone(),
            database_url: self.server_args.database_url.clone(),
            public_url: self.public_url.clone(),
            egress_allow: self.egress_allow.clone(),
            log_format,
        })
    }
}
