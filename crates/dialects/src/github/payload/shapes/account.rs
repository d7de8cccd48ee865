//! `user` and `organization`.

use domain::account::{Account, AccountKind, OrgRole};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{Joined, avatar, node_id, segment};
use crate::github::links::Links;

/// A user object; organizations that own something are told as one too.
#[derive(Clone, Debug)]
pub(crate) struct User<'a> {
    login: String,
    id: i64,
    kind: &'static str,
    site_admin: bool,
    /// `name` and `email`, which only the owner of a pushed repository has.
    contact: Option<(String, Option<String>)>,
    links: &'a Links,
}

impl<'a> User<'a> {
    /// An account.
    pub(crate) fn of(account: &Account, links: &'a Links) -> Self {
        let kind = match account.kind {
            AccountKind::User => "User",
            AccountKind::Organization => "Organization",
        };
        Self {
            login: account.login.clone(),
            id: account.id.0,
            kind,
            site_admin: account.site_admin,
            contact: None,
            links,
        }
    }

    /// An account with `name` and `email`, as the owner is in `push`.
    pub(crate) fn with_contact(account: &Account, links: &'a Links) -> Self {
        let contact = Some((account.login.clone(), account.email.clone()));
        Self { contact, ..Self::of(account, links) }
    }

    /// Someone without an account here.
    pub(crate) fn unknown(login: &str, links: &'a Links) -> Self {
        Self { login: login.to_owned(), id: 0, kind: "User", site_admin: false, contact: None, links }
    }

    /// The login.
    pub(crate) fn login(&self) -> &str {
        &self.login
    }
}

/// Members that are the user's API URL and a tail.
const USER_URLS: [(&str, &str); 9] = [
    ("followers_url", "/followers"),
    ("following_url", "/following{/other_user}"),
    ("gists_url", "/gists{/gist_id}"),
    ("starred_url", "/starred{/owner}{/repo}"),
    ("subscriptions_url", "/subscriptions"),
    ("organizations_url", "/orgs"),
    ("repos_url", "/repos"),
    ("events_url", "/events{/privacy}"),
    ("received_events_url", "/received_events"),
];

impl Serialize for User<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let segment = segment(&self.login);
        let api = format!("{}/users/{segment}", self.links.api);
        let mut map = sink.serialize_map(None)?;
        if let Some((name, email)) = &self.contact {
            map.serialize_entry("name", name)?;
            map.serialize_entry("email", email)?;
        }
        map.serialize_entry("login", &self.login)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("node_id", &node_id(self.kind, self.id))?;
        map.serialize_entry("avatar_url", &avatar(self.links, self.id))?;
        map.serialize_entry("gravatar_id", "")?;
        map.serialize_entry("url", &api)?;
        map.serialize_entry("html_url", &Joined([&self.links.html, "/", &segment]))?;
        for (key, tail) in USER_URLS {
            map.serialize_entry(key, &Joined([&api, tail]))?;
        }
        map.serialize_entry("type", self.kind)?;
        map.serialize_entry("site_admin", &self.site_admin)?;
        map.end()
    }
}

/// An organization object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Organization<'a> {
    account: &'a Account,
    links: &'a Links,
}

impl<'a> Organization<'a> {
    /// An account that is an organization.
    pub(crate) fn of(account: &'a Account, links: &'a Links) -> Self {
        Self { account, links }
    }
}

/// Members that are the organization's API URL and a tail.
const ORGANIZATION_URLS: [(&str, &str); 7] = [
    ("url", ""),
    ("repos_url", "/repos"),
    ("events_url", "/events"),
    ("hooks_url", "/hooks"),
    ("issues_url", "/issues"),
    ("members_url", "/members{/member}"),
    ("public_members_url", "/public_members{/member}"),
];

impl Serialize for Organization<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let api = self.links.organization(self.account);
        let mut map = sink.serialize_map(None)?;
        map.serialize_entry("login", &self.account.login)?;
        map.serialize_entry("id", &self.account.id)?;
        map.serialize_entry("node_id", &node_id("Organization", self.account.id))?;
        for (key, tail) in ORGANIZATION_URLS {
            map.serialize_entry(key, &Joined([&api, tail]))?;
        }
        map.serialize_entry("avatar_url", &avatar(self.links, self.account.id.0))?;
        map.serialize_entry("description", &self.account.description)?;
        map.end()
    }
}

/// A user's place in an organization.
#[derive(Debug, Serialize)]
pub(crate) struct Membership<'a> {
    url: String,
    state: &'static str,
    role: &'static str,
    organization_url: String,
    user: User<'a>,
}

impl<'a> Membership<'a> {
    /// The membership of `user`. Nobody is invited here: whoever is added belongs to it at once.
    pub(crate) fn of(user: User<'a>, role: Option<OrgRole>, organization: &Account, links: &Links) -> Self {
        let organization_url = links.organization(organization);
        let role = match role {
            Some(OrgRole::Owner) => "admin",
            Some(OrgRole::Member) | None => "member",
        };
        let url = format!("{organization_url}/memberships/{}", segment(user.login()));
        Self { url, state: "active", role, organization_url, user }
    }
}
