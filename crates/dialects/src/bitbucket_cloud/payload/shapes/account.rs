//! People, and the teams that own repositories.

use domain::account::{Account as Row, AccountKind};
use domain::id::Uid;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{Braced, LinkSet};
use crate::bitbucket_cloud::links::{Links, slug, uid_segment};

/// An account object. A user has no `username` (check 26); an organization, which is told as a team, has one.
#[derive(Clone, Debug)]
pub(in crate::bitbucket_cloud) struct Account<'a> {
    display_name: String,
    uid: Uid,
    kind: Kind,
    links: &'a Links,
}

#[derive(Clone, Debug)]
enum Kind {
    User { nickname: String },
    Team { slug: String },
}

impl<'a> Account<'a> {
    /// An account as it is.
    pub(in crate::bitbucket_cloud) fn of(row: &Row, links: &'a Links) -> Self {
        let kind = match row.kind {
            AccountKind::User => Kind::User { nickname: row.login.clone() },
            AccountKind::Organization => Kind::Team { slug: slug(&row.login) },
        };
        Self { display_name: display_name(row).to_owned(), uid: row.uid, kind, links }
    }
}

impl Serialize for Account<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let Links { html, api } = self.links;
        let segment = &*uid_segment(self.uid);
        let mut map = sink.serialize_map(None)?;
        map.serialize_entry("display_name", &self.display_name)?;
        match &self.kind {
            Kind::User { nickname } => {
                let links = LinkSet(&[
                    ("self", &[api, "/users/", segment]),
                    ("avatar", &[html, "/account/", segment, "/avatar/"]),
                    ("html", &[html, "/", segment, "/"]),
                ]);
                map.serialize_entry("links", &links)?;
                map.serialize_entry("type", "user")?;
                map.serialize_entry("uuid", &Braced(self.uid))?;
                map.serialize_entry("account_id", &format_args!("557058:{}", self.uid))?;
                map.serialize_entry("nickname", nickname)?;
            }
            Kind::Team { slug } => {
                let links = LinkSet(&[
                    ("self", &[api, "/workspaces/", segment]),
                    ("avatar", &[html, "/account/", slug, "/avatar/"]),
                    ("html", &[html, "/", segment, "/"]),
                ]);
                map.serialize_entry("links", &links)?;
                map.serialize_entry("type", "team")?;
                map.serialize_entry("uuid", &Braced(self.uid))?;
                map.serialize_entry("username", slug)?;
            }
        }
        map.end()
    }
}

/// What people call an account.
pub(super) fn display_name(row: &Row) -> &str {
    row.name.as_deref().unwrap_or(&row.login)
}
