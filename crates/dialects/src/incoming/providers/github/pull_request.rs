//! Pull requests.

use domain::ci::{BuildParams, ReadyState};
use serde::Deserialize;

use super::{Label, NAME, Repository, User, draft_environment, names, ready_state};
use crate::incoming::reading::{Candidate, Given, NotBuilt, Reading, Text, ignored, whole_message};
use crate::incoming::skip;

/// Actions after which there is something to build. `ready_for_review` ends a draft; whether that builds is for the
/// triggers to say.
const ACTIONS: [&str; 6] = ["opened", "reopened", "synchronize", "edited", "ready_for_review", "labeled"];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Event {
    action: Text,
    number: Given<u64>,
    pull_request: Given<PullRequest>,
    changes: Given<Changes>,
    label: Option<Label>,
    sender: Given<User>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PullRequest {
    head: Given<End>,
    base: Given<End>,
    title: Text,
    body: Text,
    merged: Given<bool>,
    /// `None` while GitHub has not looked yet.
    mergeable: Option<bool>,
    draft: Given<bool>,
    diff_url: Text,
    user: Given<User>,
    labels: Given<Vec<Label>>,
}

/// Where a pull request comes from, or goes to. The repository is `null` once a fork is deleted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct End {
    #[serde(rename = "ref")]
    name: Text,
    sha: Text,
    repo: Given<Repository>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Changes {
    base: Option<serde::de::IgnoredAny>,
    title: Given<Before>,
    body: Given<Before>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Before {
    from: Text,
}

/// A pull request, or a change of one.
pub(super) fn read(event: &Event) -> Reading {
    check(event)?;
    let (pull, number) = (&*event.pull_request, *event.number);
    let merge = format!("pull/{number}/merge");
    let head_url = pull.head.repo.url();
    let params = BuildParams {
        commit_hash: pull.head.sha.text(),
        commit_message: whole_message(&pull.title, &pull.body),
        branch: pull.head.name.text(),
        branch_repo_owner: pull.head.repo.owner.login.text(),
        branch_dest: pull.base.name.text(),
        branch_dest_repo_owner: pull.base.repo.owner.login.text(),
        pull_request_id: number,
        pull_request_repository_url: head_url.clone(),
        base_repository_url: pull.base.repo.url(),
        head_repository_url: head_url,
        pull_request_merge_branch: if pull.mergeable.is_some() { merge.clone() } else { String::new() },
        pull_request_unverified_merge_branch: merge,
        pull_request_head_branch: format!("pull/{number}/head"),
        pull_request_author: pull.user.login.text(),
        environments: draft_environment(*pull.draft),
        diff_url: pull.diff_url.text(),
        pull_request_ready_state: Some(match event.action.as_str() {
            "ready_for_review" => ReadyState::ConvertedToReadyForReview,
            _ => ready_state(*pull.draft),
        }),
        pull_request_labels_added: event.label.iter().map(|label| label.name.text()).collect(),
        pull_request_labels: names(&pull.labels),
        ..BuildParams::default()
    };
    Ok(vec![Candidate::by(NAME, &event.sender.login, params)])
}

/// Is there something to build?
fn check(event: &Event) -> Result<(), NotBuilt> {
    let (pull, action) = (&*event.pull_request, event.action.as_str());
    if action.is_empty() {
        return Err(ignored("no Pull Request action specified"));
    }
    if !ACTIONS.contains(&action) {
        return Err(ignored(format!("pull Request action doesn't require a build: {action}")));
    }
    // An edit of the text alone builds only if the text before had asked for no build.
    let skipped_before =
        || [&event.changes.title, &event.changes.body].iter().any(|old| skip::asks_for_none(&old.from));
    if action == "edited" && event.changes.base.is_none() && !skipped_before() {
        return Err(ignored(
            "pull Request edit doesn't require a build: only title and/or description was changed, and previous one \
             was not skipped",
        ));
    }
    if *pull.merged {
        return Err(ignored("pull Request already merged"));
    }
    if action == "labeled" && pull.mergeable.is_none() {
        return Err(ignored("pull Request label added to PR that is not open yet"));
    }
    if pull.mergeable == Some(false) {
        return Err(ignored("pull Request is not mergeable"));
    }
    Ok(())
}
