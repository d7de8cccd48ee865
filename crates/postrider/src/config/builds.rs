//! `[builds]`: who runs builds (docs/builds.md).

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::ensure;
use engine::{BuildSettings, CommandSettings, Naming};
use serde::{Deserialize, Serialize};

/// Who runs builds, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct BuildsConfig {
    /// `external`: others take builds over the API; `command`: this server runs a command for each.
    pub executor: Executor,
    /// Program and arguments, each a text of its own; no shell is between.
    pub command: Vec<String>,
    /// Builds this server runs at once; as many as there are cores if not set.
    pub concurrency: Option<usize>,
    /// Seconds a build may take.
    pub time_limit: u64,
    /// Seconds a build that is stopped may take to end by itself, before it is killed.
    pub grace: u64,
    /// Where builds get their folders; `builds` in the data directory if not set. Nothing else is to be in there.
    pub work_dir: Option<PathBuf>,
    /// Leave the folders when builds are over.
    pub keep_work: bool,
    /// Names of variables of the server that builds get, beside `PATH` and `LANG`.
    pub inherit: Vec<String>,
    /// Seconds after which a build of an external executor ends as failed when nobody reports on it.
    pub external_timeout: u64,
}

/// Who runs builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Executor {
    /// Others, over the API.
    External,
    /// This server, with a command.
    Command,
}

/// What every build gets of the server's variables.
const INHERITED: [&str; 2] = ["PATH", "LANG"];
/// Seconds the server, when it stops, leaves to builds: it is to be gone after ten (N-8).
const SHUTDOWN_GRACE: u64 = 3;

impl Default for BuildsConfig {
    fn default() -> Self {
        Self {
            executor: Executor::External,
            command: Vec::new(),
            concurrency: None,
            time_limit: 90 * 60,
            grace: 10,
            work_dir: None,
            keep_work: false,
            inherit: Vec::new(),
            external_timeout: 24 * 3600,
        }
    }
}

impl BuildsConfig {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        if self.executor == Executor::Command {
            let program = self.command.first().is_some_and(|program| !program.is_empty());
            ensure!(program, "builds.command: must name a program, for example [\"sh\", \"-c\", \"make\"]");
        }
        let clean = self.command.iter().all(|argument| !argument.contains('\0'));
        ensure!(clean, "builds.command: must not contain NUL");
        ensure!(self.concurrency != Some(0), "builds.concurrency: must be at least 1");
        ensure!(self.time_limit > 0, "builds.time_limit: must be at least 1 second");
        ensure!(self.external_timeout > 0, "builds.external_timeout: must be at least 1 second");
        let named = self.inherit.iter().all(|name| !name.is_empty() && !name.contains(['=', '\0']));
        ensure!(named, "builds.inherit: must be names of variables");
        Ok(())
    }

    /// As the engine wants it.
    pub(crate) fn settings(&self, data_dir: &Path, naming: Naming) -> anyhow::Result<BuildSettings> {
        let external_timeout = Duration::from_secs(self.external_timeout);
        let command = match self.executor {
            Executor::External => None,
            Executor::Command => Some(self.command_settings(data_dir, naming)?),
        };
        Ok(BuildSettings { command, external_timeout })
    }

    fn command_settings(&self, data_dir: &Path, naming: Naming) -> anyhow::Result<CommandSettings> {
        let work_dir = self.work_dir.clone().unwrap_or_else(|| data_dir.join("builds"));
        let names = INHERITED.iter().copied().chain(self.inherit.iter().map(String::as_str));
        // What is not text cannot be passed on as text; nobody has such a PATH.
        let inherited = names.filter_map(|name| Some((name.to_owned(), std::env::var_os(name)?.into_string().ok()?)));
        Ok(CommandSettings {
            argv: self.command.clone(),
            concurrency: self.concurrency.unwrap_or_else(CommandSettings::cores),
            time_limit: Duration::from_secs(self.time_limit),
            grace: Duration::from_secs(self.grace),
            shutdown_grace: Duration::from_secs(self.grace.min(SHUTDOWN_GRACE)),
            // Builds start elsewhere; a relative path would mean another place to them.
            work_dir: std::path::absolute(work_dir)?,
            keep_work: self.keep_work,
            inherited: inherited.collect(),
            naming,
        })
    }
}
