//! `pull_request` in its two sizes, and `review`.

use domain::canonical::{End, PullRequest, PullRequestEvent, PullRequestState, Verdict};
use serde::Serialize;

use super::super::Stage;
use super::issue::LabelObject;
use super::{AnyRepository, Link, User, link, node_id};

/// The smaller form, which reviews and their comments carry.
#[derive(Serialize)]
pub(in super::super) struct SimplePullRequest<'a> {
    url: String,
    id: u64,
    node_id: String,
    html_url: String,
    diff_url: String,
    patch_url: String,
    issue_url: String,
    number: u64,
    state: &'static str,
    locked: bool,
    title: &'a str,
    user: User<'a>,
    body: Option<&'a str>,
    created_at: String,
    updated_at: String,
    closed_at: Option<String>,
    merged_at: Option<String>,
    merge_commit_sha: Option<&'a str>,
    assignee: Option<User<'a>>,
    assignees: Vec<User<'a>>,
    requested_reviewers: Vec<User<'a>>,
    requested_teams: [(); 0],
    labels: Vec<LabelObject<'a>>,
    milestone: Option<()>,
    draft: bool,
    commits_url: String,
    review_comments_url: String,
    review_comment_url: String,
    comments_url: String,
    statuses_url: String,
    head: Side<'a>,
    base: Side<'a>,
    _links: Links,
    author_association: &'static str,
    auto_merge: Option<()>,
    active_lock_reason: Option<()>,
}

/// One end of it.
#[derive(Serialize)]
struct Side<'a> {
    label: String,
    #[serde(rename = "ref")]
    name: &'a str,
    sha: &'a str,
    user: User<'a>,
    /// Null when it is not known here, as GitHub tells of deleted forks.
    repo: Option<AnyRepository<'a>>,
}

impl<'a> Side<'a> {
    fn of(end: &'a End, stage: &Stage<'a>) -> Self {
        let user = match &end.repository {
            Some(name) => stage.user_named(&name.owner),
            None => User::of(stage.owner, stage.links),
        };
        let label = format!("{}:{}", user.login(), end.short_name());
        let repo = stage.find(end.repository.as_ref());
        Self { label, name: end.short_name(), sha: &end.commit, user, repo }
    }
}

#[derive(Serialize)]
struct Links {
    #[serde(rename = "self")]
    own: Link,
    html: Link,
    issue: Link,
    comments: Link,
    review_comments: Link,
    review_comment: Link,
    commits: Link,
    statuses: Link,
}

impl<'a> SimplePullRequest<'a> {
    /// `over`: closed, whatever the publisher's state says (it was deleted, for one).
    pub(in super::super) fn of(pull: &'a PullRequest, over: bool, stage: &Stage<'a>) -> Self {
        let (api, number, id) = (stage.api(), pull.number, pull.id.unwrap_or(pull.number));
        let page = format!("{}/pull/{number}", stage.page());
        let url = format!("{api}/pulls/{number}");
        let issue_url = format!("{api}/issues/{number}");
        let closed = over || pull.state != PullRequestState::Open;
        let closed_at = closed.then(|| pull.closed_at.unwrap_or(stage.occurred_at).rfc3339_seconds());
        let merged_at = closed_at.clone().filter(|_| pull.state == PullRequestState::Merged);
        let assignees = stage.users(&pull.assignees);
        // As on GitHub, whoever has given a verdict is no longer asked for one.
        let pending = pull.reviewers.iter().filter(|reviewer| reviewer.verdict == Verdict::Pending);
        let links = Links {
            own: link(url.as_str()),
            html: link(page.as_str()),
            issue: link(issue_url.as_str()),
            comments: link(format!("{issue_url}/comments")),
            review_comments: link(format!("{url}/comments")),
            review_comment: link(format!("{api}/pulls/comments{{/number}}")),
            commits: link(format!("{url}/commits")),
            statuses: link(format!("{api}/statuses/{}", pull.source.commit)),
        };
        Self {
            id,
            node_id: node_id("PullRequest", id),
            diff_url: format!("{page}.diff"),
            patch_url: format!("{page}.patch"),
            number,
            state: if closed { "closed" } else { "open" },
            locked: pull.locked,
            title: &pull.title,
            user: stage.user(&pull.author),
            body: pull.body.as_deref(),
            created_at: pull.created_at.rfc3339_seconds(),
            updated_at: pull.updated_at.rfc3339_seconds(),
            closed_at,
            merged_at,
            merge_commit_sha: pull.merge_commit.as_deref(),
            assignee: assignees.first().cloned(),
            assignees,
            requested_reviewers: pending.map(|reviewer| stage.user(&reviewer.user)).collect(),
            requested_teams: [],
            labels: pull.labels.iter().map(|label| LabelObject::of(label, &api)).collect(),
            milestone: None,
            draft: pull.draft,
            commits_url: links.commits.href.clone(),
            review_comments_url: links.review_comments.href.clone(),
            review_comment_url: links.review_comment.href.clone(),
            comments_url: links.comments.href.clone(),
            statuses_url: links.statuses.href.clone(),
            head: Side::of(&pull.source, stage),
            base: Side::of(&pull.target, stage),
            _links: links,
            author_association: stage.association(&pull.author),
            auto_merge: None,
            active_lock_reason: None,
            url,
            html_url: page,
            issue_url,
        }
    }
}

/// The whole form, which `pull_request` carries.
#[derive(Serialize)]
pub(in super::super) struct PullRequestObject<'a> {
    #[serde(flatten)]
    simple: SimplePullRequest<'a>,
    merged: bool,
    mergeable: Option<bool>,
    rebaseable: Option<bool>,
    mergeable_state: &'static str,
    merged_by: Option<User<'a>>,
    comments: u64,
    review_comments: u64,
    maintainer_can_modify: bool,
    commits: u64,
    additions: u64,
    deletions: u64,
    changed_files: u64,
}

impl<'a> PullRequestObject<'a> {
    /// As [`SimplePullRequest::of`].
    pub(in super::super) fn of(pull: &'a PullRequest, over: bool, stage: &Stage<'a>) -> Self {
        let merged = pull.state == PullRequestState::Merged;
        let closed_by = pull.closed_by.as_ref().filter(|_| merged);
        Self {
            simple: SimplePullRequest::of(pull, over, stage),
            merged,
            mergeable: pull.mergeable,
            rebaseable: None,
            mergeable_state: match pull.mergeable {
                Some(true) => "clean",
                Some(false) => "dirty",
                None => "unknown",
            },
            merged_by: closed_by.map(|actor| stage.user(actor)),
            comments: pull.counts.comments,
            review_comments: pull.counts.review_comments,
            maintainer_can_modify: false,
            commits: pull.counts.commits,
            additions: pull.counts.additions,
            deletions: pull.counts.deletions,
            changed_files: pull.counts.changed_files,
        }
    }
}

/// A review object.
#[derive(Serialize)]
pub(in super::super) struct ReviewObject<'a> {
    id: u64,
    node_id: String,
    user: User<'a>,
    body: Option<&'a str>,
    commit_id: &'a str,
    submitted_at: String,
    state: &'static str,
    html_url: String,
    pull_request_url: String,
    author_association: &'static str,
    _links: ReviewLinks,
}

#[derive(Serialize)]
struct ReviewLinks {
    html: Link,
    pull_request: Link,
}

impl<'a> ReviewObject<'a> {
    /// The actor's review.
    pub(in super::super) fn of(event: &'a PullRequestEvent, state: &'static str, stage: &Stage<'a>) -> Self {
        let (pull, review) = (&event.pull_request, event.review.as_ref());
        let id = review.and_then(|review| review.id).or(pull.id).unwrap_or(pull.number);
        let html_url = format!("{}/pull/{}#pullrequestreview-{id}", stage.page(), pull.number);
        let pull_request_url = format!("{}/pulls/{}", stage.api(), pull.number);
        let submitted_at = review.and_then(|review| review.submitted_at).unwrap_or(stage.occurred_at);
        Self {
            id,
            node_id: node_id("PullRequestReview", id),
            user: stage.user(&event.actor),
            body: review.and_then(|review| review.body.as_deref()),
            commit_id: review.and_then(|review| review.commit.as_deref()).unwrap_or(&pull.source.commit),
            submitted_at: submitted_at.rfc3339_seconds(),
            state,
            author_association: stage.association(&event.actor),
            _links: ReviewLinks { html: link(html_url.as_str()), pull_request: link(pull_request_url.as_str()) },
            html_url,
            pull_request_url,
        }
    }
}
