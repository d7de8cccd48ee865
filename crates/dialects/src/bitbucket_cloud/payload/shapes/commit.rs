//! Commits: in full as `target` and in `commits`, in short wherever one is only named.

use domain::canonical::{Commit as Known, Person};
use domain::time::Timestamp;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::super::Stage;
use super::{Account, Empty, LinkSet, Rendered, seconds};

/// A commit object.
pub(in super::super) struct Commit<'a> {
    hash: &'a str,
    /// What is known beside the hash; many publishers know no more.
    details: Option<&'a Known>,
    /// One of `commits`: with all seven links.
    listed: bool,
    stage: Stage<'a>,
}

impl<'a> Commit<'a> {
    /// The `target` of a ref, or the commit of a status.
    pub(in super::super) fn target(hash: &'a str, details: Option<&'a Known>, stage: Stage<'a>) -> Self {
        Self { hash, details, listed: false, stage }
    }

    /// One of `commits`.
    pub(in super::super) fn listed(commit: &'a Known, stage: Stage<'a>) -> Self {
        Self { hash: &commit.id, details: Some(commit), listed: true, stage }
    }

    /// Its whole hash.
    pub(in super::super) fn hash(&self) -> &'a str {
        self.hash
    }

    fn links<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let (api, page, hash) = (&*self.stage.at.api, &*self.stage.at.page, self.hash);
        let links: &[(&'static str, &[&str])] = &[
            ("self", &[api, "/commit/", hash]),
            ("html", &[page, "/commits/", hash]),
            ("diff", &[api, "/diff/", hash]),
            ("approve", &[api, "/commit/", hash, "/approve"]),
            ("comments", &[api, "/commit/", hash, "/comments"]),
            ("statuses", &[api, "/commit/", hash, "/statuses"]),
            ("patch", &[api, "/patch/", hash]),
        ];
        map.serialize_entry("links", &LinkSet(if self.listed { links } else { &links[..2] }))
    }
}

impl Serialize for Commit<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let mut map = sink.serialize_map(None)?;
        map.serialize_entry("type", "commit")?;
        map.serialize_entry("hash", self.hash)?;
        let Some(commit) = self.details else {
            self.links(&mut map)?;
            return map.end();
        };
        map.serialize_entry("date", &utc(&commit.timestamp))?;
        map.serialize_entry("author", &Author::of(&commit.author, &self.stage))?;
        map.serialize_entry("committer", &Empty {})?;
        map.serialize_entry("message", &commit.message)?;
        map.serialize_entry("summary", &Rendered(&commit.message))?;
        self.links(&mut map)?;
        let (api, page) = (&*self.stage.at.api, &*self.stage.at.page);
        let parents: Vec<_> = commit.parents.iter().map(|hash| CommitName { hash, api, page }).collect();
        map.serialize_entry("parents", &parents)?;
        map.serialize_entry("rendered", &Empty {})?;
        map.serialize_entry("properties", &Empty {})?;
        map.end()
    }
}

/// A commit by its hash, however much of it.
#[derive(Clone, Copy)]
pub(in super::super) struct CommitName<'a> {
    /// The hash, whole or its first [`SHORT_HASH`] digits.
    pub(in super::super) hash: &'a str,
    /// API URL of its repository.
    pub(in super::super) api: &'a str,
    /// Page of its repository.
    pub(in super::super) page: &'a str,
}

impl Serialize for CommitName<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let Self { hash, api, page } = *self;
        let mut map = sink.serialize_map(Some(3))?;
        map.serialize_entry("hash", hash)?;
        map.serialize_entry(
            "links",
            &LinkSet(&[("self", &[api, "/commit/", hash]), ("html", &[page, "/commits/", hash])]),
        )?;
        map.serialize_entry("type", "commit")?;
        map.end()
    }
}

/// Digits of a hash inside pull requests.
const SHORT_HASH: usize = 12;

/// A hash as pull requests write it.
pub(in super::super) fn short_hash(hash: &str) -> &str {
    hash.get(..SHORT_HASH).unwrap_or(hash)
}

/// Who wrote a commit or made a tag: as git has it, and the account with that address.
#[derive(Serialize)]
pub(super) struct Author<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    raw: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<Account<'a>>,
}

impl<'a> Author<'a> {
    /// That person.
    pub(super) fn of(person: &Person, stage: &Stage<'a>) -> Self {
        let raw = format!("{} <{}>", person.name, person.email);
        Self { kind: "author", raw, user: stage.account_by_email(&person.email) }
    }
}

/// A date of git's in UTC, to the second.
pub(super) fn utc(date: &str) -> String {
    Timestamp::parse_rfc3339(date).map_or_else(|| date.to_owned(), seconds)
}
