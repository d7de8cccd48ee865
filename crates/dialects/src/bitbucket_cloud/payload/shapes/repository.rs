//! `repository`, in full and in short.

use domain::account::{Account as AccountRow, Repository as Row};
use domain::directory::{Directory, Located};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::{Account, Braced, LinkSet, Micros, Project, Workspace};
use crate::bitbucket_cloud::links::{Links, full_name, slug};

/// A repository object.
#[derive(Clone, Debug)]
pub(in crate::bitbucket_cloud) struct Repository<'a> {
    row: &'a Row,
    owner: &'a AccountRow,
    links: &'a Links,
    form: Form,
}

/// How much is told.
#[derive(Clone, Debug)]
enum Form {
    /// Names and links: inside pull requests, statuses, and as `parent`.
    Short,
    /// The repository of an event, and what it was forked from.
    Full { parent: Option<Located> },
    /// The same with what only the API tells.
    Api { parent: Option<Located> },
}

impl<'a> Repository<'a> {
    /// Names and links only.
    pub(in crate::bitbucket_cloud) fn short(row: &'a Row, owner: &'a AccountRow, links: &'a Links) -> Self {
        Self { row, owner, links, form: Form::Short }
    }

    /// As events tell it.
    pub(in crate::bitbucket_cloud) fn full(
        row: &'a Row,
        owner: &'a AccountRow,
        directory: &Directory,
        links: &'a Links,
    ) -> Self {
        Self { row, owner, links, form: Form::Full { parent: parent(row, directory) } }
    }

    /// As events tell a new fork of `parent`.
    pub(in crate::bitbucket_cloud) fn fork(
        row: &'a Row,
        owner: &'a AccountRow,
        parent: Located,
        links: &'a Links,
    ) -> Self {
        Self { row, owner, links, form: Form::Full { parent: Some(parent) } }
    }

    /// As the API answers it: with `slug`, `description`, dates, `mainbranch` and `links.hooks`.
    pub(in crate::bitbucket_cloud) fn for_api(
        row: &'a Row,
        owner: &'a AccountRow,
        directory: &Directory,
        links: &'a Links,
    ) -> Self {
        Self { row, owner, links, form: Form::Api { parent: parent(row, directory) } }
    }

    fn details<M: SerializeMap>(&self, parent: Option<&Located>, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("scm", "git")?;
        map.serialize_entry("website", &self.row.homepage)?;
        map.serialize_entry("owner", &Account::of(self.owner, self.links))?;
        map.serialize_entry("workspace", &Workspace::of(self.owner, self.links))?;
        map.serialize_entry("is_private", &self.row.private)?;
        map.serialize_entry("project", &Project::of(self.owner, self.links))?;
        let parent = parent.map(|at| Repository::short(&at.repository, &at.owner, self.links));
        map.serialize_entry("parent", &parent)
    }

    fn api_details<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let row = self.row;
        map.serialize_entry("slug", &slug(&row.name))?;
        map.serialize_entry("description", row.description.as_deref().unwrap_or_default())?;
        map.serialize_entry("language", "")?;
        map.serialize_entry("size", &0)?;
        map.serialize_entry("has_issues", &true)?;
        map.serialize_entry("has_wiki", &false)?;
        map.serialize_entry("fork_policy", if row.private { "no_public_forks" } else { "allow_forks" })?;
        map.serialize_entry("created_on", &Micros(row.created_at))?;
        map.serialize_entry("updated_on", &Micros(row.updated_at))?;
        map.serialize_entry("mainbranch", &MainBranch { kind: "branch", name: &row.default_branch })
    }
}

/// The repository that this one was forked from, if it is still there.
fn parent(row: &Row, directory: &Directory) -> Option<Located> {
    row.fork_of.and_then(|id| directory.locate_by_id(id))
}

/// The default branch.
#[derive(Serialize)]
struct MainBranch<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    name: &'a str,
}

/// The `links` of a repository.
#[derive(Clone, Debug)]
pub(in crate::bitbucket_cloud) struct RepositoryLinks<'a> {
    full_name: String,
    links: &'a Links,
    /// With what only the API tells.
    for_api: bool,
}

impl<'a> RepositoryLinks<'a> {
    /// Of the repository `workspace/repository`, as events tell them.
    pub(in crate::bitbucket_cloud) fn of(full_name: String, links: &'a Links) -> Self {
        Self { full_name, links, for_api: false }
    }
}

impl Serialize for RepositoryLinks<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let (Links { html, api }, full_name) = (self.links, &*self.full_name);
        let links: &[(&'static str, &[&str])] = &[
            ("self", &[api, "/repositories/", full_name]),
            ("html", &[html, "/", full_name]),
            ("avatar", &[html, "/", full_name, "/avatar/32/"]),
            ("hooks", &[api, "/repositories/", full_name, "/hooks"]),
        ];
        LinkSet(if self.for_api { links } else { &links[..3] }).serialize(sink)
    }
}

impl Serialize for Repository<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let full_name = full_name(self.owner, self.row);
        let mut map = sink.serialize_map(None)?;
        map.serialize_entry("type", "repository")?;
        map.serialize_entry("full_name", &full_name)?;
        let for_api = matches!(self.form, Form::Api { .. });
        map.serialize_entry("links", &RepositoryLinks { full_name, links: self.links, for_api })?;
        map.serialize_entry("name", &self.row.name)?;
        match &self.form {
            Form::Short => {}
            Form::Full { parent } => self.details(parent.as_ref(), &mut map)?,
            Form::Api { parent } => {
                self.details(parent.as_ref(), &mut map)?;
                self.api_details(&mut map)?;
            }
        }
        map.serialize_entry("uuid", &Braced(self.row.uid))?;
        map.end()
    }
}
