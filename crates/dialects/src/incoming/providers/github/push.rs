//! Pushes of branches and tags.

use domain::ci::BuildParams;
use serde::Deserialize;

use super::{NAME, Repository};
use crate::incoming::reading::{Candidate, Commit, Given, Reading, Ref, Text, ignored, refused};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Push {
    #[serde(rename = "ref")]
    name: Text,
    deleted: Given<bool>,
    head_commit: Given<Commit>,
    commits: Given<Vec<Commit>>,
    repository: Given<Repository>,
    pusher: Given<Pusher>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Pusher {
    name: Text,
}

/// A push of a branch or a tag.
pub(super) fn read(push: &Push) -> Reading {
    if *push.deleted {
        return Err(ignored("this is a 'Deleted' event, no build can be started"));
    }
    let (branch, tag) = match Ref::of(&push.name) {
        Ref::Branch(name) => (name, ""),
        Ref::Tag(name) => ("", name),
        Ref::Other => return Err(ignored(format!("ref ({}) is not a head nor a tag ref", *push.name))),
    };
    let head = &*push.head_commit;
    if head.id.is_empty() {
        return Err(refused("missing commit hash"));
    }
    // A tag, or a branch made of commits that are there already, comes without commits.
    let commits = if push.commits.is_empty() { std::slice::from_ref(head) } else { push.commits.as_slice() };
    let params = BuildParams {
        branch: branch.to_owned(),
        tag: tag.to_owned(),
        commit_hash: head.id.text(),
        commit_message: head.message.text(),
        commit_messages: commits.iter().map(|commit| commit.message.text()).collect(),
        commit_paths: Some(commits.iter().map(Commit::paths).collect()),
        base_repository_url: push.repository.url(),
        ..BuildParams::default()
    };
    Ok(vec![Candidate::by(NAME, &push.pusher.name, params)])
}
