//! Registering an app's hook at its git host (contract bitrise section 5): the hooks there are listed, and one is added
//! unless one of the app is among them; that one is edited if it is not as it would be made now. Nothing is stored here, so
//! an attempt that failed half-way is made good by the next.
//!
//! Credentials go to the configured base URL of their host and nowhere else, whatever an app's clone URL says.

mod bitbucket;
mod calls;
mod github;
mod gitlab;
mod turns;

use domain::ci::{CiApp, GitAccount, GitHost, Provider, RepoUrl};
use domain::flow::Ports;
use domain::id::AccountId;
use domain::ports::{SendMethod, StoreError, Stored};
use domain::secret::Secret;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use self::calls::Calls;
use crate::apps::{incoming_provider, incoming_url};
use crate::git_hosts::GitHosts;

/// Why a hook was not registered.
#[derive(Debug)]
pub(super) enum Failure {
    /// The provider's API is not known.
    Unsupported(Provider),
    /// The app is of a self-hosted GitLab, and the configuration names none.
    NoGitLab,
    /// The clone URL does not name a repository.
    NoRepository,
    /// The app was deleted meanwhile.
    Gone,
    /// Neither the app's owner nor the caller has connected an account.
    NotConnected(GitHost),
    /// The account was connected for another place than the one that is configured now.
    ConnectedElsewhere(GitHost),
    /// The host did not want to.
    Refused {
        /// Which.
        host: GitHost,
        /// The HTTP status.
        status: u16,
    },
    /// The host is out of order.
    Broken {
        /// Which.
        host: GitHost,
        /// The HTTP status.
        status: u16,
    },
    /// The host answers in a form that is not that of its API.
    Unreadable(GitHost),
    /// The host could not be asked: away, or not allowed to be called. Which of them is not told (E-12).
    Unreachable(GitHost),
    /// The time was up.
    TimedOut(GitHost),
    /// Our own database.
    Store(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What was found or made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Registered {
    /// There was such a hook, and nothing was wrong with it as far as could be seen.
    Before,
    /// There was one of the app, which was edited.
    Mended,
    /// There is one now.
    Now,
}

/// The hook that an app wants at its host.
struct Wish<'a> {
    /// Base URL of the host's API, without a trailing slash.
    api: &'a str,
    /// The repository.
    repository: RepoUrl<'a>,
    /// Where the host is to call. Ends with the app's trigger token.
    url: Secret,
    /// What the host is to sign with, or to send along.
    secret: Option<&'a Secret>,
    /// The credential.
    account: &'a GitAccount,
}

/// How a wish is put to one host.
struct Plan {
    /// The hooks of the repository: listed with GET, added to with POST. Ends with the path.
    hooks: String,
    /// What the query calls the number of hooks on a page.
    page_size: &'static str,
    /// Credential and media type.
    headers: Vec<(&'static str, String)>,
    /// The hook.
    body: Value,
    /// How a hook is edited, at [`hooks`](Self::hooks) with its id as one more segment.
    mends_with: SendMethod,
    /// The hooks of a page; `None` if it is no such page.
    listed: fn(&Value) -> Option<&Vec<Value>>,
    /// Where a listed hook calls.
    url_of: fn(&Value) -> Option<&str>,
    /// The id of a listed hook.
    id_of: fn(&Value) -> Option<String>,
    /// What makes a listed hook the one that [`body`](Self::body) describes; `None`: it is, and nothing is hidden.
    mended: fn(&Value, &Value) -> Option<Value>,
    /// Does the host refuse because it has that hook already?
    has_it: fn(u16, &[u8]) -> bool,
}

/// Sees to it that the app's host has the app's hook, exactly once and in good order, within the configured time.
pub(super) async fn register(
    ports: &Ports,
    hosts: &GitHosts,
    app: &CiApp,
    caller: AccountId,
) -> Result<Registered, Failure> {
    let begun = ports.clock.monotonic();
    // Of two requests at once the second finds the first one's hook, and puts no older token into it.
    let _turn = turns::wait(app.uid).await;
    let app = &*ports.directory().ci_app(app.uid).ok_or(Failure::Gone)?;
    let host = host_of(app.provider).ok_or(Failure::Unsupported(app.provider))?;
    // The clone URL is whatever somebody typed: its host gets no credential.
    if app.provider == Provider::GitLabSelfHosted && !hosts.has_own_gitlab() {
        return Err(Failure::NoGitLab);
    }
    let repository = repository_of(app).ok_or(Failure::NoRepository)?;
    let calls = Calls::new(ports, host, begun + hosts.timeout);
    let account = credential(ports, hosts, host, [app.owner, caller]).await?;
    let wish = Wish {
        api: hosts.api(host),
        repository,
        url: Secret::new(incoming_url(&ports.public_url, incoming_provider(app.provider), app)),
        secret: app.webhook_secret.as_ref(),
        account: &account,
    };
    let plan = match host {
        GitHost::GitHub => github::plan(&wish),
        GitHost::GitLab => gitlab::plan(&wish),
        GitHost::Bitbucket => bitbucket::plan(&wish),
    };
    let Some(found) = calls.find(&plan, &wish.url).await? else { return calls.create(&plan).await };
    match (plan.mended)(&found, &plan.body) {
        Some(edit) => calls.mend(&plan, &found, &edit).await,
        None => Ok(Registered::Before),
    }
}

/// Does [`register`] have what it needs: a host whose API is known, and an account there?
pub(super) async fn is_possible(ports: &Ports, hosts: &GitHosts, app: &CiApp, caller: AccountId) -> Stored<bool> {
    let Some(host) = host_of(app.provider) else { return Ok(false) };
    let known = app.provider != Provider::GitLabSelfHosted || hosts.has_own_gitlab();
    if !known || repository_of(app).is_none() {
        return Ok(false);
    }
    match credential(ports, hosts, host, [app.owner, caller]).await {
        Ok(_) => Ok(true),
        Err(Failure::Store(error)) => Err(error),
        Err(_) => Ok(false),
    }
}

/// Who hosts apps of that provider.
fn host_of(provider: Provider) -> Option<GitHost> {
    match provider {
        Provider::GitHub => Some(GitHost::GitHub),
        Provider::Bitbucket => Some(GitHost::Bitbucket),
        Provider::GitLab | Provider::GitLabSelfHosted => Some(GitHost::GitLab),
        Provider::Custom => None,
    }
}

/// The repository that the clone URL names. Segments that a URL parser would take for steps up the path name nothing.
fn repository_of(app: &CiApp) -> Option<RepoUrl<'_>> {
    let named = RepoUrl::parse(&app.repo_url)?;
    let mut segments = named.owner.split('/').chain([named.name]);
    segments.all(|segment| !matches!(segment, "" | "." | "..")).then_some(named)
}

/// The first of these accounts' credentials that was given for the place that is configured now.
async fn credential(
    ports: &Ports,
    hosts: &GitHosts,
    host: GitHost,
    owners: [AccountId; 2],
) -> Result<GitAccount, Failure> {
    let mut elsewhere = false;
    for owner in owners {
        match ports.store.git_account(owner, host).await? {
            Some(account) if account.api == hosts.api(host) => return Ok(account),
            Some(_) => elsewhere = true,
            None => {}
        }
    }
    Err(if elsewhere { Failure::ConnectedElsewhere(host) } else { Failure::NotConnected(host) })
}

/// Do two JSON lists have the same members, in whatever order?
fn same_members(one: &Value, other: &Value) -> bool {
    let within = |some: &[Value], all: &[Value]| some.iter().all(|item| all.contains(item));
    match (one.as_array(), other.as_array()) {
        (Some(one), Some(other)) => within(one, other) && within(other, one),
        _ => false,
    }
}

/// A text as one segment of a path.
fn segment(text: &str) -> String {
    const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    utf8_percent_encode(text, UNRESERVED).to_string()
}

#[cfg(test)]
mod tests {
    use testkit::an_app;

    use super::*;

    #[test]
    fn a_clone_url_cannot_lead_to_another_path_of_the_api() {
        for url in ["https://h.test/a/..", "https://h.test/../a/b", "git@h.test:a/./b", "https://h.test/a//b"] {
            let mut new = an_app().build();
            url.clone_into(&mut new.repo_url);
            assert_eq!(repository_of(&new.numbered(domain::id::CiAppId(1))), None, "{url}");
        }
        assert_eq!(segment("a/../b?c#d %2e"), "a%2F..%2Fb%3Fc%23d%20%252e");
    }
}
