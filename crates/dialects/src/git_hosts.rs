//! Where the APIs of git hosts are (contract bitrise section 5).

use std::time::Duration;

use domain::ci::GitHost;

/// Longest that a call of a git host may take, with everything that belongs to it.
pub const MAX_GIT_HOST_TIMEOUT: Duration = Duration::from_secs(10);

/// gitlab.com.
const GITLAB: &str = "https://gitlab.com";

/// Base URLs of the APIs of git hosts, without a trailing slash. Credentials are sent to these places and to no others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GitHosts {
    /// GitHub's API; that of a GitHub Enterprise Server is `https://host/api/v3`.
    pub github_api: String,
    /// A GitLab, without `/api/v4`.
    pub gitlab: String,
    /// Bitbucket Cloud's API, with `/2.0`.
    pub bitbucket_api: String,
    /// For all requests that one call leads to together, at most [`MAX_GIT_HOST_TIMEOUT`].
    pub timeout: Duration,
}

impl Default for GitHosts {
    fn default() -> Self {
        Self {
            github_api: "https://api.github.com".to_owned(),
            gitlab: GITLAB.to_owned(),
            bitbucket_api: "https://api.bitbucket.org/2.0".to_owned(),
            timeout: MAX_GIT_HOST_TIMEOUT,
        }
    }
}

impl GitHosts {
    /// Where that host's API is.
    pub fn api(&self, host: GitHost) -> &str {
        let base = match host {
            GitHost::GitHub => &self.github_api,
            GitHost::GitLab => &self.gitlab,
            GitHost::Bitbucket => &self.bitbucket_api,
        };
        base.trim_end_matches('/')
    }

    /// Is the GitLab another one than gitlab.com?
    pub fn has_own_gitlab(&self) -> bool {
        self.api(GitHost::GitLab) != GITLAB
    }
}
