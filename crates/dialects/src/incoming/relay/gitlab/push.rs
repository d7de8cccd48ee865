//! `Push Hook` and `Tag Push Hook`: one ref at a time.

use domain::canonical::Actor;

use super::super::part::Part;
use super::super::{Told, git};

/// The push. At most twenty commits are listed, the newest, oldest first, without trees and parents. Whether it was
/// forced is not told.
pub(super) fn read(root: Part<'_>) -> Result<Vec<Told>, String> {
    let Some(mut moved) = git::moved_by(root)? else { return Ok(Vec::new()) };
    let commits: Vec<_> = root.items("commits").map(git::listed).collect::<Result<_, _>>()?;
    // Of an annotated tag `after` is the tag object; the commit is this.
    let tip = root.filled("checkout_sha").map_or_else(|| moved.after.clone(), git::object_id);
    let commits = git::oldest_first(commits, &tip, false);
    if !moved.deleted() {
        moved.head_commit = commits.iter().find(|commit| commit.id == tip).cloned();
    }
    moved.commits = commits;
    let listed = u64::try_from(moved.commits.len()).unwrap_or(u64::MAX);
    moved.total_commits = root.number("total_commits_count").filter(|total| *total > listed);
    moved.truncated = moved.total_commits.is_some();
    let pusher = Actor {
        login: root.filled("user_username").map(str::to_owned),
        name: root.filled("user_name").map(str::to_owned),
        email: git::email(root, "user_email"),
    };
    Ok(git::pushed(pusher, vec![moved], None))
}
