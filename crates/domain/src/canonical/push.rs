//! `push`: refs of one repository moved together.

use serde::{Deserialize, Serialize};

/// The object id that stands for "nothing": before a ref was created, after it was deleted.
pub const ZERO_ID: &str = "0000000000000000000000000000000000000000";

/// Who did it. At least one member should be given; accounts are found by login, then by e-mail address.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Login of the acting account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<String>,
    /// Display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// E-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// The author or committer of a commit, as git records them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
}

/// What a ref names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RefKind {
    /// `refs/heads/…`.
    Branch,
    /// `refs/tags/…`.
    Tag,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Object id, lowercase hex.
    pub id: String,
    /// Object id of its tree.
    pub tree_id: String,
    /// Object ids of its parents.
    #[serde(default)]
    pub parents: Vec<String>,
    /// The whole message.
    pub message: String,
    /// Committer date, RFC 3339, with the committer's own offset.
    pub timestamp: String,
    /// Author date in the same form, when it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authored_at: Option<String>,
    /// Who wrote it.
    pub author: Person,
    /// Who committed it.
    pub committer: Person,
    /// Paths it added.
    #[serde(default)]
    pub added: Vec<String>,
    /// Paths it removed.
    #[serde(default)]
    pub removed: Vec<String>,
    /// Paths it modified.
    #[serde(default)]
    pub modified: Vec<String>,
    /// New to the repository with this push (as opposed to known from another branch).
    #[serde(default = "yes")]
    pub distinct: bool,
}

fn yes() -> bool {
    true
}

/// One ref that moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefUpdate {
    /// Full name: `refs/heads/main`.
    #[serde(rename = "ref")]
    pub name: String,
    /// Branch or tag. Other refs are not published.
    pub kind: RefKind,
    /// Where it pointed; [`ZERO_ID`] if it did not exist. For an annotated tag, the tag object.
    pub before: String,
    /// Where it points; [`ZERO_ID`] if it was deleted. For an annotated tag, the tag object.
    pub after: String,
    /// The old tip is not an ancestor of the new one.
    #[serde(default)]
    pub forced: bool,
    /// Full name of a branch at whose tip the new ref was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_ref: Option<String>,
    /// Commits this push brought to the repository on this ref, oldest first; at most 2,048, the newest.
    #[serde(default)]
    pub commits: Vec<Commit>,
    /// There were more commits than listed.
    #[serde(default)]
    pub truncated: bool,
    /// How many there were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_commits: Option<u64>,
    /// The commit the ref points to now (for an annotated tag: the tagged commit); none when deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_commit: Option<Commit>,
}

impl RefUpdate {
    /// Did the ref not exist before?
    pub fn created(&self) -> bool {
        is_zero(&self.before)
    }

    /// Does the ref not exist any more?
    pub fn deleted(&self) -> bool {
        is_zero(&self.after)
    }

    /// `main` for `refs/heads/main`.
    pub fn short_name(&self) -> &str {
        let prefix = match self.kind {
            RefKind::Branch => "refs/heads/",
            RefKind::Tag => "refs/tags/",
        };
        self.name.strip_prefix(prefix).unwrap_or(&self.name)
    }
}

fn is_zero(id: &str) -> bool {
    id.bytes().all(|byte| byte == b'0')
}

/// Refs of one repository moved together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Push {
    /// Who pushed.
    pub pusher: Actor,
    /// Every branch and tag that moved.
    pub refs: Vec<RefUpdate>,
}
