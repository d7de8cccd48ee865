//! Bitbucket Cloud: pushes, pull requests, and comments on them.

use domain::ci::BuildParams;
use serde::Deserialize;

use crate::incoming::reading::{
    Candidate, Given, NotBuilt, Reading, Text, check_changes, ignored, refused, whole_message,
};
use crate::incoming::request::{JSON, Request, unsupported};

/// The header that names the event.
pub(crate) const EVENT: &str = "X-Event-Key";
/// The header that counts attempts.
const ATTEMPT: &str = "X-Attempt-Number";
/// What `triggered_by` calls it.
const NAME: &str = "bitbucket-v2";
const PULL_REQUESTS: [&str; 4] =
    ["pullrequest:created", "pullrequest:updated", "pullrequest:comment_created", "pullrequest:comment_updated"];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct User {
    nickname: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Repository {
    full_name: Text,
    is_private: Given<bool>,
    scm: Text,
    owner: Given<User>,
}

/// Where to clone a repository: with a key if it is private.
fn url(full_name: &str, private: bool) -> String {
    if private {
        format!("git@bitbucket.org:{full_name}.git")
    } else {
        format!("https://bitbucket.org/{full_name}.git")
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Event {
    actor: Given<User>,
    push: Given<Push>,
    pullrequest: Given<PullRequest>,
    comment: Option<Comment>,
    repository: Given<Repository>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Push {
    changes: Given<Vec<Change>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Change {
    /// Nothing when a branch or a tag was deleted.
    new: Given<Item>,
    commits: Given<Vec<Commit>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Item {
    #[serde(rename = "type")]
    kind: Text,
    name: Text,
    target: Given<Commit>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Commit {
    #[serde(rename = "type")]
    kind: Text,
    hash: Text,
    message: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PullRequest {
    id: Given<u64>,
    #[serde(rename = "type")]
    kind: Text,
    title: Text,
    description: Text,
    state: Text,
    author: Given<User>,
    source: Given<End>,
    destination: Given<End>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct End {
    branch: Given<Branch>,
    commit: Given<Commit>,
    repository: Given<Repository>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Branch {
    name: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Comment {
    id: Given<u64>,
    content: Given<Content>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Content {
    raw: Text,
}

/// Reads a request.
pub(crate) fn read(request: &Request<'_>) -> Reading {
    let key = gate(request)?;
    let event: Event = request.json()?;
    if key == "repo:push" { push(&event) } else { pull_request(&event, request.fork_is_private) }
}

/// The repository a pull request comes from, if it is another one than it goes to and the request would lead to a
/// build: Bitbucket does not say whether that one is private.
pub(crate) fn fork_of(request: &Request<'_>) -> Option<String> {
    let key = gate(request).ok()?;
    let event: Event = PULL_REQUESTS.contains(&key).then(|| request.json().ok())??;
    let builds = pull_request(&event, None).is_ok() && event.pullrequest.is_from_fork();
    builds.then(|| event.pullrequest.source.repository.full_name.text())
}

/// The event's key, if it is one that counts.
fn gate<'a>(request: &Request<'a>) -> Result<&'a str, NotBuilt> {
    let content_type = request.content_type()?;
    let key = request.event(EVENT)?;
    if content_type != JSON {
        return Err(unsupported(content_type));
    }
    if key != "repo:push" && !PULL_REQUESTS.contains(&key) {
        return Err(refused(format!("X-Event-Key is not supported: {key}")));
    }
    match request.header(ATTEMPT) {
        None | Some("1") => Ok(key),
        Some(attempt) => Err(refused(format!("No retry is supported ({ATTEMPT}: {attempt})"))),
    }
}

/// A push: a build for each branch and each tag that moved.
fn push(event: &Event) -> Reading {
    let changes = event.push.changes.as_slice();
    if changes.is_empty() {
        return Err(refused("No 'changes' included in the webhook, can't start a build"));
    }
    check_changes(changes.len())?;
    let branch = match event.repository.scm.as_str() {
        "git" => "branch",
        "hg" => "named_branch",
        other => return Err(refused(format!("Unsupported repository / source control type (SCM): {other}"))),
    };
    let (mut builds, mut errors) = (Vec::new(), Vec::new());
    for change in changes {
        match moved(change, branch) {
            Ok(params) => {
                let base_repository_url = url(&event.repository.full_name, *event.repository.is_private);
                let params = BuildParams { base_repository_url, ..params };
                builds.push(Candidate::by(NAME, &event.actor.nickname, params));
            }
            Err(error) => errors.push(error),
        }
    }
    if builds.is_empty() {
        let errors = errors.join(" ");
        return Err(refused(format!(
            "'changes' specified in the webhook, but none can be transformed into a build. Collected errors: [{errors}]"
        )));
    }
    Ok(builds)
}

/// What one change says; `branch` is what a branch is called.
fn moved(change: &Change, branch: &str) -> Result<BuildParams, String> {
    let (item, commit) = (&*change.new, &*change.new.target);
    let is_tag = *item.kind == "tag";
    if !is_tag && *item.kind != branch {
        return Err(format!("Not a type={branch} nor type=tag change. Change.Type was: {}", *item.kind));
    }
    if *commit.kind != "commit" {
        return Err(format!("Target was not a type=commit change. Type was: {}", *commit.kind));
    }
    let name = item.name.text();
    let (branch, tag) = if is_tag { (String::new(), name) } else { (name, String::new()) };
    Ok(BuildParams {
        branch,
        tag,
        commit_hash: commit.hash.text(),
        commit_message: commit.message.text(),
        // They come newest first.
        commit_messages: change.commits.iter().rev().map(|commit| commit.message.text()).collect(),
        ..BuildParams::default()
    })
}

impl PullRequest {
    fn is_from_fork(&self) -> bool {
        *self.source.repository.full_name != *self.destination.repository.full_name
    }
}

/// A pull request, or a comment on one. One from a fork nothing is known of is taken to come from a private one.
fn pull_request(event: &Event, fork_is_private: Option<bool>) -> Reading {
    let pull = &*event.pullrequest;
    if *pull.kind != "pullrequest" {
        return Err(ignored(format!("Pull Request type is not supported: {}", *pull.kind)));
    }
    if *pull.state != "OPEN" {
        return Err(ignored(format!("Pull Request state doesn't require a build: {}", *pull.state)));
    }
    let (source, destination) = (&*pull.source.repository, &*pull.destination.repository);
    let private = if pull.is_from_fork() { fork_is_private.unwrap_or(true) } else { *event.repository.is_private };
    let source_url = url(&source.full_name, private);
    let (comment, comment_id) = match &event.comment {
        Some(comment) => (comment.content.raw.text(), comment.id.to_string()),
        None => (String::new(), String::new()),
    };
    let params = BuildParams {
        commit_hash: pull.source.commit.hash.text(),
        commit_message: whole_message(&pull.title, &pull.description),
        branch: pull.source.branch.name.text(),
        branch_repo_owner: source.owner.nickname.text(),
        branch_dest: pull.destination.branch.name.text(),
        branch_dest_repo_owner: destination.owner.nickname.text(),
        pull_request_id: *pull.id,
        pull_request_repository_url: source_url.clone(),
        base_repository_url: url(&destination.full_name, *destination.is_private),
        head_repository_url: source_url,
        pull_request_author: pull.author.nickname.text(),
        pull_request_comment: comment,
        pull_request_comment_id: comment_id,
        ..BuildParams::default()
    };
    Ok(vec![Candidate::by(NAME, &pull.author.nickname, params)])
}
