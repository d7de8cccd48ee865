//! Apps whose code is built: what every API that knows them does alike.

use std::sync::Arc;

use domain::account::{Account, Permission};
use domain::ci::{CiApp, NewCiApp, Provider, RepoUrl, mint_trigger_token};
use domain::directory::{Directory, Located};
use domain::flow::Ports;
use domain::id::{AccountId, Uid};
use domain::secret::Secret;

use crate::incoming::HookProvider;

/// Most apps of one account.
pub(crate) const MAX_APPS: usize = 1_000;
/// Longest clone URL, in bytes.
pub(crate) const MAX_REPO_URL: usize = 2_048;
/// Longest name of a branch, in bytes.
pub(crate) const MAX_BRANCH: usize = 255;
/// Longest secret that hosts sign with, in bytes.
pub(crate) const MAX_WEBHOOK_SECRET: usize = 1_024;

/// The branch built when neither the request nor a repository of ours names one.
const DEFAULT_BRANCH: &str = "master";

/// The provider in the URL that hooks of the app's own host call. Whoever hosts elsewhere most likely has a server that
/// speaks as GitHub does.
pub(crate) fn incoming_provider(provider: Provider) -> HookProvider {
    match provider {
        Provider::GitHub | Provider::Custom => HookProvider::GitHub,
        Provider::Bitbucket => HookProvider::BitbucketV2,
        Provider::GitLab | Provider::GitLabSelfHosted => HookProvider::GitLab,
    }
}

/// The URL that hooks call, below `base`, which has no trailing slash. It carries the app's trigger token.
pub(crate) fn incoming_url(base: &str, provider: HookProvider, app: &CiApp) -> String {
    format!("{base}/h/{}/{}/{}", provider.as_str(), app.slug(), app.trigger_token.expose())
}

/// An app somebody wants. What is not said is found out.
#[derive(Debug)]
pub(crate) struct Wish {
    /// Whose it will be.
    pub(crate) owner: Arc<Account>,
    /// See [`CiApp::title`]; none: the repository's name, or else the owner's.
    pub(crate) title: Option<String>,
    /// See [`CiApp::project_type`].
    pub(crate) project_type: Option<String>,
    /// See [`CiApp::repo_url`]; none: that of the linked repository.
    pub(crate) repo_url: Option<String>,
    /// See [`CiApp::provider`]; none: what the URL's host tells.
    pub(crate) provider: Option<Provider>,
    /// See [`CiApp::repository`].
    pub(crate) repository: Option<Located>,
    /// See [`CiApp::is_public`].
    pub(crate) is_public: bool,
    /// See [`CiApp::default_branch`]; none: that of the linked repository, or `master`.
    pub(crate) default_branch: Option<String>,
    /// See [`CiApp::manual_approval`].
    pub(crate) manual_approval: bool,
    /// See [`CiApp::relay`].
    pub(crate) relay: bool,
    /// See [`CiApp::webhook_secret`].
    pub(crate) webhook_secret: Option<Secret>,
    /// See [`CiApp::config`].
    pub(crate) config: Option<Arc<str>>,
}

impl Wish {
    /// The app, with a slug and a trigger token of its own. `base` is where the caller reaches this server.
    pub(crate) fn grant(self, ports: &Ports, base: &str) -> NewCiApp {
        let now = ports.clock.now();
        let linked = self.repository.as_ref();
        let repo_url = self.repo_url.or_else(|| linked.map(|at| clone_url(base, at))).unwrap_or_default();
        let name = linked.map(|at| at.repository.name.clone());
        let name = name.or_else(|| RepoUrl::parse(&repo_url).map(|url| url.name.to_owned()));
        let title = self.title.or(name).unwrap_or_else(|| self.owner.login.clone());
        let branch = self.default_branch.or_else(|| linked.map(|at| at.repository.default_branch.clone()));
        NewCiApp {
            uid: Uid::new(now, &*ports.entropy),
            owner: self.owner.id,
            repository: linked.map(|at| at.repository.id),
            title,
            project_type: self.project_type,
            provider: self.provider.unwrap_or_else(|| provider_of(&repo_url, base)),
            repo_url,
            is_public: self.is_public,
            default_branch: branch.unwrap_or_else(|| DEFAULT_BRANCH.to_owned()),
            manual_approval: self.manual_approval,
            relay: self.relay,
            trigger_token: mint_trigger_token(&*ports.entropy),
            webhook_secret: self.webhook_secret,
            config: self.config,
            created_at: now,
        }
    }
}

/// Where a repository of ours is cloned from.
pub(crate) fn clone_url(base: &str, at: &Located) -> String {
    format!("{base}/{}/{}.git", at.owner.login, at.repository.name)
}

/// What the host of a clone URL tells about who runs it. This server speaks as GitHub does.
pub(crate) fn provider_of(url: &str, base: &str) -> Provider {
    let Some(url) = RepoUrl::parse(url) else { return Provider::Custom };
    let name = bare(url.host).to_ascii_lowercase();
    match name.as_str() {
        "github.com" | "ssh.github.com" => Provider::GitHub,
        "gitlab.com" | "altssh.gitlab.com" => Provider::GitLab,
        "bitbucket.org" | "altssh.bitbucket.org" => Provider::Bitbucket,
        _ if is_host_of(url.host, base) => Provider::GitHub,
        _ if name.split('.').any(|label| label == "gitlab") => Provider::GitLabSelfHosted,
        _ => Provider::Custom,
    }
}

/// The repository of ours that a clone URL names, if the user administers it: who may not manage its hooks may not have
/// events of builds sent to them either.
pub(crate) fn own_repository(directory: &Directory, url: &str, base: &str, user: AccountId) -> Option<Located> {
    let url = RepoUrl::parse(url).filter(|url| is_host_of(url.host, base))?;
    let found = directory.locate(url.owner, url.name)?;
    (directory.permission(&found.repository, user) == Some(Permission::Admin)).then_some(found)
}

/// Is it the host of that base URL? The port counts where one is named: SSH has another than HTTP.
fn is_host_of(host: &str, base: &str) -> bool {
    let own = base.split_once("://").map_or(base, |(_, rest)| rest);
    let own = own.split('/').next().unwrap_or(own);
    host.eq_ignore_ascii_case(own) || host.eq_ignore_ascii_case(bare(own))
}

/// A host without its port.
fn bare(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

/// May `url` stand as a clone URL? One that can be taken apart and shown in a line.
pub(crate) fn is_clone_url(url: &str) -> bool {
    url.len() <= MAX_REPO_URL
        && !url.chars().any(|c| c.is_control() || c.is_whitespace())
        && RepoUrl::parse(url).is_some()
}

/// May `name` be a branch? What git itself refuses in every ref, refused here: the name reaches command lines.
pub(crate) fn is_branch(name: &str) -> bool {
    let odd = |c: char| c.is_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    !name.is_empty()
        && name.len() <= MAX_BRANCH
        && !name.starts_with(['-', '/', '.'])
        && !name.ends_with(['/', '.'])
        && !name.contains("..")
        && !name.contains("//")
        && !name.contains("@{")
        && !name.chars().any(odd)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://git.acme.test:8443";

    #[test]
    fn the_host_of_a_clone_url_tells_the_provider() {
        for (url, provider) in [
            ("https://github.com/acme/rocket.git", Provider::GitHub),
            ("git@GitHub.com:acme/rocket.git", Provider::GitHub),
            ("ssh://git@ssh.github.com:443/acme/rocket.git", Provider::GitHub),
            ("https://gitlab.com/acme/space/rocket.git", Provider::GitLab),
            ("https://gitlab.acme.test/acme/rocket", Provider::GitLabSelfHosted),
            ("git@bitbucket.org:acme/rocket.git", Provider::Bitbucket),
            ("https://git.acme.test:8443/acme/rocket.git", Provider::GitHub),
            ("ssh://git@git.acme.test/acme/rocket.git", Provider::GitHub),
            ("https://git.acme.test:9000/acme/rocket.git", Provider::Custom),
            ("https://github.com.evil.test/acme/rocket.git", Provider::Custom),
            ("nonsense", Provider::Custom),
        ] {
            assert_eq!(provider_of(url, BASE), provider, "{url}");
        }
    }

    #[test]
    fn clone_urls_and_branches_fit_in_a_line() {
        assert!(is_clone_url("git@github.com:acme/rocket.git"));
        for bad in ["", "rocket", "https://github.com/a b/c", "https://github.com/a/b\n", "https://github.com/"] {
            assert!(!is_clone_url(bad), "{bad:?}");
        }
        for good in ["main", "feature/x.y", "ünïcode", "v1@2"] {
            assert!(is_branch(good), "{good}");
        }
        for bad in ["", "-x", "a b", "a..b", "/a", "a/", "a//b", "a*", "a\n", "a~1", ".a", "x@{1}"] {
            assert!(!is_branch(bad), "{bad:?}");
        }
    }
}
