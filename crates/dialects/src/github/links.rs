//! Where the URLs inside GitHub objects point (contract github section 0).

use domain::account::{Account, Repository};

/// The two bases that every `*_url` member is built on, both without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Links {
    /// For people: `https://git.acme.test`.
    pub(crate) html: String,
    /// For programs, with the prefix the caller used: `https://git.acme.test/api/v3`, or `https://api.acme.test`.
    pub(crate) api: String,
}

impl Links {
    /// The bases used in payloads, where no caller has chosen a prefix.
    pub(crate) fn for_payloads(public_url: &str) -> Self {
        let html = public_url.trim_end_matches('/').to_owned();
        let api = format!("{html}/api/v3");
        Self { html, api }
    }

    /// `{api}/orgs/{login}`.
    pub(crate) fn organization(&self, account: &Account) -> String {
        format!("{}/orgs/{}", self.api, account.login)
    }

    /// `{api}/repos/{owner}/{name}`.
    pub(crate) fn repository(&self, owner: &Account, repository: &Repository) -> String {
        format!("{}/repos/{}/{}", self.api, owner.login, repository.name)
    }

    /// `{html}/{login}`.
    pub(crate) fn account_page(&self, account: &Account) -> String {
        format!("{}/{}", self.html, account.login)
    }

    /// `{html}/{owner}/{name}`.
    pub(crate) fn repository_page(&self, owner: &Account, repository: &Repository) -> String {
        format!("{}/{}/{}", self.html, owner.login, repository.name)
    }
}
