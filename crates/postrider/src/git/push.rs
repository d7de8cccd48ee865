//! The canonical push: what the refs that moved brought to the repository.
//!
//! `git` processes per push: one for the branches, one to peel tags, one to three for each branch that moved, one for all
//! commits, one for annotated tags if there are any. Working a push out never fails: what git does not tell in time is
//! left out, marked as truncated, and said.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io::BufRead;

use domain::canonical::{Actor, Annotation, Commit, Push, RefUpdate};

use super::annotations;
use super::baseline::Baseline;
use super::commits::{self, Commits};
use super::program::{Git, GitError, Reading};
use super::updates::{Moved, object_id, readable};
use super::walk::Walk;

/// Most commits listed per ref (GitHub's limit); the newest are kept.
pub(super) const MAX_COMMITS: usize = 2_048;
/// About how many bytes of commits a push may carry; safely below the server's 25 MiB per event.
const MAX_PUSH_BYTES: usize = 12 * 1024 * 1024;

/// What an annotation takes besides its message, in bytes of JSON, about.
const ANNOTATION_BYTES: usize = 500;

/// From this many new branches on, they are walked together.
const MANY: usize = 8;

/// What is known about one ref before its commits are read.
#[derive(Default)]
struct Found {
    /// The commit it points to now.
    head: Option<String>,
    /// New commits on it, newest first, at most [`MAX_COMMITS`].
    ids: Vec<String>,
    /// Those of `ids` that no branch had before the push.
    distinct: HashSet<String>,
    /// How many there are; unknown if git did not say.
    total: Option<u64>,
    forced: bool,
    base_ref: Option<String>,
}

/// Works out the push of `moved` by `pusher`. Adds to `trouble` what could not be found out.
pub(crate) fn compute(git: &Git<'_>, moved: &[Moved], pusher: Actor, trouble: &mut Vec<String>) -> Push {
    let mut note = |error: GitError| trouble.push(format!("the event lacks commits: {error}"));
    let first = git.at_first();
    let baseline = Baseline::read(&first, moved).unwrap_or_else(|error| {
        note(error);
        Baseline::of_push_alone(moved)
    });
    let heads = peel(&first, moved).unwrap_or_else(|error| {
        note(error);
        HashMap::new()
    });
    let mut walk = walk_together(&first, moved, &baseline).unwrap_or_else(|error| {
        note(error);
        None
    });
    let mut found = Vec::with_capacity(moved.len());
    for one in moved {
        let mut about = Found { head: heads.get(&one.new).cloned(), ..Found::default() };
        if let Err(error) = look_at(&first, one, &baseline, walk.as_mut(), &mut about) {
            note(error);
        }
        found.push(about);
    }
    let (commits, read) = commits::read(git, &wanted(moved, &found), MAX_PUSH_BYTES);
    if let Err(error) = read {
        note(error);
    }
    let (annotations, read) = annotations::read(git, &annotated(moved, &found));
    if let Err(error) = read {
        trouble.push(format!("the event lacks what tags say: {error}"));
    }
    trouble.dedup();
    let mut room = MAX_PUSH_BYTES;
    let put_together = |(one, found): (&Moved, Found)| {
        let weight = |annotation: &Annotation| annotation.message.len() + ANNOTATION_BYTES;
        let update = assemble(one, found, &commits, &mut room);
        let annotation = annotations.get(&one.new).filter(|annotation| take(&mut room, weight(annotation)));
        RefUpdate { annotation: annotation.cloned(), ..update }
    };
    Push { pusher, refs: moved.iter().zip(found).map(put_together).collect() }
}

/// The tag objects that refs point to now.
fn annotated<'a>(moved: &'a [Moved], found: &[Found]) -> Vec<&'a str> {
    let is_object = |one: &Moved, head: Option<&str>| !one.is_branch() && head.is_some_and(|head| head != one.new);
    let tags = moved.iter().zip(found).filter(|(one, found)| is_object(one, found.head.as_deref()));
    tags.map(|(one, _)| one.new.as_str()).collect()
}

/// The commit each new value stands for: itself, or what an annotated tag points to. Tags of trees and blobs have none.
fn peel(git: &Git<'_>, moved: &[Moved]) -> Result<HashMap<String, String>, GitError> {
    let values: Vec<&str> = moved.iter().filter(|one| !one.deleted()).map(|one| one.new.as_str()).collect();
    if values.is_empty() {
        return Ok(HashMap::new());
    }
    let input = values.join("^{commit}\n") + "^{commit}\n";
    let printed = git.output(&["cat-file", "--batch-check=%(objectname)"], input.as_bytes())?;
    let lines = printed.split(|byte| *byte == b'\n');
    // What has no commit is echoed with ` missing`, which is no object id.
    Ok(values.into_iter().zip(lines).filter_map(|(id, line)| Some((id.to_owned(), object_id(line)?))).collect())
}

/// Walks the new branches together, if there are many.
fn walk_together(git: &Git<'_>, moved: &[Moved], baseline: &Baseline) -> Result<Option<Walk>, GitError> {
    let new: Vec<&str> =
        moved.iter().filter(|one| one.is_branch() && one.created()).map(|one| one.new.as_str()).collect();
    if new.len() < MANY { Ok(None) } else { Walk::read(git, &new, baseline.before()).map(Some) }
}

/// Finds out what one ref brought; on trouble, `found` holds what is known so far.
fn look_at(
    git: &Git<'_>,
    one: &Moved,
    baseline: &Baseline,
    walk: Option<&mut Walk>,
    found: &mut Found,
) -> Result<(), GitError> {
    if one.deleted() {
        return Ok(());
    }
    if let Some(walk) = walk.filter(|_| one.is_branch() && one.created()) {
        (found.ids, found.total) = walk.on(&one.new);
        found.distinct = found.ids.iter().cloned().collect();
    } else if one.is_branch() {
        new_commits(git, one, baseline, found)?;
    } else {
        // Git moves a tag only by force. Its commits are announced by the branches that have them.
        found.forced = !one.created();
        found.total = Some(0);
    }
    if one.created() && found.ids.is_empty() {
        let base = found.head.as_deref().and_then(|head| baseline.branch_at(head, one.is_branch()));
        found.base_ref = base.map(readable);
    }
    Ok(())
}

/// Lists the new commits of a branch: those the branch did not have, for a new branch those no branch had.
fn new_commits(git: &Git<'_>, one: &Moved, baseline: &Baseline, found: &mut Found) -> Result<(), GitError> {
    let own = BTreeSet::from([one.old.clone()]);
    let excluded = if one.created() { baseline.before() } else { &own };
    if one.created() && excluded.contains(&one.new) {
        found.total = Some(0);
        return Ok(());
    }
    if !one.created() {
        found.forced = !is_ancestor(git, &one.old, &one.new)?;
    }
    let range = range(&one.new, excluded);
    let limit = format!("--max-count={}", MAX_COMMITS + 1);
    let printed = git.output(&["rev-list", "--stdin", "--ignore-missing", &limit], range.as_bytes())?;
    found.ids = printed.split(|byte| *byte == b'\n').filter_map(object_id).collect();
    let more = found.ids.len() > MAX_COMMITS;
    found.ids.truncate(MAX_COMMITS);
    if one.created() || baseline.before() == &own {
        found.distinct = found.ids.iter().cloned().collect();
    } else if !found.ids.is_empty() {
        found.distinct = distinct(git, one, baseline, &found.ids)?;
    }
    found.total = if more { Some(count(git, &range)?) } else { u64::try_from(found.ids.len()).ok() };
    Ok(())
}

/// What `rev-list --stdin` is to walk: from `tip`, without what is reachable from `excluded`.
fn range(tip: &str, excluded: &BTreeSet<String>) -> String {
    let mut range = format!("{tip}\n");
    for id in excluded {
        range.extend(["^", id, "\n"]);
    }
    range
}

/// Is `old` in the history of `new`? An old tip that is gone from the repository cannot be.
fn is_ancestor(git: &Git<'_>, old: &str, new: &str) -> Result<bool, GitError> {
    match git.output(&["merge-base", "--is-ancestor", old, new], b"") {
        Ok(_) => Ok(true),
        Err(GitError::Failed { code: Some(_), .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Those of `ids` that no branch had before the push.
fn distinct(git: &Git<'_>, one: &Moved, baseline: &Baseline, ids: &[String]) -> Result<HashSet<String>, GitError> {
    let listed: HashSet<&str> = ids.iter().map(String::as_str).collect();
    let mut distinct = HashSet::new();
    let range = range(&one.new, baseline.before());
    git.read(&["rev-list", "--stdin", "--ignore-missing"], range.as_bytes(), |reader| {
        for line in reader.lines() {
            let line = line?;
            if listed.contains(line.as_str()) {
                distinct.insert(line);
                if distinct.len() == listed.len() {
                    return Ok(Reading::Enough);
                }
            }
        }
        Ok(Reading::Complete)
    })?;
    Ok(distinct)
}

/// How many commits a range has.
fn count(git: &Git<'_>, range: &str) -> Result<u64, GitError> {
    let printed = git.output(&["rev-list", "--stdin", "--ignore-missing", "--count"], range.as_bytes())?;
    let text = String::from_utf8_lossy(&printed);
    text.trim().parse().map_err(|_| GitError::NotRun(std::io::Error::other("rev-list --count printed no number")))
}

/// The commits to read, each once: the heads first, so that they are never the ones left out; what branches pointed to before
/// last, since least is lost with it.
fn wanted<'a>(moved: &'a [Moved], found: &'a [Found]) -> Vec<&'a str> {
    let heads = found.iter().filter_map(|one| one.head.as_deref());
    let left = moved.iter().filter(|one| one.is_branch() && !one.created()).map(|one| one.old.as_str());
    let listed = found.iter().flat_map(|one| one.ids.iter().map(String::as_str));
    let mut seen = HashSet::new();
    heads.chain(listed).chain(left).filter(|id| seen.insert(*id)).collect()
}

/// Puts a ref together; commits that do not fit into `room` bytes are left out, oldest first.
fn assemble(one: &Moved, found: Found, commits: &Commits, room: &mut usize) -> RefUpdate {
    let head_commit = found.head.as_deref().and_then(|id| commits.get(id)).map(|commit| {
        let known = found.ids.contains(&commit.id) && !found.distinct.contains(&commit.id);
        let mut commit = Commit { distinct: !known, ..commit.clone() };
        if !take(room, commits::weigh(&commit)) {
            commit = Commit { added: Vec::new(), removed: Vec::new(), modified: Vec::new(), ..commit };
        }
        commit
    });
    let previous = commits.get(&one.old).filter(|_| one.is_branch() && !one.created());
    let previous_commit = previous.map(|commit| Commit {
        distinct: false,
        added: Vec::new(),
        removed: Vec::new(),
        modified: Vec::new(),
        ..commit.clone()
    });
    let mut listed = Vec::new();
    for id in &found.ids {
        let Some(commit) = commits.get(id).filter(|commit| take(room, commits::weigh(commit))) else { break };
        listed.push(Commit { distinct: found.distinct.contains(id), ..commit.clone() });
    }
    listed.reverse();
    let all = u64::try_from(listed.len()).ok();
    RefUpdate {
        name: one.text(),
        kind: one.kind,
        before: one.old.clone(),
        after: one.new.clone(),
        forced: found.forced,
        base_ref: found.base_ref,
        truncated: !one.deleted() && found.total != all,
        total_commits: if one.is_branch() && !one.deleted() { found.total } else { None },
        commits: listed,
        head_commit,
        previous_commit: previous_commit.filter(|commit| take(room, commits::weigh(commit))),
        annotation: None,
    }
}

/// Takes a weight from `room`, if there is as much.
fn take(room: &mut usize, weight: usize) -> bool {
    let left = room.checked_sub(weight);
    *room = left.unwrap_or(*room);
    left.is_some()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use domain::canonical::ZERO_ID;
    use testkit::FakeClock;

    use super::*;
    use crate::git::updates::parse;

    fn computed(limit: Duration) -> (Push, Vec<String>) {
        let (old, new) = ("a".repeat(40), "b".repeat(40));
        let lines =
            format!("{old} {new} refs/heads/main\n{ZERO_ID} {new} refs/heads/new\n{old} {ZERO_ID} refs/tags/v1\n");
        let clock = FakeClock::default();
        let git = Git::new(Path::new("/nowhere"), &clock, limit);
        let mut trouble = Vec::new();
        let push = compute(&git, &parse(lines.as_bytes()), Actor::default(), &mut trouble);
        (push, trouble)
    }

    #[test]
    fn a_push_that_takes_too_long_is_published_without_commits_and_says_so() {
        let (push, trouble) = computed(Duration::ZERO);
        let told: Vec<_> = push.refs.iter().map(|one| (one.name.as_str(), one.truncated, one.total_commits)).collect();
        assert_eq!(
            told,
            [("refs/heads/main", true, None), ("refs/heads/new", true, None), ("refs/tags/v1", false, None)]
        );
        assert_eq!(trouble, ["the event lacks commits: git took too long"]);
    }

    #[test]
    fn a_repository_git_cannot_read_still_gives_its_refs() {
        let (push, trouble) = computed(Duration::from_secs(10));
        assert_eq!(push.refs.len(), 3);
        assert!(trouble[0].contains("git for-each-ref ended with 128: fatal: not a git repository"), "{trouble:?}");
    }
}
