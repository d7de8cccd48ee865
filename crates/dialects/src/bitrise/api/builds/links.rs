//! Pages at the git host that belong to a build.

use domain::ci::{CiApp, Provider, RepoUrl};

/// The page of a commit; `None` if no commit is known, or where its page would be.
pub(in crate::bitrise::api) fn commit_page(app: &CiApp, commit: &str) -> Option<String> {
    let hex = !commit.is_empty() && commit.bytes().all(|byte| byte.is_ascii_hexdigit());
    let path = match app.provider {
        Provider::GitHub => "commit",
        Provider::GitLab | Provider::GitLabSelfHosted => "-/commit",
        Provider::Bitbucket => "commits",
        Provider::Custom => return None,
    };
    hex.then(|| repository_page(app)).flatten().map(|page| format!("{page}/{path}/{commit}"))
}

/// The page of a pull request; 0 is none.
pub(in crate::bitrise::api) fn pull_request_page(app: &CiApp, number: u64) -> Option<String> {
    let path = match app.provider {
        Provider::GitHub => "pull",
        Provider::GitLab | Provider::GitLabSelfHosted => "-/merge_requests",
        Provider::Bitbucket => "pull-requests",
        Provider::Custom => return None,
    };
    (number != 0).then(|| repository_page(app)).flatten().map(|page| format!("{page}/{path}/{number}"))
}

/// The page of the app's repository. What is cloned over plain HTTP is also looked at so; credentials in the URL and the
/// port of SSH stay out.
fn repository_page(app: &CiApp) -> Option<String> {
    let url = RepoUrl::parse(&app.repo_url)?;
    let (scheme, host) = match app.repo_url.trim().split_once("://") {
        Some((scheme @ ("http" | "https"), _)) => (scheme, url.host),
        _ => ("https", url.host.split(':').next().unwrap_or(url.host)),
    };
    Some(format!("{scheme}://{host}/{}/{}", url.owner, url.name))
}
