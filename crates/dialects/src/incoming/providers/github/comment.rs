//! Comments on pull requests. They come without branch and commit: what GitHub sends speaks of the issue.

use domain::ci::BuildParams;
use serde::Deserialize;

use super::{Label, NAME, Repository, User, draft_environment, names, ready_state};
use crate::incoming::reading::{Candidate, Given, NotBuilt, Reading, Text, ignored, whole_message};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Event {
    action: Text,
    issue: Given<Issue>,
    comment: Given<Comment>,
    repository: Given<Repository>,
    sender: Given<User>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Issue {
    number: Given<u64>,
    title: Text,
    body: Text,
    draft: Given<bool>,
    user: Given<User>,
    labels: Given<Vec<Label>>,
    state: Text,
    /// `None`: it is an issue.
    pull_request: Option<PullRequest>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PullRequest {
    diff_url: Text,
    merged_at: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Comment {
    id: Given<u64>,
    body: Text,
}

/// A comment.
pub(super) fn read(event: &Event) -> Reading {
    let (issue, pull) = (&*event.issue, check(event)?);
    let (number, url) = (*issue.number, event.repository.url());
    let params = BuildParams {
        commit_message: whole_message(&issue.title, &issue.body),
        branch_dest_repo_owner: event.repository.owner.login.text(),
        pull_request_id: number,
        pull_request_repository_url: url.clone(),
        head_repository_url: url,
        pull_request_unverified_merge_branch: format!("pull/{number}/merge"),
        pull_request_head_branch: format!("pull/{number}/head"),
        pull_request_author: issue.user.login.text(),
        environments: draft_environment(*issue.draft),
        diff_url: pull.diff_url.text(),
        pull_request_ready_state: Some(ready_state(*issue.draft)),
        pull_request_labels: names(&issue.labels),
        pull_request_comment: event.comment.body.text(),
        pull_request_comment_id: event.comment.id.to_string(),
        ..BuildParams::default()
    };
    Ok(vec![Candidate::by(NAME, &event.sender.login, params)])
}

/// The pull request, if the comment is a new one, or was changed, and the pull request is open.
fn check(event: &Event) -> Result<&PullRequest, NotBuilt> {
    match event.action.as_str() {
        "created" | "edited" => {}
        "" => return Err(ignored("no issue comment action specified")),
        other => return Err(ignored(format!("issue comment action doesn't require a build: {other}"))),
    }
    let pull = event.issue.pull_request.as_ref();
    let pull = pull.ok_or_else(|| ignored("issue comment is not for a pull request"))?;
    match event.issue.state.as_str() {
        "open" => {}
        "" => return Err(ignored("issue comment is for a pull request that has an unknown state")),
        other => return Err(ignored(format!("issue comment is for a pull request that is not open: {other}"))),
    }
    if !pull.merged_at.is_empty() {
        return Err(ignored("issue comment is for a pull request that is already merged"));
    }
    Ok(pull)
}
