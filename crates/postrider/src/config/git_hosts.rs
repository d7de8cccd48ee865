//! `[git_hosts]`: where hooks are registered (docs/bitrise.md).

use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use dialects::{GitHosts, MAX_GIT_HOST_TIMEOUT};
use domain::rules::target::TargetUrl;
use serde::{Deserialize, Serialize};

/// Base URLs of the APIs of git hosts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct GitHostsConfig {
    /// GitHub's API; that of a GitHub Enterprise Server is `https://host/api/v3`.
    pub github_api: String,
    /// A GitLab, without `/api/v4`.
    pub gitlab: String,
    /// Bitbucket Cloud's API, with `/2.0`.
    pub bitbucket_api: String,
    /// Seconds for everything that one registration asks of a host, 1 to 10.
    pub timeout: u64,
}

impl Default for GitHostsConfig {
    fn default() -> Self {
        let GitHosts { github_api, gitlab, bitbucket_api, timeout } = GitHosts::default();
        Self { github_api, gitlab, bitbucket_api, timeout: timeout.as_secs() }
    }
}

impl GitHostsConfig {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        for (name, text) in
            [("github_api", &self.github_api), ("gitlab", &self.gitlab), ("bitbucket_api", &self.bitbucket_api)]
        {
            let url = TargetUrl::parse(text).ok().filter(|_| !text.contains('?'));
            let usable = url.is_some_and(|url| url.target().is_ok_and(|target| target.credentials.is_none()));
            ensure!(usable, "git_hosts.{name}: must be an http or https URL without credentials and query");
        }
        let longest = MAX_GIT_HOST_TIMEOUT.as_secs();
        ensure!((1..=longest).contains(&self.timeout), "git_hosts.timeout: must be 1 to {longest} seconds");
        Ok(())
    }

    /// What the surfaces are told.
    pub(crate) fn settings(&self) -> Arc<GitHosts> {
        let base = |url: &str| url.trim_end_matches('/').to_owned();
        Arc::new(GitHosts {
            github_api: base(&self.github_api),
            gitlab: base(&self.gitlab),
            bitbucket_api: base(&self.bitbucket_api),
            timeout: Duration::from_secs(self.timeout),
        })
    }
}
