//! Bitbucket Server and Data Center: pushes, pull requests, and comments on them. Its payloads name no clone URLs.

use domain::ci::BuildParams;
use serde::Deserialize;

use crate::incoming::reading::{Candidate, Commit, Given, Reading, Text, check_changes, ignored, refused};
use crate::incoming::request::{JSON, Request, unsupported};

/// The header that names the event.
pub(crate) const EVENT: &str = "X-Event-Key";
/// What `triggered_by` calls it.
const NAME: &str = "bitbucket-server";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct User {
    name: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Event {
    actor: Given<User>,
    repository: Given<Repository>,
    changes: Given<Vec<Change>>,
    commits: Given<Vec<Commit>>,
    #[serde(rename = "pullRequest")]
    pull_request: Given<PullRequest>,
    comment: Option<Comment>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Repository {
    #[serde(rename = "scmId")]
    scm: Text,
    project: Given<Project>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Project {
    key: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Change {
    to_hash: Text,
    #[serde(rename = "type")]
    kind: Text,
    #[serde(rename = "ref")]
    place: Given<Place>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Place {
    display_id: Text,
    #[serde(rename = "type")]
    kind: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PullRequest {
    id: Given<u64>,
    title: Text,
    state: Text,
    author: Given<Author>,
    from_ref: Given<End>,
    to_ref: Given<End>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Author {
    user: Given<User>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct End {
    display_id: Text,
    latest_commit: Text,
    repository: Given<Repository>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Comment {
    id: Given<u64>,
    text: Text,
}

/// Reads a request.
pub(crate) fn read(request: &Request<'_>) -> Reading {
    let content_type = request.content_type()?;
    let key = request.event(EVENT)?;
    if !content_type.starts_with(JSON) {
        return Err(unsupported(content_type));
    }
    match key {
        "diagnostics:ping" => Err(ignored(format!("Bitbucket event type: {key} is successful"))),
        "repo:refs_changed" => push(&request.json()?),
        "pr:opened"
        | "pr:modified"
        | "pr:merged"
        | "pr:from_ref_updated"
        | "pr:comment:added"
        | "pr:comment:edited" => pull_request(&request.json()?),
        other => Err(refused(format!("X-Event-Key is not supported: {other}"))),
    }
}

/// A push: a build for each branch that was made or moved, and for each tag that was made.
fn push(event: &Event) -> Reading {
    if event.changes.is_empty() {
        return Err(refused("No 'changes' included in the webhook, can't start a build"));
    }
    check_changes(event.changes.len())?;
    if *event.repository.scm != "git" {
        let scm = &*event.repository.scm;
        return Err(refused(format!("Unsupported repository / source control type (SCM): {scm}")));
    }
    let (mut moved, mut errors) = (Vec::new(), Vec::new());
    for change in event.changes.iter() {
        match usable(change) {
            Ok(params) => moved.push(params),
            Err(error) => errors.push(error),
        }
    }
    // The commits are those of all changes together: only with a single one is it clear whose they are.
    if let [only] = moved.as_mut_slice() {
        let of_tip = event.commits.iter().find(|commit| *commit.id == only.commit_hash);
        only.commit_message = of_tip.map(|commit| commit.message.text()).unwrap_or_default();
        only.commit_messages = event.commits.iter().rev().map(|commit| commit.message.text()).collect();
    }
    if moved.is_empty() {
        let errors = errors.join(" ");
        return Err(refused(format!(
            "'changes' specified in the webhook, but none can be transformed into a build. Collected errors: [{errors}]"
        )));
    }
    Ok(moved.into_iter().map(|params| Candidate::by(NAME, &event.actor.name, params)).collect())
}

/// What one change says.
fn usable(change: &Change) -> Result<BuildParams, String> {
    let (name, kind) = (change.place.display_id.text(), change.kind.as_str());
    let (branch, tag) = match (change.place.kind.as_str(), kind) {
        ("BRANCH", "ADD" | "UPDATE") => (name, String::new()),
        ("TAG", "ADD") => (String::new(), name),
        ("BRANCH", _) => return Err(format!("Not a type=UPDATE nor type=ADD change. Change.Type was: {kind}")),
        ("TAG", _) => return Err(format!("Not a type=ADD change. Change.Type was: {kind}")),
        (other, _) => return Err(format!("Ref was not a type=BRANCH nor type=TAG change. Type was: {other}")),
    };
    Ok(BuildParams { branch, tag, commit_hash: change.to_hash.text(), ..BuildParams::default() })
}

/// A pull request, or a comment on one.
fn pull_request(event: &Event) -> Reading {
    let pull = &*event.pull_request;
    if *pull.state != "OPEN" {
        return Err(ignored(format!("Pull Request state doesn't require a build: {}", *pull.state)));
    }
    let (comment, comment_id) = match &event.comment {
        Some(comment) => (comment.text.text(), comment.id.to_string()),
        None => (String::new(), String::new()),
    };
    let params = BuildParams {
        commit_hash: pull.from_ref.latest_commit.text(),
        commit_message: pull.title.text(),
        branch: pull.from_ref.display_id.text(),
        branch_repo_owner: pull.from_ref.repository.project.key.text(),
        branch_dest: pull.to_ref.display_id.text(),
        branch_dest_repo_owner: pull.to_ref.repository.project.key.text(),
        pull_request_id: *pull.id,
        pull_request_author: pull.author.user.name.text(),
        pull_request_comment: comment,
        pull_request_comment_id: comment_id,
        ..BuildParams::default()
    };
    Ok(vec![Candidate::by(NAME, &event.actor.name, params)])
}
