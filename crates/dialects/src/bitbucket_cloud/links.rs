//! Where the URLs inside Cloud's objects point (contract bitbucket-cloud section 3.1).

use domain::account::{Account, Repository};
use domain::id::Uid;

/// The two bases of all URLs, both without a trailing slash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::bitbucket_cloud) struct Links {
    /// For people: `https://git.acme.test`.
    pub(in crate::bitbucket_cloud) html: String,
    /// For programs: `https://git.acme.test/2.0`.
    pub(in crate::bitbucket_cloud) api: String,
}

impl Links {
    /// The bases below a public URL.
    pub(in crate::bitbucket_cloud) fn below(public_url: &str) -> Self {
        let html = public_url.trim_end_matches('/').to_owned();
        let api = format!("{html}/2.0");
        Self { html, api }
    }

    /// `{api}/workspaces/{slug}`.
    pub(in crate::bitbucket_cloud) fn workspace(&self, account: &Account) -> String {
        format!("{}/workspaces/{}", self.api, slug(&account.login))
    }

    /// `{api}/repositories/{workspace}/{repository}`.
    pub(in crate::bitbucket_cloud) fn repository(&self, owner: &Account, repository: &Repository) -> String {
        format!("{}/repositories/{}", self.api, full_name(owner, repository))
    }

    /// `{html}/{workspace}/{repository}`.
    pub(in crate::bitbucket_cloud) fn repository_page(&self, owner: &Account, repository: &Repository) -> String {
        format!("{}/{}", self.html, full_name(owner, repository))
    }
}

/// The part of a URL that stands for an account or a repository: its name in lower case. Names compare without regard
/// to case, so that it finds the same row.
pub(in crate::bitbucket_cloud) fn slug(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// `workspace/repository`, both as slugs.
pub(in crate::bitbucket_cloud) fn full_name(owner: &Account, repository: &Repository) -> String {
    format!("{}/{}", slug(&owner.login), slug(&repository.name))
}

/// A uid as a path segment: `%7B…%7D`.
pub(in crate::bitbucket_cloud) fn uid_segment(uid: Uid) -> String {
    format!("%7B{uid}%7D")
}
