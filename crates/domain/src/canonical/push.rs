//! `push`: refs of one repository moved together.

use serde::{Deserialize, Serialize};

use super::actor::{Actor, Person};
use super::commit::Commit;
use super::field;
use super::read::Payload;

/// The object id that stands for "nothing": before a ref was created, after it was deleted.
pub const ZERO_ID: &str = "0000000000000000000000000000000000000000";

/// What a ref names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RefKind {
    /// `refs/heads/…`.
    Branch,
    /// `refs/tags/…`.
    Tag,
}

/// One ref that moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefUpdate {
    /// Full name: `refs/heads/main`.
    #[serde(rename = "ref", deserialize_with = "field::full_ref")]
    pub name: String,
    /// Branch or tag. Other refs are not published.
    pub kind: RefKind,
    /// Where it pointed; [`ZERO_ID`] if it did not exist. For an annotated tag, the tag object.
    #[serde(deserialize_with = "field::object_id")]
    pub before: String,
    /// Where it points; [`ZERO_ID`] if it was deleted. For an annotated tag, the tag object.
    #[serde(deserialize_with = "field::object_id")]
    pub after: String,
    /// The old tip is not an ancestor of the new one.
    #[serde(default)]
    pub forced: bool,
    /// Full name of a branch at whose tip the new ref was made.
    #[serde(default, deserialize_with = "field::optional_full_ref", skip_serializing_if = "Option::is_none")]
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
    /// The commit the ref pointed to before (for an annotated tag: the tagged commit); none when created, or unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_commit: Option<Commit>,
    /// What an annotated tag says about itself; none for branches, other tags and deleted ones, or if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub annotation: Option<Annotation>,
}

/// What a tag object holds beside the name of what it tags.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Annotation {
    /// The whole message.
    pub message: String,
    /// Who made the tag.
    pub tagger: Person,
    /// When, RFC 3339, with the tagger's own offset.
    #[serde(deserialize_with = "field::date")]
    pub date: String,
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

    /// What is wrong with it as a whole, as (field, problem).
    fn problem(&self) -> Option<(&'static str, &'static str)> {
        if self.short_name().len() == self.name.len() {
            return Some(("ref", "does not begin as its kind does: refs/heads/ or refs/tags/"));
        }
        (self.created() && self.deleted()).then_some(("after", "is zero, and so is before"))
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

impl Payload for Push {
    type Action = ();

    fn check(&self, (): ()) -> Result<(), String> {
        check_refs(&self.refs)
    }
}

/// Kinds fit names, and no ref goes from nothing to nothing, in a list called `refs`.
pub(super) fn check_refs(refs: &[RefUpdate]) -> Result<(), String> {
    let problems = refs.iter().enumerate().find_map(|(at, moved)| Some((at, moved.problem()?)));
    problems.map_or(Ok(()), |(at, (field, problem))| Err(format!("refs[{at}].{field}: {problem}")))
}
