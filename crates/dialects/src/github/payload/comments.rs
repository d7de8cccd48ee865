//! `commit_comment`, `issue_comment` and `pull_request_review_comment`.

use domain::canonical::{CommentAction, CommitCommentEvent, IssueCommentEvent, PullRequestCommentEvent};
use serde::Serialize;

use super::shapes::{CommitComment, IssueComment, IssueObject, ReviewComment, SimplePullRequest};
use super::{From, Tale};

/// GitHub tells of new comments on commits only.
pub(super) fn tell_of_commit(action: CommentAction, event: &CommitCommentEvent, tale: &mut Tale<'_>) {
    if action == CommentAction::Created {
        tale.tell("commit_comment", Some("created"), &event.actor, |stage| OnCommit {
            comment: CommitComment::of(event, stage),
        });
    }
}

/// A comment on an issue.
pub(super) fn tell_of_issue(action: CommentAction, event: &IssueCommentEvent, tale: &mut Tale<'_>) {
    tale.tell("issue_comment", Some(action.as_str()), &event.actor, |stage| OnIssue {
        changes: Edit::of(action, event.previous_body.as_deref()),
        issue: IssueObject::of(&event.issue, stage),
        comment: IssueComment::of(&event.comment, event.issue.number, "issues", &event.actor, stage),
    });
}

/// A general comment on a pull request is one on its issue; one on code is a review comment.
pub(super) fn tell_of_pull_request(action: CommentAction, event: &PullRequestCommentEvent, tale: &mut Tale<'_>) {
    let PullRequestCommentEvent { actor, pull_request, comment, previous_body } = event;
    let changes = Edit::of(action, previous_body.as_deref());
    match &comment.location {
        None => tale.tell("issue_comment", Some(action.as_str()), actor, |stage| OnIssue {
            changes,
            issue: IssueObject::of_pull_request(pull_request, stage),
            comment: IssueComment::of(comment, pull_request.number, "pull", actor, stage),
        }),
        Some(location) => tale.tell("pull_request_review_comment", Some(action.as_str()), actor, |stage| OnCode {
            changes,
            comment: ReviewComment::of(comment, location, pull_request, actor, stage),
            pull_request: SimplePullRequest::of(pull_request, false, stage),
        }),
    }
}

#[derive(Serialize)]
struct OnCommit<'a> {
    comment: CommitComment<'a>,
}

#[derive(Serialize)]
struct OnIssue<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Edit<'a>>,
    issue: IssueObject<'a>,
    comment: IssueComment<'a>,
}

#[derive(Serialize)]
struct OnCode<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Edit<'a>>,
    comment: ReviewComment<'a>,
    pull_request: SimplePullRequest<'a>,
}

/// The text before an edit.
#[derive(Serialize)]
struct Edit<'a> {
    body: From<'a>,
}

impl<'a> Edit<'a> {
    fn of(action: CommentAction, previous: Option<&'a str>) -> Option<Self> {
        let body = From { from: previous.unwrap_or_default() };
        (action == CommentAction::Edited).then_some(Self { body })
    }
}
