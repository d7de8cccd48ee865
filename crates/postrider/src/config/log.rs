//! `[log]`.

use serde::{Deserialize, Serialize};

/// What is logged, and how. Logs go to stderr.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LogConfig {
    /// `text` or `json`.
    pub format: LogFormat,
    /// Levels by target, as in `info,engine=debug`.
    pub filter: String,
    /// One line for every attempt; otherwise only for those that failed. Off by default: the delivery log has them all,
    /// and formatting a line costs as much as a third of the delivery.
    pub attempts: bool,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self { format: LogFormat::Text, filter: "info".to_owned(), attempts: false }
    }
}

/// Forms of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One object per line.
    Json,
}
