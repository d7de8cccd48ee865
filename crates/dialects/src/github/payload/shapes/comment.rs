//! `comment` on commits, on issues and on code.

use domain::canonical::{Actor, Comment, CommitCommentEvent, Location, PullRequest, Side};
use serde::Serialize;

use super::super::Stage;
use super::{Link, Reactions, User, link, node_id};

/// What all comments have.
#[derive(Serialize)]
struct Common<'a> {
    id: u64,
    node_id: String,
    user: User<'a>,
    created_at: String,
    updated_at: String,
    author_association: &'static str,
    body: &'a str,
}

impl<'a> Common<'a> {
    fn of(kind: &str, comment: &'a Comment, actor: &'a Actor, stage: &Stage<'a>) -> Self {
        let author = comment.author.as_ref().unwrap_or(actor);
        Self {
            id: comment.id,
            node_id: node_id(kind, comment.id),
            user: stage.user(author),
            created_at: comment.created_at.rfc3339_seconds(),
            updated_at: comment.updated_at.unwrap_or(comment.created_at).rfc3339_seconds(),
            author_association: stage.association(author),
            body: &comment.body,
        }
    }
}

/// A comment on a commit.
#[derive(Serialize)]
pub(in super::super) struct CommitComment<'a> {
    url: String,
    html_url: String,
    #[serde(flatten)]
    common: Common<'a>,
    position: Option<u64>,
    line: Option<u64>,
    path: Option<&'a str>,
    commit_id: &'a str,
}

impl<'a> CommitComment<'a> {
    /// The comment of that event.
    pub(in super::super) fn of(event: &'a CommitCommentEvent, stage: &Stage<'a>) -> Self {
        let (id, commit) = (event.comment.id, &event.commit);
        let location = event.comment.location.as_ref();
        let line = location.and_then(|location| location.line);
        Self {
            url: format!("{}/comments/{id}", stage.api()),
            html_url: format!("{}/commit/{commit}#commitcomment-{id}", stage.page()),
            common: Common::of("CommitComment", &event.comment, &event.actor, stage),
            position: line,
            line,
            path: location.map(|location| location.path.as_str()),
            commit_id: commit,
        }
    }
}

/// A comment on an issue, or a general one on a pull request.
#[derive(Serialize)]
pub(in super::super) struct IssueComment<'a> {
    url: String,
    html_url: String,
    issue_url: String,
    #[serde(flatten)]
    common: Common<'a>,
    reactions: Reactions,
    performed_via_github_app: Option<()>,
}

impl<'a> IssueComment<'a> {
    /// `tab` is `issues` or `pull`, where the page of that number is.
    pub(in super::super) fn of(
        comment: &'a Comment,
        number: u64,
        tab: &str,
        actor: &'a Actor,
        stage: &Stage<'a>,
    ) -> Self {
        let (api, id) = (stage.api(), comment.id);
        let url = format!("{api}/issues/comments/{id}");
        Self {
            html_url: format!("{}/{tab}/{number}#issuecomment-{id}", stage.page()),
            issue_url: format!("{api}/issues/{number}"),
            common: Common::of("IssueComment", comment, actor, stage),
            reactions: Reactions::to(&url),
            performed_via_github_app: None,
            url,
        }
    }
}

/// A comment on code under review.
#[derive(Serialize)]
pub(in super::super) struct ReviewComment<'a> {
    url: String,
    pull_request_review_id: u64,
    diff_hunk: String,
    path: &'a str,
    position: Option<u64>,
    original_position: u64,
    commit_id: &'a str,
    original_commit_id: &'a str,
    html_url: String,
    pull_request_url: String,
    _links: CommentLinks,
    start_line: Option<u64>,
    original_start_line: Option<u64>,
    start_side: Option<&'static str>,
    line: Option<u64>,
    original_line: u64,
    side: &'static str,
    subject_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_reply_to_id: Option<u64>,
    reactions: Reactions,
    #[serde(flatten)]
    common: Common<'a>,
}

#[derive(Serialize)]
struct CommentLinks {
    #[serde(rename = "self")]
    own: Link,
    html: Link,
    pull_request: Link,
}

impl<'a> ReviewComment<'a> {
    /// A comment at that place. Publishers count lines, not positions in the difference: the line stands for both. A
    /// comment given without a review is its own.
    pub(in super::super) fn of(
        comment: &'a Comment,
        location: &'a Location,
        pull: &'a PullRequest,
        actor: &'a Actor,
        stage: &Stage<'a>,
    ) -> Self {
        let (api, id) = (stage.api(), comment.id);
        let url = format!("{api}/pulls/comments/{id}");
        let html_url = format!("{}/pull/{}#discussion_r{id}", stage.page(), pull.number);
        let pull_request_url = format!("{api}/pulls/{}", pull.number);
        let side = match location.side {
            Side::Old => "LEFT",
            Side::New => "RIGHT",
        };
        let line = location.line.unwrap_or(1);
        let commit = location.commit.as_deref().unwrap_or(&pull.source.commit);
        Self {
            pull_request_review_id: comment.parent.unwrap_or(id),
            diff_hunk: location.hunk.clone().unwrap_or_else(|| format!("@@ -{line} +{line} @@")),
            path: &location.path,
            position: location.line,
            original_position: line,
            commit_id: commit,
            original_commit_id: commit,
            _links: CommentLinks {
                own: link(url.as_str()),
                html: link(html_url.as_str()),
                pull_request: link(pull_request_url.as_str()),
            },
            start_line: location.start_line,
            original_start_line: location.start_line,
            start_side: location.start_line.map(|_| side),
            line: location.line,
            original_line: line,
            side,
            subject_type: if location.line.is_some() { "line" } else { "file" },
            in_reply_to_id: comment.parent,
            reactions: Reactions::to(&url),
            common: Common::of("PullRequestReviewComment", comment, actor, stage),
            url,
            html_url,
            pull_request_url,
        }
    }
}
