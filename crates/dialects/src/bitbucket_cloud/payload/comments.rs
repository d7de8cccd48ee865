//! Comments: on commits, on issues and on pull requests.

use domain::canonical::{CommentAction, CommitCommentEvent, IssueCommentEvent, PullRequestCommentEvent};
use serde::Serialize;

use super::Tale;
use super::shapes::{CommentObject, CommitName, IssueObject, PullRequestObject, Subject};

/// Cloud tells of new comments on commits only.
pub(super) fn tell_of_commit(action: CommentAction, event: &CommitCommentEvent, tale: &mut Tale<'_>) {
    if action != CommentAction::Created {
        return;
    }
    tale.tell("repo:commit_comment_created", &event.actor, |stage| {
        let subject = Subject::Commit(&event.commit);
        OnCommit {
            comment: CommentObject::of(&event.comment, subject, &event.actor, stage),
            commit: CommitName { hash: &event.commit, api: &stage.at.api, page: &stage.at.page },
        }
    });
}

/// Cloud tells of new comments on issues only.
pub(super) fn tell_of_issue(action: CommentAction, event: &IssueCommentEvent, tale: &mut Tale<'_>) {
    if action != CommentAction::Created {
        return;
    }
    tale.tell("issue:comment_created", &event.actor, |stage| OnIssue {
        issue: IssueObject::of(&event.issue, stage),
        comment: CommentObject::of(&event.comment, Subject::Issue(event.issue.number), &event.actor, stage),
    });
}

/// A comment on a pull request, or on its code.
pub(super) fn tell_of_pull_request(action: CommentAction, event: &PullRequestCommentEvent, tale: &mut Tale<'_>) {
    let key = match action {
        CommentAction::Created => "pullrequest:comment_created",
        CommentAction::Edited => "pullrequest:comment_updated",
        CommentAction::Deleted => "pullrequest:comment_deleted",
    };
    tale.tell(key, &event.actor, |stage| {
        let subject = Subject::PullRequest(&event.pull_request);
        let comment = CommentObject::of(&event.comment, subject, &event.actor, stage);
        OnPullRequest {
            pullrequest: PullRequestObject::of(&event.pull_request, stage),
            comment: comment.deleted(action == CommentAction::Deleted),
        }
    });
}

#[derive(Serialize)]
struct OnCommit<'a> {
    comment: CommentObject<'a>,
    commit: CommitName<'a>,
}

#[derive(Serialize)]
struct OnIssue<'a> {
    issue: IssueObject<'a>,
    comment: CommentObject<'a>,
}

#[derive(Serialize)]
struct OnPullRequest<'a> {
    pullrequest: PullRequestObject<'a>,
    comment: CommentObject<'a>,
}
