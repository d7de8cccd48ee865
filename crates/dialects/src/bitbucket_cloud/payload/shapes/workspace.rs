//! Workspaces and projects: both are the account that owns a repository.

use domain::account::Account as Row;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::account::display_name;
use super::{Braced, LinkSet};
use crate::bitbucket_cloud::links::{Links, slug};
use crate::unregistered::derived_uid;

/// A workspace object. Users have one, too; it shares the account's uuid.
#[derive(Clone, Copy, Debug)]
pub(in crate::bitbucket_cloud) struct Workspace<'a> {
    row: &'a Row,
    links: &'a Links,
}

impl<'a> Workspace<'a> {
    /// The workspace of an account.
    pub(in crate::bitbucket_cloud) fn of(row: &'a Row, links: &'a Links) -> Self {
        Self { row, links }
    }
}

impl Serialize for Workspace<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let Links { html, api } = self.links;
        let slug = &*slug(&self.row.login);
        let mut map = sink.serialize_map(Some(5))?;
        map.serialize_entry("type", "workspace")?;
        map.serialize_entry("uuid", &Braced(self.row.uid))?;
        map.serialize_entry("name", display_name(self.row))?;
        map.serialize_entry("slug", slug)?;
        let links = LinkSet(&[
            ("avatar", &[html, "/workspaces/", slug, "/avatar/"]),
            ("html", &[html, "/", slug, "/"]),
            ("self", &[api, "/workspaces/", slug]),
        ]);
        map.serialize_entry("links", &links)?;
        map.end()
    }
}

/// A project object. Each workspace has the one that all its repositories are in.
#[derive(Clone, Copy, Debug)]
pub(in crate::bitbucket_cloud) struct Project<'a> {
    row: &'a Row,
    links: &'a Links,
}

impl<'a> Project<'a> {
    /// The project of an account.
    pub(in crate::bitbucket_cloud) fn of(row: &'a Row, links: &'a Links) -> Self {
        Self { row, links }
    }
}

impl Serialize for Project<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let Links { html, api } = self.links;
        let (slug, key) = (&*slug(&self.row.login), &*self.row.key());
        let mut map = sink.serialize_map(Some(5))?;
        map.serialize_entry("type", "project")?;
        map.serialize_entry("key", key)?;
        map.serialize_entry("uuid", &Braced(derived_uid(self.row.uid, "project")))?;
        map.serialize_entry("name", display_name(self.row))?;
        let links = LinkSet(&[
            ("self", &[api, "/workspaces/", slug, "/projects/", key]),
            ("html", &[html, "/", slug, "/workspace/projects/", key]),
            ("avatar", &[html, "/", slug, "/workspace/projects/", key, "/avatar/32"]),
        ]);
        map.serialize_entry("links", &links)?;
        map.end()
    }
}
