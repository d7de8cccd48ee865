//! `push`: one ref at a time.

use domain::canonical::Actor;

use super::super::part::Part;
use super::super::{Told, git};
use super::user;

/// The push. Commits have no parents here, and nothing is said of where the ref was before but its id.
pub(super) fn read(root: Part<'_>) -> Result<Vec<Told>, String> {
    let Some(mut moved) = git::moved_by(root)? else { return Ok(Vec::new()) };
    let commits: Vec<_> = root.items("commits").map(git::listed).collect::<Result<_, _>>()?;
    // The list is cut at as many as are kept here; GitHub does not say that it was.
    moved.truncated = commits.len() >= git::MAX_COMMITS;
    moved.commits = git::oldest_first(commits, &moved.after, false);
    moved.forced = root.flag("forced");
    moved.base_ref = root.filled("base_ref").map(str::to_owned);
    let head = root.at("head_commit");
    moved.head_commit = head.exists().then(|| git::listed(head)).transpose()?;
    let time = root.at("repository").moment("pushed_at");
    Ok(git::pushed(pusher(root), vec![moved], time))
}

/// Who pushed: `sender` is the account, `pusher` has the address; without an account (a deploy key) it is all there is.
fn pusher(root: Part<'_>) -> Actor {
    let (sender, pusher) = (user(root.at("sender")), root.at("pusher"));
    Actor {
        login: sender.login.or_else(|| pusher.filled("name").map(str::to_owned)),
        name: sender.name,
        email: git::email(pusher, "email").or(sender.email),
    }
}
