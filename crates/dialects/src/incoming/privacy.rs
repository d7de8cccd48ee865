//! Is a repository on Bitbucket Cloud private? Its hooks do not say so of forks.

use std::time::Duration;

use domain::ci::GitHost;
use domain::flow::Ports;
use domain::ports::FetchRequest;
use domain::rules::target::TargetUrl;

use crate::git_hosts::GitHosts;

/// Longest that the host is waited for: whoever sent the hook waits as well.
const TIMEOUT: Duration = Duration::from_secs(3);
/// The answer's body says nothing that is wanted.
const MAX_BODY: usize = 1_024;

/// Asks for the repository without a credential, through the guard of addresses (E-15). What cannot be seen like that is
/// private. `None`: no answer came.
pub(super) async fn is_private(ports: &Ports, hosts: &GitHosts, full_name: &str) -> Option<bool> {
    let url = url_of(hosts.api(GitHost::Bitbucket), full_name)?;
    let headers = vec![("Accept", "application/json".to_owned()), ("User-Agent", "Postrider".to_owned())];
    let request = FetchRequest { url, headers, timeout: TIMEOUT.min(hosts.timeout), max_body: MAX_BODY };
    let exchange = ports.sender.fetch(request).await.exchange;
    if exchange.status.is_none() {
        tracing::warn!(outcome = exchange.outcome.as_str(), "whether a fork is private could not be asked");
    }
    exchange.status.map(|status| status != 200)
}

/// The repository's address; `None` if that is no repository's name.
fn url_of(api: &str, full_name: &str) -> Option<TargetUrl> {
    let (workspace, repository) = full_name.split_once('/')?;
    let fits = |part: &str| {
        let letters = part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
        letters && !matches!(part, "" | "." | "..")
    };
    let whole = fits(workspace) && fits(repository);
    whole.then(|| TargetUrl::parse(&format!("{api}/repositories/{full_name}")).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_repositories_are_asked_for() {
        let url = |name| url_of("https://api.bitbucket.org/2.0", name).map(|url| url.as_str().to_owned());
        assert_eq!(url("acme/rocket").as_deref(), Some("https://api.bitbucket.org/2.0/repositories/acme/rocket"));
        for odd in ["", "acme", "acme/", "/rocket", "../rocket", "acme/..", "acme/rocket/x", "acme/rocket?x", "a@b/c"] {
            assert_eq!(url(odd), None, "{odd}");
        }
    }
}
