//! `issue.…` and `issue_comment.…`.

use serde::{Deserialize, Serialize};

use super::action::{CommentAction, IssueAction};
use super::actor::{Actor, Change};
use super::comment::{Comment, check_edit};
use super::field;
use super::read::Payload;
use crate::time::Timestamp;

/// A label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The publisher's id of it; zero unless given.
    #[serde(default)]
    pub id: u64,
    /// The name.
    pub name: String,
    /// Six hex digits.
    #[serde(default = "grey")]
    pub color: String,
    /// One line about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

fn grey() -> String {
    "ededed".to_owned()
}

/// An issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// The publisher's id of it, unique across repositories; the number unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// The number in its repository.
    pub number: u64,
    /// The title.
    pub title: String,
    /// The description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Open or closed.
    pub state: IssueState,
    /// The publisher's finer word for the state: `on hold`, `wontfix`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Who opened it.
    pub author: Actor,
    /// Those it is assigned to.
    #[serde(default)]
    pub assignees: Vec<Actor>,
    /// Its labels.
    #[serde(default)]
    pub labels: Vec<Label>,
    /// What it is: `bug`, `task`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// How much it matters: `trivial` to `blocker`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// The part of the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<String>,
    /// The milestone's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milestone: Option<String>,
    /// The version's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Closed to comments.
    #[serde(default)]
    pub locked: bool,
    /// How many comments it has.
    #[serde(default)]
    pub comments: u64,
    /// When it was opened.
    #[serde(with = "field::moment")]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(with = "field::moment")]
    pub updated_at: Timestamp,
    /// When it was closed.
    #[serde(default, with = "field::optional_moment", skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
}

/// Open or closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IssueState {
    /// To be done.
    Open,
    /// Done, or not to be done.
    Closed,
}

/// What changed about an issue.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueChanges {
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Change>,
    /// The description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Change>,
    /// Open or closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Change>,
    /// The finer word for the state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Change>,
    /// The login of whom it is assigned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee: Option<Change>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Change>,
    /// How much it matters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<Change>,
    /// The part of the product.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<Change>,
    /// The milestone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milestone: Option<Change>,
    /// The version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Change>,
}

/// Something happened to an issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueEvent {
    /// Who did it.
    pub actor: Actor,
    /// The issue, as it is now.
    pub issue: Issue,
    /// `updated`: what changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<IssueChanges>,
    /// `updated`: what was said with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<Comment>,
}

impl Payload for IssueEvent {
    type Action = IssueAction;

    fn check(&self, action: IssueAction) -> Result<(), String> {
        let missing = action == IssueAction::Updated && self.changes.is_none();
        if missing { Err("changes: missing".to_owned()) } else { Ok(()) }
    }
}

/// Someone commented on an issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueCommentEvent {
    /// Who did it.
    pub actor: Actor,
    /// The issue.
    pub issue: Issue,
    /// The comment.
    pub comment: Comment,
    /// `edited`: the text before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_body: Option<String>,
}

impl Payload for IssueCommentEvent {
    type Action = CommentAction;

    fn check(&self, action: CommentAction) -> Result<(), String> {
        check_edit(action, self.previous_body.as_deref())
    }
}
