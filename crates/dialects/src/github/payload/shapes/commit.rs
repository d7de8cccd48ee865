//! A commit, as `push` lists it.

use std::sync::Arc;

use domain::account::Account;
use domain::canonical::{Commit, Person};
use serde::{Serialize, Serializer};

use super::super::Stage;
use super::Joined;

/// File names told per commit, of all three lists together (contract github section 4.2).
const MAX_FILES: usize = 3_000;

/// A commit object of `push`.
#[derive(Serialize)]
pub(crate) struct PushCommit<'a> {
    id: &'a str,
    tree_id: &'a str,
    distinct: bool,
    message: &'a str,
    timestamp: &'a str,
    url: Joined<'a, 3>,
    author: Signature<'a>,
    committer: Signature<'a>,
    added: &'a [String],
    removed: &'a [String],
    modified: &'a [String],
}

impl<'a> PushCommit<'a> {
    /// `page` is the repository's page.
    pub(crate) fn of(commit: &'a Commit, page: &'a str, stage: &Stage<'_>) -> Self {
        let mut left = MAX_FILES;
        let mut take = |paths: &'a [String]| {
            let taken = &paths[..paths.len().min(left)];
            left -= taken.len();
            taken
        };
        let author = Signature::of(&commit.author, stage);
        let committer =
            if commit.committer == commit.author { author.clone() } else { Signature::of(&commit.committer, stage) };
        Self {
            id: &commit.id,
            tree_id: &commit.tree_id,
            distinct: commit.distinct,
            message: &commit.message,
            timestamp: &commit.timestamp,
            url: Joined([page, "/commit/", &commit.id]),
            author,
            committer,
            added: take(&commit.added),
            removed: take(&commit.removed),
            modified: take(&commit.modified),
        }
    }
}

/// Name, address, and the login of the account with that address.
#[derive(Clone, Serialize)]
pub(crate) struct Signature<'a> {
    name: &'a str,
    email: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<Login>,
}

impl<'a> Signature<'a> {
    fn of(person: &'a Person, stage: &Stage<'_>) -> Self {
        let username = stage.directory.account_by_email(&person.email).map(Login);
        Self { name: &person.name, email: &person.email, username }
    }
}

/// An account, written as its login.
#[derive(Clone)]
struct Login(Arc<Account>);

impl Serialize for Login {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        sink.serialize_str(&self.0.login)
    }
}
