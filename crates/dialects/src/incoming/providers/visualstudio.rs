//! Azure DevOps, once Visual Studio Team Services: pushes and pull requests. The event is named in the body.

use domain::ci::BuildParams;
use serde::Deserialize;

use crate::incoming::reading::{Candidate, Given, NotBuilt, Reading, Ref, Text, ignored, refused};
use crate::incoming::request::{JSON, Request, unsupported};

/// No commit: a ref that is not there yet, or not any more.
const NO_COMMIT: &str = "0000000000000000000000000000000000000000";
/// The subscription that a request comes from which only tries the URL.
const NO_SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";

/// The head of all events.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Head {
    /// Names the event.
    id: Text,
    /// Counts within the subscription; it changes with a resend by hand, not with a retry.
    notification_id: Given<i64>,
    subscription_id: Text,
    /// What happened.
    pub(crate) event_type: Text,
    publisher_id: Text,
    resource_version: Text,
}

impl Head {
    /// What tells one delivery from another.
    pub(crate) fn delivery_id(&self) -> Option<String> {
        (!self.id.is_empty()).then(|| format!("{}/{}", *self.id, *self.notification_id))
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Pushed {
    resource: Given<Push>,
    detailed_message: Given<Message>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message {
    text: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Push {
    commits: Given<Vec<Commit>>,
    ref_updates: Given<Vec<Update>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Commit {
    commit_id: Text,
    comment: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Update {
    name: Text,
    old_object_id: Text,
    new_object_id: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PullRequested {
    resource: Given<PullRequest>,
    message: Given<Message>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PullRequest {
    source_ref_name: Text,
    target_ref_name: Text,
    merge_status: Text,
    last_merge_source_commit: Given<Commit>,
    created_by: Given<Person>,
    status: Text,
    #[serde(rename = "pullRequestId")]
    number: Given<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Person {
    display_name: Text,
}

/// Reads a request.
pub(crate) fn read(request: &Request<'_>) -> Reading {
    let content_type = request.content_type()?;
    if !content_type.contains(JSON) {
        return Err(unsupported(content_type));
    }
    let head: Head = request.json()?;
    if *head.publisher_id != "tfs" {
        return Err(refused("Not a Team Foundation Server notification, can't start a build"));
    }
    if *head.subscription_id == NO_SUBSCRIPTION {
        return Err(ignored("Initial (test) event detected, skipping"));
    }
    if !matches!(head.event_type.as_str(), "git.push" | "git.pullrequest.created" | "git.pullrequest.updated") {
        return Err(refused("Unsupported event type"));
    }
    if *head.resource_version != "1.0" {
        return Err(refused("Unsupported resource version"));
    }
    let params = if *head.event_type == "git.push" { push(&request.json()?)? } else { pull_request(&request.json()?)? };
    Ok(vec![Candidate::by_nobody(params)])
}

fn push(event: &Pushed) -> Result<BuildParams, NotBuilt> {
    // Each branch and each tag has a request of its own.
    let [update] = event.resource.ref_updates.as_slice() else {
        return Err(refused("Can't detect branch information (resource.refUpdates is empty), can't start a build"));
    };
    let new = update.new_object_id.as_str();
    match Ref::of(&update.name) {
        Ref::Branch(branch) => {
            let (hash, messages) = moved(event, update)?;
            let commit_message = messages.last().cloned().unwrap_or_default();
            Ok(BuildParams {
                branch: branch.to_owned(),
                commit_hash: hash,
                commit_message,
                commit_messages: messages,
                ..BuildParams::default()
            })
        }
        Ref::Tag(_) if new == NO_COMMIT => Err(ignored("Tag delete event - does not require a build")),
        Ref::Tag(tag) => Ok(BuildParams { tag: tag.to_owned(), commit_hash: new.to_owned(), ..BuildParams::default() }),
        Ref::Other => Err(refused(format!("Unsupported refs/, can't start a build: {}", *update.name))),
    }
}

/// The commit a branch is at now, and the messages of what came, oldest first. A merged pull request comes without its
/// commit, a new branch without any.
fn moved(event: &Pushed, update: &Update) -> Result<(String, Vec<String>), NotBuilt> {
    let (old, new) = (update.old_object_id.as_str(), update.new_object_id.as_str());
    let commits = event.resource.commits.as_slice();
    match commits.first() {
        // They come newest first.
        Some(newest) => {
            let messages = commits.iter().rev().map(|commit| commit.comment.text()).collect();
            Ok((newest.commit_id.text(), messages))
        }
        None if new == NO_COMMIT => Err(ignored("Branch delete event - does not require a build")),
        None if old == NO_COMMIT => Ok((new.to_owned(), vec!["Branch created".to_owned()])),
        None if !old.is_empty() && !new.is_empty() => Ok((new.to_owned(), vec![event.detailed_message.text.text()])),
        None => Err(refused("No 'commits' included in the webhook, can't start a build")),
    }
}

fn pull_request(event: &PullRequested) -> Result<BuildParams, NotBuilt> {
    let pull = &*event.resource;
    if *pull.status == "completed" {
        return Err(ignored("Pull request already completed"));
    }
    if *pull.merge_status != "succeeded" {
        return Err(ignored("Pull request is not mergeable"));
    }
    let commit = pull.last_merge_source_commit.commit_id.text();
    let (branch, branch_dest) = (branch(&pull.source_ref_name, "source")?, branch(&pull.target_ref_name, "target")?);
    if commit.is_empty() {
        return Err(refused("Missing last source branch commit details"));
    }
    Ok(BuildParams {
        commit_hash: commit,
        commit_message: event.message.text.text(),
        branch,
        branch_dest,
        pull_request_id: *pull.number,
        pull_request_author: pull.created_by.display_name.text(),
        ..BuildParams::default()
    })
}

/// The short name of one end of a pull request.
fn branch(name: &str, end: &str) -> Result<String, NotBuilt> {
    match Ref::of(name) {
        Ref::Branch(branch) => Ok(branch.to_owned()),
        Ref::Tag(_) | Ref::Other if name.is_empty() => Err(refused(format!("Missing {end} reference name"))),
        Ref::Tag(_) | Ref::Other => Err(refused(format!("Invalid {end} reference name"))),
    }
}
