//! `repo:push`: all refs that moved together.

use domain::canonical::{Annotation, Commit, RefKind, RefUpdate, ZERO_ID};

use super::super::part::Part;
use super::super::{Told, git};
use super::account;

/// The push. Of each ref at most five commits are listed, newest first, without files and trees.
pub(super) fn read(root: Part<'_>) -> Result<Vec<Told>, String> {
    let mut refs = Vec::new();
    for change in root.at("push").items("changes") {
        refs.extend(moved(change)?);
    }
    Ok(git::pushed(account(root.at("actor")), refs, None))
}

/// One of them; `None` for what is neither branch nor tag.
fn moved(change: Part<'_>) -> Result<Option<RefUpdate>, String> {
    let (old, new) = (change.at("old"), change.at("new"));
    let either = if new.exists() { new } else { old };
    let name = either.filled("name");
    let (name, kind) = match (either.text("type"), name) {
        (Some("branch"), Some(name)) => (git::branch(name), RefKind::Branch),
        (Some("tag" | "annotated_tag"), Some(name)) => (format!("refs/tags/{name}"), RefKind::Tag),
        _ => return Ok(None),
    };
    let (before, after) = (tip(old)?, tip(new)?);
    let Some(mut moved) = git::moved(name, kind, before, after) else { return Ok(None) };
    moved.forced = change.flag("forced");
    moved.truncated = change.flag("truncated");
    let commits = change.items("commits").filter_map(commit).collect();
    moved.commits = git::oldest_first(commits, &moved.after, true);
    moved.head_commit = commit(new.at("target"));
    moved.previous_commit = commit(old.at("target"));
    if kind == RefKind::Tag {
        moved.annotation = annotation(new);
    }
    Ok(Some(moved))
}

/// The commit a ref points to; for an annotated tag, too: Cloud does not tell of tag objects.
fn tip(state: Part<'_>) -> Result<&str, String> {
    if state.exists() { state.at("target").required("hash") } else { Ok(ZERO_ID) }
}

/// A commit object; `None` if it is but a hash.
fn commit(part: Part<'_>) -> Option<Commit> {
    let author = git::person(part.at("author").filled("raw")?);
    let committer = part.at("committer").filled("raw").map_or_else(|| author.clone(), git::person);
    Some(Commit {
        id: git::object_id(part.filled("hash")?),
        tree_id: ZERO_ID.to_owned(),
        parents: part.items("parents").filter_map(|parent| parent.filled("hash")).map(git::object_id).collect(),
        message: part.text("message").unwrap_or_default().to_owned(),
        timestamp: part.date("date")?,
        authored_at: None,
        author,
        committer,
        added: Vec::new(),
        removed: Vec::new(),
        modified: Vec::new(),
        distinct: true,
    })
}

/// What an annotated tag says; a name alone has nothing to say.
fn annotation(tag: Part<'_>) -> Option<Annotation> {
    Some(Annotation {
        message: tag.text("message")?.to_owned(),
        tagger: git::person(tag.at("tagger").filled("raw")?),
        date: tag.date("date")?,
    })
}
