//! Merge requests, and comments on them.

use domain::ci::{BuildParams, ReadyState};
use serde::Deserialize;

use super::NAME;
use crate::incoming::reading::{Candidate, Given, NotBuilt, Reading, Text, ignored, whole_message};

/// The visibility of a project that everybody may clone.
const PUBLIC: i64 = 20;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Changed {
    object_kind: Text,
    object_attributes: Given<MergeRequest>,
    changes: Given<Changes>,
    user: Given<User>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Commented {
    object_kind: Text,
    object_attributes: Given<Note>,
    merge_request: Given<MergeRequest>,
    user: Given<User>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct MergeRequest {
    iid: Given<u64>,
    title: Text,
    description: Text,
    state: Text,
    action: Text,
    merge_status: Text,
    merge_commit_sha: Text,
    merge_error: Text,
    oldrev: Text,
    source: Given<Project>,
    source_branch: Text,
    target: Given<Project>,
    target_branch: Text,
    last_commit: Given<Commit>,
    draft: Given<bool>,
    labels: Given<Vec<Label>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Project {
    git_ssh_url: Text,
    git_http_url: Text,
    namespace: Text,
    visibility_level: Given<i64>,
}

impl Project {
    /// Where to clone it: with a key unless it is public.
    fn url(&self) -> String {
        if *self.visibility_level == PUBLIC { self.git_http_url.text() } else { self.git_ssh_url.text() }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Commit {
    id: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Label {
    id: Given<i64>,
    title: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Changes {
    draft: Given<Change<bool>>,
    labels: Given<Change<Vec<Label>>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Change<T: Default> {
    #[serde(bound(deserialize = "T: Deserialize<'de> + Default"))]
    previous: Given<T>,
    #[serde(bound(deserialize = "T: Deserialize<'de> + Default"))]
    current: Given<T>,
}

impl Changes {
    /// Did this end a draft?
    fn ended_draft(&self) -> bool {
        *self.draft.previous && !*self.draft.current
    }

    /// The labels that are new, by name.
    fn labels_added(&self) -> Vec<String> {
        let before = |label: &&Label| !self.labels.previous.iter().any(|old| *old.id == *label.id);
        let mut names: Vec<_> = self.labels.current.iter().filter(before).map(|label| label.title.text()).collect();
        names.sort();
        names
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct User {
    name: Text,
    username: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Note {
    id: Given<u64>,
    #[serde(rename = "note")]
    text: Text,
    noteable_type: Text,
}

/// A merge request, or a change of one.
pub(super) fn changed(event: &Changed) -> Reading {
    if *event.object_kind != "merge_request" {
        return Err(ignored("Not a Merge Request object"));
    }
    let (request, added) = (&*event.object_attributes, event.changes.labels_added());
    // An update without a former commit is one of labels, reviewers, text: approvals come like this, too.
    let counts = match request.action.as_str() {
        "open" => true,
        "update" => !request.oldrev.is_empty() || event.changes.ended_draft() || !added.is_empty(),
        _ => false,
    };
    if !counts {
        return Err(ignored(format!("Merge Request action doesn't require a build: {}", *request.action)));
    }
    let state = if event.changes.ended_draft() { ReadyState::ConvertedToReadyForReview } else { ready_state(request) };
    let told = params(request, &event.user, state)?;
    let told = BuildParams { pull_request_labels_added: added, ..told };
    Ok(vec![Candidate::by(NAME, &event.user.username, told)])
}

/// A comment on a merge request.
pub(super) fn commented(event: &Commented) -> Reading {
    if *event.object_kind != "note" {
        return Err(ignored("Not a Note object"));
    }
    let note = &*event.object_attributes;
    if *note.noteable_type != "MergeRequest" {
        return Err(ignored("Not a Merge Request note"));
    }
    let told = params(&event.merge_request, &event.user, ready_state(&event.merge_request))?;
    let told =
        BuildParams { pull_request_comment: note.text.text(), pull_request_comment_id: note.id.to_string(), ..told };
    Ok(vec![Candidate::by(NAME, &event.user.username, told)])
}

fn ready_state(request: &MergeRequest) -> ReadyState {
    if *request.draft { ReadyState::Draft } else { ReadyState::ReadyForReview }
}

/// Is it open, and can it be merged?
fn check(request: &MergeRequest) -> Result<(), NotBuilt> {
    let state = request.state.as_str();
    if state.is_empty() {
        return Err(ignored("No Merge Request state specified"));
    }
    if !request.merge_commit_sha.is_empty() {
        return Err(ignored("Merge Request already merged"));
    }
    if !matches!(state, "opened" | "reopened") {
        return Err(ignored(format!("Merge Request state doesn't require a build: {state}")));
    }
    if *request.merge_status == "cannot_be_merged" || !request.merge_error.is_empty() {
        return Err(ignored("Merge Request is not mergeable"));
    }
    Ok(())
}

fn params(request: &MergeRequest, user: &User, state: ReadyState) -> Result<BuildParams, NotBuilt> {
    check(request)?;
    let (number, source_url) = (*request.iid, request.source.url());
    // GitLab makes the merge ref while it checks: before, there is none, or an old one.
    let merge_ref = match request.merge_status.as_str() {
        "preparing" | "unchecked" => String::new(),
        _ => format!("merge-requests/{number}/merge"),
    };
    Ok(BuildParams {
        commit_hash: request.last_commit.id.text(),
        commit_message: whole_message(&request.title, &request.description),
        branch: request.source_branch.text(),
        branch_repo_owner: request.source.namespace.text(),
        branch_dest: request.target_branch.text(),
        branch_dest_repo_owner: request.target.namespace.text(),
        pull_request_id: number,
        pull_request_repository_url: source_url.clone(),
        base_repository_url: request.target.url(),
        head_repository_url: source_url,
        pull_request_merge_branch: merge_ref,
        pull_request_head_branch: format!("merge-requests/{number}/head"),
        pull_request_author: user.name.text(),
        pull_request_ready_state: Some(state),
        pull_request_labels: request.labels.iter().map(|label| label.title.text()).collect(),
        ..BuildParams::default()
    })
}
