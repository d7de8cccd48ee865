//! `repo:refs_changed`: one message for all refs that moved together.

use domain::canonical::{Commit, Push, RefUpdate};
use serde::Serialize;

use super::shapes::{ChangeObject, CommitObject, Repository, ShortCommit};
use super::{Stage, Tale};

/// Commits listed; the newest stay.
const MAX_COMMITS: usize = 5;

/// The message. `changes` tells of every ref; `commits` and `toCommit` of the first that still exists, for there is
/// room for one.
pub(super) fn tell(push: &Push, tale: &mut Tale<'_>) {
    if push.refs.is_empty() {
        return;
    }
    tale.tell("repo:refs_changed", Some(&push.pusher), |stage| {
        let told = push.refs.iter().find(|moved| !moved.deleted());
        let tip = told.and_then(tip);
        RefsChanged {
            repository: stage.repository(),
            changes: push.refs.iter().map(ChangeObject::of).collect(),
            commits: tip.map(|tip| newest(told, tip).map(|commit| in_short(commit, stage)).collect()),
            to_commit: tip.map(|tip| in_full(tip, push, stage)),
        }
    });
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefsChanged<'a> {
    repository: Repository<'a>,
    changes: Vec<ChangeObject<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    commits: Option<Vec<CommitObject<'a, ShortCommit<'a>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to_commit: Option<CommitObject<'a, Parent<'a>>>,
}

/// A parent in full if the push tells of it, else by its id.
#[derive(Serialize)]
#[serde(untagged)]
enum Parent<'a> {
    Known(CommitObject<'a, ShortCommit<'a>>),
    Short(ShortCommit<'a>),
}

/// The commit a ref points to now, as far as the publisher says.
fn tip(moved: &RefUpdate) -> Option<&Commit> {
    moved.head_commit.as_ref().or(moved.commits.last())
}

/// The newest commits that came with a ref; a ref made at a commit known before lists that one.
fn newest<'a>(moved: Option<&'a RefUpdate>, tip: &'a Commit) -> impl Iterator<Item = &'a Commit> {
    let commits = moved.map_or(&[][..], |moved| &moved.commits);
    let alone = commits.is_empty().then_some(tip);
    commits.iter().rev().take(MAX_COMMITS).chain(alone)
}

fn in_short<'a>(commit: &'a Commit, stage: &Stage<'a>) -> CommitObject<'a, ShortCommit<'a>> {
    CommitObject::of(commit, stage, ShortCommit::of)
}

fn in_full<'a>(commit: &'a Commit, push: &'a Push, stage: &Stage<'a>) -> CommitObject<'a, Parent<'a>> {
    let known = |id: &str| {
        let ends = push.refs.iter().flat_map(|moved| moved.head_commit.iter().chain(&moved.previous_commit));
        // Newest first: a parent of the tip is near the end.
        let listed = push.refs.iter().flat_map(|moved| moved.commits.iter().rev());
        ends.chain(listed).find(|commit| commit.id == id)
    };
    CommitObject::of(commit, stage, |id| match known(id) {
        Some(parent) => Parent::Known(in_short(parent, stage)),
        None => Parent::Short(ShortCommit::of(id)),
    })
}
