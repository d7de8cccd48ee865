//! `repo:comment:…` and `pr:comment:…`.

use domain::canonical::{CommentAction, CommitCommentEvent, PullRequestCommentEvent};
use serde::Serialize;

use super::Tale;
use super::shapes::{CommentObject, PullRequestObject, Repository};

/// A comment on a commit.
pub(super) fn tell_of_commit(action: CommentAction, event: &CommitCommentEvent, tale: &mut Tale<'_>) {
    let key = match action {
        CommentAction::Created => "repo:comment:added",
        CommentAction::Edited => "repo:comment:edited",
        CommentAction::Deleted => "repo:comment:deleted",
    };
    tale.tell(key, Some(&event.actor), |stage| OnCommit {
        comment: CommentObject::of(&event.comment, action, &event.actor, stage),
        repository: stage.repository(),
        commit: &event.commit,
        previous_comment: previous(action, event.previous_body.as_deref()),
    });
}

/// A comment on a pull request, general or on code.
pub(super) fn tell_of_pull_request(action: CommentAction, event: &PullRequestCommentEvent, tale: &mut Tale<'_>) {
    let key = match action {
        CommentAction::Created => "pr:comment:added",
        CommentAction::Edited => "pr:comment:edited",
        CommentAction::Deleted => "pr:comment:deleted",
    };
    tale.tell(key, Some(&event.actor), |stage| OnPullRequest {
        pull_request: PullRequestObject::of(&event.pull_request, stage),
        comment: CommentObject::of(&event.comment, action, &event.actor, stage),
        comment_parent_id: event.comment.parent,
        previous_comment: previous(action, event.previous_body.as_deref()),
    });
}

/// The text before an edit.
fn previous(action: CommentAction, body: Option<&str>) -> Option<&str> {
    (action == CommentAction::Edited).then(|| body.unwrap_or_default())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OnCommit<'a> {
    comment: CommentObject<'a>,
    repository: Repository<'a>,
    commit: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_comment: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OnPullRequest<'a> {
    pull_request: PullRequestObject<'a>,
    comment: CommentObject<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment_parent_id: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_comment: Option<&'a str>,
}
