//! `repository`, in its usual form and in the one that `push` alone has.

use std::sync::Arc;

use domain::account::{Account, AccountKind, Repository as Row};
use domain::canonical::RepositoryName;
use domain::directory::Located;
use domain::time::Timestamp;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::super::Stage;
use super::{Joined, User, node_id};
use crate::github::links::Links;
use crate::unregistered;

/// A repository object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Repository<'a> {
    row: &'a Row,
    owner: &'a Account,
    links: &'a Links,
    /// In `push`: when the push happened. Makes it the special form.
    pushed: Option<Timestamp>,
    fork: bool,
}

impl<'a> Repository<'a> {
    /// The usual form.
    pub(crate) fn of(row: &'a Row, owner: &'a Account, links: &'a Links) -> Self {
        Self { row, owner, links, pushed: None, fork: row.fork_of.is_some() }
    }

    /// The form in `push`: moments as unix seconds, `url` for people, an owner with name and address, three more
    /// members.
    pub(in super::super) fn for_push(row: &'a Row, owner: &'a Account, links: &'a Links, at: Timestamp) -> Self {
        Self { pushed: Some(at), ..Self::of(row, owner, links) }
    }
}

/// Members that are the repository's API URL and a tail.
const API_URLS: [(&str, &str); 36] = [
    ("forks_url", "/forks"),
    ("keys_url", "/keys{/key_id}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("teams_url", "/teams"),
    ("hooks_url", "/hooks"),
    ("issue_events_url", "/issues/events{/number}"),
    ("events_url", "/events"),
    ("assignees_url", "/assignees{/user}"),
    ("branches_url", "/branches{/branch}"),
    ("tags_url", "/tags"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("trees_url", "/git/trees{/sha}"),
    ("statuses_url", "/statuses/{sha}"),
    ("languages_url", "/languages"),
    ("stargazers_url", "/stargazers"),
    ("contributors_url", "/contributors"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("commits_url", "/commits{/sha}"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("comments_url", "/comments{/number}"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("contents_url", "/contents/{+path}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("merges_url", "/merges"),
    ("archive_url", "/{archive_format}{/ref}"),
    ("downloads_url", "/downloads"),
    ("issues_url", "/issues{/number}"),
    ("pulls_url", "/pulls{/number}"),
    ("milestones_url", "/milestones{/number}"),
    ("notifications_url", "/notifications{?since,all,participating}"),
    ("labels_url", "/labels{/name}"),
    ("releases_url", "/releases{/id}"),
    ("deployments_url", "/deployments"),
];

impl Serialize for Repository<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let Self { row, owner, links, pushed, fork } = *self;
        let full_name = format!("{}/{}", owner.login, row.name);
        let page = format!("{}/{full_name}", links.html);
        let api = format!("{}/repos/{full_name}", links.api);
        let mut map = sink.serialize_map(None)?;
        map.serialize_entry("id", &row.id)?;
        map.serialize_entry("node_id", &node_id("Repository", row.id))?;
        map.serialize_entry("name", &row.name)?;
        map.serialize_entry("full_name", &full_name)?;
        map.serialize_entry("private", &row.private)?;
        let owner_object = if pushed.is_some() { User::with_contact(owner, links) } else { User::of(owner, links) };
        map.serialize_entry("owner", &owner_object)?;
        map.serialize_entry("html_url", &page)?;
        map.serialize_entry("description", &row.description)?;
        map.serialize_entry("fork", &fork)?;
        map.serialize_entry("url", if pushed.is_some() { &page } else { &api })?;
        for (key, tail) in API_URLS {
            map.serialize_entry(key, &Joined([&api, tail]))?;
        }
        self.moments(&mut map)?;
        self.remotes(&mut map, &full_name, &page)?;
        map.serialize_entry("homepage", &row.homepage)?;
        for key in ["size", "stargazers_count", "watchers_count", "forks_count", "open_issues_count"] {
            map.serialize_entry(key, &0)?;
        }
        for key in ["forks", "open_issues", "watchers"] {
            map.serialize_entry(key, &0)?;
        }
        for key in ["language", "mirror_url", "license"] {
            map.serialize_entry(key, &())?;
        }
        for key in ["has_issues", "has_projects", "has_downloads", "has_wiki"] {
            map.serialize_entry(key, &true)?;
        }
        for key in ["has_pages", "disabled", "is_template", "web_commit_signoff_required"] {
            map.serialize_entry(key, &false)?;
        }
        map.serialize_entry("archived", &row.archived)?;
        map.serialize_entry("default_branch", &row.default_branch)?;
        map.serialize_entry("topics", &[""; 0])?;
        map.serialize_entry("visibility", if row.private { "private" } else { "public" })?;
        map.serialize_entry("custom_properties", &Empty {})?;
        if pushed.is_some() {
            map.serialize_entry("stargazers", &0)?;
            map.serialize_entry("master_branch", &row.default_branch)?;
            if owner.kind == AccountKind::Organization {
                map.serialize_entry("organization", &owner.login)?;
            }
        }
        map.end()
    }
}

impl Repository<'_> {
    fn moments<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let row = self.row;
        let updated_at = row.updated_at.rfc3339_seconds();
        if let Some(pushed) = self.pushed {
            map.serialize_entry("created_at", &row.created_at.as_secs())?;
            map.serialize_entry("updated_at", &updated_at)?;
            return map.serialize_entry("pushed_at", &pushed.as_secs());
        }
        map.serialize_entry("created_at", &row.created_at.rfc3339_seconds())?;
        map.serialize_entry("updated_at", &updated_at)?;
        // A repository without pushes counts from its creation: clients expect a date.
        map.serialize_entry("pushed_at", &row.pushed_at.unwrap_or(row.created_at).rfc3339_seconds())
    }

    fn remotes<M: SerializeMap>(&self, map: &mut M, full_name: &str, page: &str) -> Result<(), M::Error> {
        let authority = self.links.html.split_once("://").map_or("localhost", |(_, rest)| rest);
        let authority = authority.split('/').next().unwrap_or(authority);
        // scp-like addresses have no place for a port.
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        map.serialize_entry("git_url", &Joined(["git://", authority, "/", full_name, ".git"]))?;
        map.serialize_entry("ssh_url", &Joined(["git@", host, ":", full_name, ".git"]))?;
        map.serialize_entry("clone_url", &Joined([page, ".git"]))?;
        map.serialize_entry("svn_url", page)
    }
}

/// `{}`
#[derive(Serialize)]
struct Empty {}

/// A repository object of the scene's repository, or of one looked up.
#[derive(Clone, Debug)]
pub(in super::super) enum AnyRepository<'a> {
    /// The scene's.
    Borrowed(Repository<'a>),
    /// Another.
    Owned(Located, &'a Links),
    /// Another, told as a fork whatever is known of its origin.
    Fork(Located, &'a Links),
}

impl AnyRepository<'_> {
    /// The same with `fork: true`.
    pub(in super::super) fn into_fork(self) -> Self {
        match self {
            Self::Borrowed(repository) => Self::Borrowed(Repository { fork: true, ..repository }),
            Self::Owned(located, links) | Self::Fork(located, links) => Self::Fork(located, links),
        }
    }
}

impl Serialize for AnyRepository<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Borrowed(repository) => repository.serialize(sink),
            Self::Owned(at, links) => Repository::of(&at.repository, &at.owner, links).serialize(sink),
            Self::Fork(at, links) => {
                Repository { fork: true, ..Repository::of(&at.repository, &at.owner, links) }.serialize(sink)
            }
        }
    }
}

/// What stands for a repository that is not registered here: its names, id 0, and the scene's moment.
pub(in super::super) fn unknown_repository(name: &RepositoryName, stage: &Stage<'_>) -> Located {
    let Located { repository, owner } = unregistered::repository(name, stage.directory, stage.occurred_at);
    let default_branch = stage.row.default_branch.clone();
    let repository = Row { default_branch, fork_of: Some(stage.row.id), ..(*repository).clone() };
    Located { repository: Arc::new(repository), owner }
}
