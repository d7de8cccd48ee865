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

#[cfg(test)]
mod tests {
    use domain::id::CiAppId;
    use testkit::an_app;

    use super::*;

    fn pages(repo_url: &str, provider: Provider) -> (Option<String>, Option<String>) {
        let mut new = an_app().build();
        (new.repo_url, new.provider) = (repo_url.to_owned(), provider);
        let app = new.numbered(CiAppId(1));
        (commit_page(&app, "83b86e5f"), pull_request_page(&app, 7))
    }

    #[test]
    fn pages_are_where_the_host_has_them() {
        for (url, provider, commit, request) in [
            (
                "git@github.com:acme/rocket.git",
                Provider::GitHub,
                "https://github.com/acme/rocket/commit/83b86e5f",
                "https://github.com/acme/rocket/pull/7",
            ),
            (
                "https://alice:pw@gitlab.acme.test:8443/a/b/rocket",
                Provider::GitLabSelfHosted,
                "https://gitlab.acme.test:8443/a/b/rocket/-/commit/83b86e5f",
                "https://gitlab.acme.test:8443/a/b/rocket/-/merge_requests/7",
            ),
            (
                "ssh://git@bitbucket.org:7999/acme/rocket.git",
                Provider::Bitbucket,
                "https://bitbucket.org/acme/rocket/commits/83b86e5f",
                "https://bitbucket.org/acme/rocket/pull-requests/7",
            ),
            (
                "http://127.0.0.1:8017/acme/rocket.git",
                Provider::GitHub,
                "http://127.0.0.1:8017/acme/rocket/commit/83b86e5f",
                "http://127.0.0.1:8017/acme/rocket/pull/7",
            ),
        ] {
            assert_eq!(pages(url, provider), (Some(commit.to_owned()), Some(request.to_owned())), "{url}");
        }
        assert_eq!(pages("https://git.test/acme/rocket", Provider::Custom), (None, None));
        assert_eq!(pages("", Provider::GitHub), (None, None));
    }

    #[test]
    fn what_is_no_commit_has_no_page() {
        let app = an_app().build().numbered(CiAppId(1));
        for text in ["", "main", "../../x", "83b86e5f?x"] {
            assert_eq!(commit_page(&app, text), None, "{text}");
        }
        assert_eq!(pull_request_page(&app, 0), None);
    }
}
