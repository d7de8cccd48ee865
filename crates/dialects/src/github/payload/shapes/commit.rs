//! A commit, as `push` lists it and as `status` shows it.

use std::sync::Arc;

use domain::account::Account;
use domain::canonical::{Actor, Commit, Person, ZERO_ID};
use domain::time::Timestamp;
use serde::{Serialize, Serializer};

use super::super::Stage;
use super::{Joined, User, node_id};

/// File names told per commit, of all three lists together (contract github section 4.2).
const MAX_FILES: usize = 3_000;

/// A commit object of `push`.
#[derive(Serialize)]
pub(in super::super) struct PushCommit<'a> {
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
    pub(in super::super) fn of(commit: &'a Commit, page: &'a str, stage: &Stage<'_>) -> Self {
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
pub(in super::super) struct Signature<'a> {
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

/// The commit object of `status`.
#[derive(Serialize)]
pub(in super::super) struct StatusCommit<'a> {
    sha: &'a str,
    node_id: String,
    commit: GitCommit<'a>,
    url: String,
    html_url: String,
    comments_url: String,
    author: Option<User<'a>>,
    committer: Option<User<'a>>,
    parents: Vec<Parent<'a>>,
}

impl<'a> StatusCommit<'a> {
    /// Many publishers of statuses know no more than the id: then author and committer are whoever set the status, the
    /// message is empty and the tree is zero.
    pub(in super::super) fn of(sha: &'a str, details: Option<&'a Commit>, actor: &'a Actor, stage: &Stage<'a>) -> Self {
        let (api, page) = (stage.api(), stage.page());
        let account = |person: &Person| {
            let account = stage.directory.account_by_email(&person.email);
            account.map(|account| User::of(&account, stage.links))
        };
        let parents = details.map_or(&[][..], |commit| &commit.parents).iter();
        Self {
            sha,
            node_id: node_id("Commit", sha),
            commit: GitCommit::of(sha, details, actor, &api, stage),
            url: format!("{api}/commits/{sha}"),
            html_url: format!("{page}/commit/{sha}"),
            comments_url: format!("{api}/commits/{sha}/comments"),
            author: details.and_then(|commit| account(&commit.author)),
            committer: details.and_then(|commit| account(&commit.committer)),
            parents: parents
                .map(|sha| Parent {
                    sha,
                    url: format!("{api}/commits/{sha}"),
                    html_url: format!("{page}/commit/{sha}"),
                })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct GitCommit<'a> {
    author: Dated<'a>,
    committer: Dated<'a>,
    message: &'a str,
    tree: Tree<'a>,
    url: String,
    comment_count: u64,
    verification: Verification,
}

impl<'a> GitCommit<'a> {
    fn of(sha: &str, details: Option<&'a Commit>, actor: &'a Actor, api: &str, stage: &Stage<'_>) -> Self {
        let utc = |text: &str| Timestamp::parse_rfc3339(text).unwrap_or(stage.occurred_at).rfc3339_seconds();
        let dated = |person: &'a Person, date| Dated { name: &person.name, email: &person.email, date };
        let (author, committer) = if let Some(commit) = details {
            let authored_at = commit.authored_at.as_deref().unwrap_or(&commit.timestamp);
            (dated(&commit.author, utc(authored_at)), dated(&commit.committer, utc(&commit.timestamp)))
        } else {
            let name = actor.name.as_deref().or(actor.login.as_deref()).unwrap_or_default();
            let whoever = Dated {
                name,
                email: actor.email.as_deref().unwrap_or_default(),
                date: stage.occurred_at.rfc3339_seconds(),
            };
            (whoever.clone(), whoever)
        };
        let tree = details.map_or(ZERO_ID, |commit| &commit.tree_id);
        Self {
            author,
            committer,
            message: details.map_or("", |commit| &commit.message),
            tree: Tree { sha: tree, url: format!("{api}/git/trees/{tree}") },
            url: format!("{api}/git/commits/{sha}"),
            comment_count: 0,
            verification: Verification { verified: false, reason: "unsigned", signature: None, payload: None },
        }
    }
}

#[derive(Clone, Serialize)]
struct Dated<'a> {
    name: &'a str,
    email: &'a str,
    date: String,
}

#[derive(Serialize)]
struct Tree<'a> {
    sha: &'a str,
    url: String,
}

/// Signatures are not looked at here.
#[derive(Serialize)]
struct Verification {
    verified: bool,
    reason: &'static str,
    signature: Option<&'static str>,
    payload: Option<&'static str>,
}

#[derive(Serialize)]
struct Parent<'a> {
    sha: &'a str,
    url: String,
    html_url: String,
}
