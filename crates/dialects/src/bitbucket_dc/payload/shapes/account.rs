//! Users, and the projects that accounts are to repositories.

use std::sync::Arc;

use domain::account::{Account, AccountKind};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::OwnPage;
use crate::bitbucket_dc::links::{self, Links};

/// A user object.
#[derive(Clone, Debug)]
pub(in crate::bitbucket_dc) struct User<'a> {
    account: Arc<Account>,
    links: &'a Links,
}

impl<'a> User<'a> {
    /// An account.
    pub(in crate::bitbucket_dc) fn of(account: &Arc<Account>, links: &'a Links) -> Self {
        Self { account: account.clone(), links }
    }
}

impl Serialize for User<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let account = &*self.account;
        let mut map = sink.serialize_map(None)?;
        map.serialize_entry("name", &account.login)?;
        if let Some(email) = &account.email {
            map.serialize_entry("emailAddress", email)?;
        }
        map.serialize_entry("id", &account.id)?;
        map.serialize_entry("displayName", account.name.as_ref().unwrap_or(&account.login))?;
        map.serialize_entry("active", &true)?;
        map.serialize_entry("slug", &links::slug(&account.login))?;
        map.serialize_entry("type", "NORMAL")?;
        map.serialize_entry("links", &OwnPage(self.links.user(account)))?;
        map.end()
    }
}

/// A project object: the account that owns repositories, personal if that is a user.
#[derive(Clone, Debug)]
pub(in crate::bitbucket_dc) struct Project<'a> {
    owner: Arc<Account>,
    links: &'a Links,
}

impl<'a> Project<'a> {
    /// The project of an account.
    pub(in crate::bitbucket_dc) fn of(owner: &Arc<Account>, links: &'a Links) -> Self {
        Self { owner: owner.clone(), links }
    }
}

impl Serialize for Project<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let owner = &*self.owner;
        let mut map = sink.serialize_map(None)?;
        map.serialize_entry("key", &links::key(owner))?;
        map.serialize_entry("id", &owner.id)?;
        map.serialize_entry("name", owner.name.as_ref().unwrap_or(&owner.login))?;
        if let Some(description) = &owner.description {
            map.serialize_entry("description", description)?;
        }
        match owner.kind {
            AccountKind::Organization => {
                // Whether strangers may look is a matter of each repository here.
                map.serialize_entry("public", &false)?;
                map.serialize_entry("type", "NORMAL")?;
            }
            AccountKind::User => {
                map.serialize_entry("type", "PERSONAL")?;
                map.serialize_entry("owner", &User::of(&self.owner, self.links))?;
            }
        }
        map.serialize_entry("links", &OwnPage(self.links.project(owner)))?;
        map.end()
    }
}
