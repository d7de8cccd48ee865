//! `repo:refs_changed`: all refs that moved together.

use domain::canonical::{Commit, Person, RefKind, RefUpdate, ZERO_ID};

use super::super::part::Part;
use super::super::{Told, git};
use super::user;

/// As many commits are listed at most.
const MAX_LISTED: usize = 5;

/// The push. Newer versions list commits, newest first, and only of one ref, without files and trees.
pub(super) fn read(root: Part<'_>) -> Result<Vec<Told>, String> {
    let mut refs = Vec::new();
    for change in root.items("changes") {
        refs.extend(moved(change)?);
    }
    let tip = root.at("toCommit");
    let told = refs.iter().position(|moved| Some(moved.after.as_str()) == tip.filled("id"));
    // An annotated tag is told of by the commit that it names.
    let told = told.or_else(|| refs.iter().position(|moved| !moved.deleted()));
    for (at, moved) in refs.iter_mut().enumerate() {
        if Some(at) == told && tip.exists() {
            tell_commits(moved, tip, root);
        } else {
            // A branch that moved brought commits, or else it was moved back. Nothing is said of them.
            moved.truncated = moved.kind == RefKind::Branch && !moved.created() && !moved.deleted();
        }
    }
    Ok(git::pushed(user(root.at("actor")), refs, root.moment("date")))
}

/// One of the refs; `None` for what is neither branch nor tag.
fn moved(change: Part<'_>) -> Result<Option<RefUpdate>, String> {
    let name = change.at("ref").filled("id").or(change.filled("refId")).ok_or_else(|| change.missing("refId"))?;
    let Some(kind) = git::kind(name) else { return Ok(None) };
    Ok(git::moved(name.to_owned(), kind, change.required("fromHash")?, change.required("toHash")?))
}

/// `commits` and `toCommit`. A ref made at a commit known before lists that one.
fn tell_commits(moved: &mut RefUpdate, tip: Part<'_>, root: Part<'_>) {
    let commits: Vec<_> = root.items("commits").filter_map(commit).collect();
    let is_full = commits.len() >= MAX_LISTED;
    let reaches_back = commits.iter().any(|commit| commit.parents.contains(&moved.before));
    moved.truncated = is_full && !reaches_back;
    if moved.kind == RefKind::Branch {
        moved.commits = git::oldest_first(commits, &moved.after, true);
    }
    moved.head_commit = commit(tip);
    let mut parents = tip.items("parents");
    moved.previous_commit = parents.find(|parent| parent.text("id") == Some(&moved.before)).and_then(commit);
}

/// A commit object; `None` if it is but an id.
fn commit(part: Part<'_>) -> Option<Commit> {
    let timestamp = part.date("committerTimestamp").or_else(|| part.date("authorTimestamp"))?;
    let author = part.at("author");
    let committer = Some(part.at("committer")).filter(|committer| committer.exists()).unwrap_or(author);
    Some(Commit {
        id: git::object_id(part.filled("id")?),
        tree_id: ZERO_ID.to_owned(),
        parents: part.items("parents").filter_map(|parent| parent.filled("id")).map(git::object_id).collect(),
        message: part.text("message").unwrap_or_default().to_owned(),
        authored_at: part.date("authorTimestamp").filter(|date| *date != timestamp),
        timestamp,
        author: person(author),
        committer: person(committer),
        added: Vec::new(),
        removed: Vec::new(),
        modified: Vec::new(),
        distinct: true,
    })
}

/// The account with the commit's address, or what git recorded.
fn person(part: Part<'_>) -> Person {
    let email = part.filled("emailAddress").unwrap_or_default().to_owned();
    Person { name: part.first(&["displayName", "name"]).unwrap_or_default().to_owned(), email }
}
