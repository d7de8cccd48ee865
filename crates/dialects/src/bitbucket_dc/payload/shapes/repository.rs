//! Repositories.

use domain::directory::{Directory, Located};
use domain::id::RepositoryId;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::Project;
use crate::bitbucket_dc::links::{self, Links};

/// How many forks of forks are followed to the first repository of a family.
const MAX_GENERATIONS: usize = 32;

/// A repository object.
#[derive(Clone, Debug)]
pub(in crate::bitbucket_dc) struct Repository<'a> {
    at: Located,
    /// What it was forked from, if that still exists.
    origin: Option<Located>,
    /// The first repository of its family.
    root: RepositoryId,
    links: &'a Links,
}

impl<'a> Repository<'a> {
    /// A repository as the directory knows its family.
    pub(in crate::bitbucket_dc) fn of(at: Located, directory: &Directory, links: &'a Links) -> Self {
        let origin = at.repository.fork_of.and_then(|id| directory.locate_by_id(id));
        let mut root = at.repository.fork_of.unwrap_or(at.repository.id);
        let mut parent = origin.as_ref().and_then(|origin| origin.repository.fork_of);
        for _ in 0..MAX_GENERATIONS {
            let Some(id) = parent else { break };
            root = id;
            parent = directory.locate_by_id(id).and_then(|found| found.repository.fork_of);
        }
        Self { at, origin, root, links }
    }

    /// The same, told as a fork of that one whatever else is known.
    pub(in super::super) fn forked_from(mut self, origin: &Self) -> Self {
        (self.origin, self.root) = (Some(origin.at.clone()), origin.root);
        self
    }
}

impl Serialize for Repository<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let (row, owner) = (&*self.at.repository, &self.at.owner);
        let mut map = sink.serialize_map(None)?;
        map.serialize_entry("slug", &links::slug(&row.name))?;
        map.serialize_entry("id", &row.id)?;
        map.serialize_entry("name", &row.name)?;
        if let Some(description) = &row.description {
            map.serialize_entry("description", description)?;
        }
        // Opaque: the same for all forks of one repository, twenty hex digits.
        map.serialize_entry("hierarchyId", &format!("{:020x}", self.root.0))?;
        map.serialize_entry("scmId", "git")?;
        map.serialize_entry("state", "AVAILABLE")?;
        map.serialize_entry("statusMessage", "Available")?;
        map.serialize_entry("forkable", &true)?;
        if let Some(origin) = &self.origin {
            // One generation is told; the family is in `hierarchyId`.
            let origin = Repository { at: origin.clone(), origin: None, root: self.root, links: self.links };
            map.serialize_entry("origin", &origin)?;
        }
        map.serialize_entry("project", &Project::of(owner, self.links))?;
        map.serialize_entry("public", &!row.private)?;
        map.serialize_entry("archived", &row.archived)?;
        let clone = [
            CloneLink { href: self.links.clone_http(owner, row), name: "http" },
            CloneLink { href: self.links.clone_ssh(owner, row), name: "ssh" },
        ];
        let itself = [Href { href: self.links.browse(owner, row) }];
        map.serialize_entry("links", &RepositoryLinks { clone, itself })?;
        map.end()
    }
}

#[derive(Serialize)]
struct RepositoryLinks {
    clone: [CloneLink; 2],
    #[serde(rename = "self")]
    itself: [Href; 1],
}

#[derive(Serialize)]
struct CloneLink {
    href: String,
    name: &'static str,
}

#[derive(Serialize)]
struct Href {
    href: String,
}
