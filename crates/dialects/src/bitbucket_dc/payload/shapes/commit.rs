//! Moved refs and commits.

use domain::canonical::{Commit, Person, RefKind, RefUpdate, ZERO_ID};
use serde::Serialize;

use super::super::Stage;
use super::super::dates::CommitMoment;
use super::{User, display_id};

/// A ref that moved.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct ChangeObject<'a> {
    #[serde(rename = "ref")]
    name: RefName<'a>,
    ref_id: &'a str,
    from_hash: &'a str,
    to_hash: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl<'a> ChangeObject<'a> {
    /// Where it was and where it is; forty zeros for nowhere, whatever the length of the repository's ids.
    pub(in super::super) fn of(moved: &'a RefUpdate) -> Self {
        let (from_hash, to_hash, kind) = match (moved.created(), moved.deleted()) {
            (true, _) => (ZERO_ID, moved.after.as_str(), "ADD"),
            (false, true) => (moved.before.as_str(), ZERO_ID, "DELETE"),
            (false, false) => (moved.before.as_str(), moved.after.as_str(), "UPDATE"),
        };
        Self { name: RefName::of(moved), ref_id: &moved.name, from_hash, to_hash, kind }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefName<'a> {
    id: &'a str,
    display_id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl<'a> RefName<'a> {
    fn of(moved: &'a RefUpdate) -> Self {
        let kind = match moved.kind {
            RefKind::Branch => "BRANCH",
            RefKind::Tag => "TAG",
        };
        Self { id: &moved.name, display_id: moved.short_name(), kind }
    }
}

/// A commit by its id.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct ShortCommit<'a> {
    id: &'a str,
    display_id: &'a str,
}

impl<'a> ShortCommit<'a> {
    /// The commit of that id.
    pub(in super::super) fn of(id: &'a str) -> Self {
        Self { id, display_id: display_id(id) }
    }
}

/// A commit; its parents are told as `P`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct CommitObject<'a, P> {
    id: &'a str,
    display_id: &'a str,
    author: Signature<'a>,
    author_timestamp: CommitMoment,
    committer: Signature<'a>,
    committer_timestamp: CommitMoment,
    message: &'a str,
    parents: Vec<P>,
}

impl<'a, P> CommitObject<'a, P> {
    /// A commit, each parent as `parent` tells it.
    pub(in super::super) fn of(commit: &'a Commit, stage: &Stage<'a>, parent: impl Fn(&'a str) -> P) -> Self {
        let authored_at = commit.authored_at.as_deref().unwrap_or(&commit.timestamp);
        Self {
            id: &commit.id,
            display_id: display_id(&commit.id),
            author: Signature::of(&commit.author, stage),
            author_timestamp: stage.commit_moment(authored_at),
            committer: Signature::of(&commit.committer, stage),
            committer_timestamp: stage.commit_moment(&commit.timestamp),
            message: &commit.message,
            parents: commit.parents.iter().map(|id| parent(id)).collect(),
        }
    }
}

/// Whose name a commit bears: the user with that address, or what git recorded.
#[derive(Serialize)]
#[serde(untagged)]
enum Signature<'a> {
    Known(User<'a>),
    #[serde(rename_all = "camelCase")]
    Stranger {
        name: &'a str,
        email_address: &'a str,
    },
}

impl<'a> Signature<'a> {
    fn of(person: &'a Person, stage: &Stage<'a>) -> Self {
        match stage.directory.account_by_email(&person.email) {
            Some(account) => Self::Known(User::of(&account, stage.links)),
            None => Self::Stranger { name: &person.name, email_address: &person.email },
        }
    }
}
