//! `issue`: of an issue, or of a pull request, which GitHub counts among them.

use domain::canonical::{Actor, Issue, IssueState, Label, PullRequest, PullRequestState};
use domain::time::Timestamp;
use serde::Serialize;

use super::super::Stage;
use super::{Reactions, User, node_id, segment};

/// An issue object.
#[derive(Serialize)]
pub(in super::super) struct IssueObject<'a> {
    url: String,
    repository_url: String,
    labels_url: String,
    comments_url: String,
    events_url: String,
    html_url: String,
    id: u64,
    node_id: String,
    number: u64,
    title: &'a str,
    user: User<'a>,
    labels: Vec<LabelObject<'a>>,
    state: &'static str,
    locked: bool,
    assignee: Option<User<'a>>,
    assignees: Vec<User<'a>>,
    milestone: Option<()>,
    comments: u64,
    created_at: String,
    updated_at: String,
    closed_at: Option<String>,
    author_association: &'static str,
    active_lock_reason: Option<()>,
    #[serde(skip_serializing_if = "Option::is_none")]
    draft: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pull_request: Option<PullRequestUrls>,
    body: Option<&'a str>,
    reactions: Reactions,
    timeline_url: String,
    performed_via_github_app: Option<()>,
    state_reason: Option<&'static str>,
}

/// Where the pull request is that this issue stands for.
#[derive(Serialize)]
struct PullRequestUrls {
    url: String,
    html_url: String,
    diff_url: String,
    patch_url: String,
}

/// What issues and pull requests have in common.
struct Facts<'a> {
    id: u64,
    number: u64,
    title: &'a str,
    body: Option<&'a str>,
    author: &'a Actor,
    labels: &'a [Label],
    assignees: &'a [Actor],
    open: bool,
    locked: bool,
    comments: u64,
    created_at: Timestamp,
    updated_at: Timestamp,
    closed_at: Option<Timestamp>,
    draft: Option<bool>,
}

impl<'a> IssueObject<'a> {
    /// An issue.
    pub(in super::super) fn of(issue: &'a Issue, stage: &Stage<'a>) -> Self {
        let facts = Facts {
            id: issue.id.unwrap_or(issue.number),
            number: issue.number,
            title: &issue.title,
            body: issue.body.as_deref(),
            author: &issue.author,
            labels: &issue.labels,
            assignees: &issue.assignees,
            open: issue.state == IssueState::Open,
            locked: issue.locked,
            comments: issue.comments,
            created_at: issue.created_at,
            updated_at: issue.updated_at,
            closed_at: issue.closed_at,
            draft: None,
        };
        Self::build(&facts, stage)
    }

    /// A pull request as an issue.
    pub(in super::super) fn of_pull_request(pull: &'a PullRequest, stage: &Stage<'a>) -> Self {
        let facts = Facts {
            id: pull.id.unwrap_or(pull.number),
            number: pull.number,
            title: &pull.title,
            body: pull.body.as_deref(),
            author: &pull.author,
            labels: &pull.labels,
            assignees: &pull.assignees,
            open: pull.state == PullRequestState::Open,
            locked: pull.locked,
            comments: pull.counts.comments,
            created_at: pull.created_at,
            updated_at: pull.updated_at,
            closed_at: pull.closed_at,
            draft: Some(pull.draft),
        };
        Self::build(&facts, stage)
    }

    fn build(facts: &Facts<'a>, stage: &Stage<'a>) -> Self {
        let (api, page, number) = (stage.api(), stage.page(), facts.number);
        let url = format!("{api}/issues/{number}");
        let pull_page = format!("{page}/pull/{number}");
        let closed_at = (!facts.open).then(|| facts.closed_at.unwrap_or(facts.updated_at).rfc3339_seconds());
        let assignees = stage.users(facts.assignees);
        Self {
            repository_url: api.clone(),
            labels_url: format!("{url}/labels{{/name}}"),
            comments_url: format!("{url}/comments"),
            events_url: format!("{url}/events"),
            html_url: if facts.draft.is_some() { pull_page.clone() } else { format!("{page}/issues/{number}") },
            id: facts.id,
            node_id: node_id("Issue", facts.id),
            number,
            title: facts.title,
            user: stage.user(facts.author),
            labels: facts.labels.iter().map(|label| LabelObject::of(label, &api)).collect(),
            state: if facts.open { "open" } else { "closed" },
            locked: facts.locked,
            assignee: assignees.first().cloned(),
            assignees,
            milestone: None,
            comments: facts.comments,
            created_at: facts.created_at.rfc3339_seconds(),
            updated_at: facts.updated_at.rfc3339_seconds(),
            closed_at,
            author_association: stage.association(facts.author),
            active_lock_reason: None,
            draft: facts.draft,
            pull_request: facts.draft.map(|_| PullRequestUrls {
                url: format!("{api}/pulls/{number}"),
                diff_url: format!("{pull_page}.diff"),
                patch_url: format!("{pull_page}.patch"),
                html_url: pull_page,
            }),
            body: facts.body,
            reactions: Reactions::to(&url),
            timeline_url: format!("{url}/timeline"),
            performed_via_github_app: None,
            state_reason: (!facts.open && facts.draft.is_none()).then_some("completed"),
            url,
        }
    }
}

/// A label object.
#[derive(Serialize)]
pub(super) struct LabelObject<'a> {
    id: u64,
    node_id: String,
    url: String,
    name: &'a str,
    color: &'a str,
    default: bool,
    description: Option<&'a str>,
}

impl<'a> LabelObject<'a> {
    /// `api` is the repository's API URL.
    pub(super) fn of(label: &'a Label, api: &str) -> Self {
        Self {
            id: label.id,
            node_id: node_id("Label", label.id),
            url: format!("{api}/labels/{}", segment(&label.name)),
            name: &label.name,
            color: &label.color,
            default: false,
            description: label.description.as_deref(),
        }
    }
}
