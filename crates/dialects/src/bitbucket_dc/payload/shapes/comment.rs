//! Comments.

use domain::canonical::{Actor, Comment, CommentAction};
use serde::Serialize;

use super::super::Stage;
use super::super::dates::Moment;
use super::User;

/// A comment object.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct CommentObject<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Properties>,
    id: u64,
    version: u64,
    text: &'a str,
    author: User<'a>,
    created_date: Moment,
    updated_date: Moment,
    comments: [(); 0],
    tasks: [(); 0],
    severity: &'static str,
    state: &'static str,
    thread_resolved: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    repository_id: i64,
}

impl<'a> CommentObject<'a> {
    /// A comment in the scene's repository; its writer is the actor unless it says otherwise. One that is gone has no
    /// properties.
    pub(in super::super) fn of(
        comment: &'a Comment,
        action: CommentAction,
        actor: &'a Actor,
        stage: &Stage<'a>,
    ) -> Self {
        let properties = Properties { repository_id: stage.at.repository.id.0 };
        Self {
            properties: (action != CommentAction::Deleted).then_some(properties),
            id: comment.id,
            // Publishers do not count edits: all that is known is whether there was one.
            version: u64::from(comment.updated_at.is_some()),
            text: &comment.body,
            author: stage.user(comment.author.as_ref().unwrap_or(actor)),
            created_date: stage.moment(comment.created_at),
            updated_date: stage.moment(comment.updated_at.unwrap_or(comment.created_at)),
            // Answers are events of their own; tasks became comments of another severity.
            comments: [],
            tasks: [],
            severity: "NORMAL",
            state: "OPEN",
            thread_resolved: comment.resolved,
        }
    }
}
