//! Comments, wherever they stand, and `commit_comment.…`.

use serde::{Deserialize, Serialize};

use super::action::CommentAction;
use super::actor::Actor;
use super::field;
use super::read::Payload;
use crate::time::Timestamp;

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comment {
    /// The publisher's id of it.
    pub id: u64,
    /// The text.
    pub body: String,
    /// Who wrote it; the event's actor unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Actor>,
    /// When it was written.
    #[serde(with = "field::moment")]
    pub created_at: Timestamp,
    /// When it was last edited.
    #[serde(default, with = "field::optional_moment", skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// Id of the comment it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u64>,
    /// The code it is about; none for a general comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// Its thread is settled.
    #[serde(default)]
    pub resolved: bool,
}

/// A place in the code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The file.
    pub path: String,
    /// The line, from 1, or the last of several; none for the whole file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The first of several lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_line: Option<u64>,
    /// Which side of the difference the lines are counted on.
    #[serde(default)]
    pub side: Side,
    /// The commit it was made on.
    #[serde(default, deserialize_with = "field::optional_object_id", skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The piece of the difference around it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hunk: Option<String>,
}

/// A side of a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Before.
    Old,
    /// After.
    #[default]
    New,
}

/// Someone commented on a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitCommentEvent {
    /// Who did it.
    pub actor: Actor,
    /// The commit.
    #[serde(deserialize_with = "field::object_id")]
    pub commit: String,
    /// The comment.
    pub comment: Comment,
    /// `edited`: the text before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_body: Option<String>,
}

impl Payload for CommitCommentEvent {
    type Action = CommentAction;

    fn check(&self, action: CommentAction) -> Result<(), String> {
        check_edit(action, self.previous_body.as_deref())
    }
}

/// An edit says what was there before.
pub(super) fn check_edit(action: CommentAction, previous_body: Option<&str>) -> Result<(), String> {
    let missing = action == CommentAction::Edited && previous_body.is_none();
    if missing { Err("previous_body: missing".to_owned()) } else { Ok(()) }
}
