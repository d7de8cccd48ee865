//! Where the pages and clones of a Data Center are, below the public URL (contract bitbucket-datacenter section 3.1).

use domain::account::{Account, AccountKind, Repository};

/// The port of the product's own SSH server; nothing here says otherwise.
const SSH_PORT: u16 = 7999;

/// The base of all URLs in objects, without a trailing slash: `https://git.air.test`, context path included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::bitbucket_dc) struct Links(String);

impl Links {
    /// Links below that public URL.
    pub(in crate::bitbucket_dc) fn below(public_url: &str) -> Self {
        Self(public_url.trim_end_matches('/').to_owned())
    }

    /// A user's page: `…/users/mira`.
    pub(in crate::bitbucket_dc) fn user(&self, account: &Account) -> String {
        format!("{}/users/{}", self.0, slug(&account.login))
    }

    /// A project's page: `…/projects/AIR`, or `…/users/mira` for a personal one.
    pub(in crate::bitbucket_dc) fn project(&self, owner: &Account) -> String {
        match owner.kind {
            AccountKind::User => self.user(owner),
            AccountKind::Organization => format!("{}/projects/{}", self.0, key(owner)),
        }
    }

    /// A repository's files: `…/projects/AIR/repos/kite/browse`.
    pub(in crate::bitbucket_dc) fn browse(&self, owner: &Account, repository: &Repository) -> String {
        format!("{}/repos/{}/browse", self.project(owner), slug(&repository.name))
    }

    /// A pull request: `…/projects/AIR/repos/kite/pull-requests/12`.
    pub(in crate::bitbucket_dc) fn pull_request(&self, owner: &Account, repository: &Repository, id: u64) -> String {
        format!("{}/repos/{}/pull-requests/{id}", self.project(owner), slug(&repository.name))
    }

    /// What git clones over HTTP: `…/scm/air/kite.git`.
    pub(in crate::bitbucket_dc) fn clone_http(&self, owner: &Account, repository: &Repository) -> String {
        format!("{}/scm/{}", self.0, clone_path(owner, repository))
    }

    /// What git clones over SSH: `ssh://git@git.air.test:7999/air/kite.git`. No context path: it belongs to HTTP.
    pub(in crate::bitbucket_dc) fn clone_ssh(&self, owner: &Account, repository: &Repository) -> String {
        let authority = self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest);
        let authority = authority.split('/').next().unwrap_or(authority);
        // The HTTP port; an address in brackets has colons of its own.
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
            _ => authority,
        };
        format!("ssh://git@{host}:{SSH_PORT}/{}", clone_path(owner, repository))
    }
}

/// `air/kite.git`: the key in lower case, as the product writes it there.
fn clone_path(owner: &Account, repository: &Repository) -> String {
    format!("{}/{}.git", key(owner).to_ascii_lowercase(), slug(&repository.name))
}

/// The key of the project that an account is: `AIR`, or `~mira` for a user's personal one (section 1).
pub(in crate::bitbucket_dc) fn key(owner: &Account) -> String {
    match owner.kind {
        AccountKind::User => format!("~{}", slug(&owner.login)),
        AccountKind::Organization => owner.key(),
    }
}

/// A name as a path segment: lower case, and `_` for whatever would need an escape. Names of accounts and repositories
/// here need none; people without an account may be called anything.
pub(in crate::bitbucket_dc) fn slug(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~') { c } else { '_' };
    name.chars().map(|c| plain(c).to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bitbucket_dc::payload::tests::account;
    use crate::testing::repository;

    #[test]
    fn links_follow_the_public_url_and_its_context_path() {
        let (air, mira) = (account(4, AccountKind::Organization, "air"), account(7, AccountKind::User, "Mira"));
        let kite = repository(31, "Kite", &air);
        let links = Links::below("https://git.air.test:8443/bitbucket/");
        assert_eq!(links.browse(&air, &kite), "https://git.air.test:8443/bitbucket/projects/AIR/repos/kite/browse");
        assert_eq!(links.browse(&mira, &kite), "https://git.air.test:8443/bitbucket/users/mira/repos/kite/browse");
        assert_eq!(links.clone_http(&air, &kite), "https://git.air.test:8443/bitbucket/scm/air/kite.git");
        assert_eq!(links.clone_ssh(&mira, &kite), "ssh://git@git.air.test:7999/~mira/kite.git");
        let links = Links::below("http://[::1]");
        assert_eq!(links.clone_ssh(&air, &kite), "ssh://git@[::1]:7999/air/kite.git");
        assert_eq!(slug("A/B é"), "a_b__");
    }
}
