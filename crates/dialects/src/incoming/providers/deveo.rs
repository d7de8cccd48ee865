//! Deveo: pushes of branches and tags.

use domain::ci::{BuildParams, CommitPaths};
use serde::Deserialize;

use crate::incoming::reading::{Candidate, Commit, Given, Reading, Ref, Text, ignored, refused};
use crate::incoming::request::{FORM, JSON, Request, unsupported};

/// The header that names the event.
pub(crate) const EVENT: &str = "X-Deveo-Event";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Push {
    #[serde(rename = "ref")]
    name: Text,
    deleted: Given<bool>,
    commits: Given<Vec<Commit>>,
    files: Given<Files>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Files {
    added: Given<Vec<String>>,
    modified: Given<Vec<String>>,
    deleted: Given<Vec<String>>,
    renamed: Given<Vec<Renamed>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Renamed {
    from: Given<File>,
    to: Given<File>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    path: Text,
}

/// Reads a request.
pub(crate) fn read(request: &Request<'_>) -> Reading {
    let content_type = request.content_type()?;
    let event = request.event(EVENT)?;
    if content_type != JSON && content_type != FORM {
        return Err(unsupported(content_type));
    }
    if event != "push" {
        return Err(refused(format!("Unsupported Deveo Webhook event: {event}")));
    }
    push(&request.json_or_payload(content_type)?)
}

fn push(push: &Push) -> Reading {
    if *push.deleted {
        return Err(ignored("This is a 'Deleted' event, no build can be started"));
    }
    let (branch, tag) = match Ref::of(&push.name) {
        Ref::Branch(name) => (name, ""),
        Ref::Tag(name) => ("", name),
        Ref::Other => return Err(ignored(format!("Ref ({}) is not a head nor a tag ref", *push.name))),
    };
    // They come newest first.
    let newest = push.commits.first().filter(|commit| !commit.id.is_empty());
    let newest = newest.ok_or_else(|| refused("Missing commit hash"))?;
    let params = BuildParams {
        branch: branch.to_owned(),
        tag: tag.to_owned(),
        commit_hash: newest.id.text(),
        commit_message: newest.message.text(),
        commit_messages: push.commits.iter().rev().map(|commit| commit.message.text()).collect(),
        commit_paths: paths(&push.files).map(|paths| vec![paths]),
        ..BuildParams::default()
    };
    Ok(vec![Candidate::by_nobody(params)])
}

/// The files touched; a renamed one went under its old name and came under the new one. `None`: none are named.
fn paths(files: &Files) -> Option<CommitPaths> {
    let (mut added, mut removed) = (files.added.0.clone(), files.deleted.0.clone());
    for file in files.renamed.iter() {
        added.push(file.to.path.text());
        removed.push(file.from.path.text());
    }
    let paths = CommitPaths { added, removed, modified: files.modified.0.clone() };
    (paths != CommitPaths::default()).then_some(paths)
}
