//! Pushes in words.

use std::fmt::Write as _;

use domain::canonical::{Push, RefKind, RefUpdate};

use super::text::{excerpt, one_line};

/// Most commits listed.
const MAX_COMMITS: usize = 20;
/// Longest first line of a commit message, in characters.
const MAX_SUMMARY: usize = 120;

/// `alice pushed 2 commits to main in acme/widgets`.
pub(super) fn sentence(push: &Push, who: &str, place: &str) -> String {
    match push.refs.as_slice() {
        [] => format!("{who} pushed to {place}"),
        [one] => of_ref(one, who, place),
        several => format!("{who} pushed to {} branches and tags in {place}", several.len()),
    }
}

fn of_ref(moved: &RefUpdate, who: &str, place: &str) -> String {
    let name = moved.short_name();
    let kind = match moved.kind {
        RefKind::Branch => "branch",
        RefKind::Tag => "tag",
    };
    let listed = u64::try_from(moved.commits.len()).unwrap_or(u64::MAX);
    let count = moved.total_commits.unwrap_or(listed);
    if moved.deleted() {
        return format!("{who} deleted {kind} {name} in {place}");
    }
    if moved.kind == RefKind::Tag || count == 0 {
        let verb = if moved.created() { "created" } else { "moved" };
        return format!("{who} {verb} {kind} {name} in {place}");
    }
    let verb = if moved.forced { "force-pushed" } else { "pushed" };
    let plural = if count == 1 { "" } else { "s" };
    let new = if moved.created() { "new branch " } else { "" };
    format!("{who} {verb} {count} commit{plural} to {new}{name} in {place}")
}

/// The first lines of the newest commits, newest last.
pub(super) fn detail(push: &Push) -> Option<String> {
    let commits: Vec<_> = push.refs.iter().flat_map(|moved| &moved.commits).collect();
    let skipped = commits.len().saturating_sub(MAX_COMMITS);
    let mut text = String::new();
    if skipped > 0 {
        let _ = writeln!(text, "({skipped} more)");
    }
    for commit in commits.into_iter().skip(skipped) {
        let summary = commit.message.lines().next().unwrap_or_default();
        let _ = writeln!(text, "{} {}", short_id(&commit.id), one_line(summary, MAX_SUMMARY));
    }
    excerpt(&text)
}

/// The first seven digits of an object id.
pub(super) fn short_id(id: &str) -> &str {
    id.get(..7).unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use domain::canonical::{Actor, ZERO_ID};

    use super::*;
    use crate::testing::{NEW, OLD, moved};

    fn told(refs: Vec<RefUpdate>) -> String {
        sentence(&Push { pusher: Actor::default(), refs }, "alice", "acme/widgets")
    }

    #[test]
    fn a_push_says_what_moved() {
        use RefKind::{Branch, Tag};
        let forced = RefUpdate { forced: true, ..moved(Branch, "main", OLD, NEW, &[NEW]) };
        let many = RefUpdate { total_commits: Some(5_000), ..moved(Branch, "main", OLD, NEW, &[NEW]) };
        let cases = [
            (vec![], "pushed to acme/widgets"),
            (vec![moved(Branch, "main", OLD, NEW, &[OLD, NEW])], "pushed 2 commits to main in acme/widgets"),
            (vec![moved(Branch, "x/y", ZERO_ID, NEW, &[NEW])], "pushed 1 commit to new branch x/y in acme/widgets"),
            (vec![moved(Branch, "x", ZERO_ID, NEW, &[])], "created branch x in acme/widgets"),
            (vec![moved(Branch, "x", OLD, ZERO_ID, &[])], "deleted branch x in acme/widgets"),
            (vec![moved(Branch, "x", OLD, NEW, &[])], "moved branch x in acme/widgets"),
            (vec![moved(Tag, "v1", ZERO_ID, NEW, &[NEW])], "created tag v1 in acme/widgets"),
            (vec![moved(Tag, "v1", OLD, NEW, &[])], "moved tag v1 in acme/widgets"),
            (vec![forced.clone()], "force-pushed 1 commit to main in acme/widgets"),
            (vec![many], "pushed 5000 commits to main in acme/widgets"),
            (vec![forced.clone(), forced], "pushed to 2 branches and tags in acme/widgets"),
        ];
        for (refs, expected) in cases {
            assert_eq!(told(refs), format!("alice {expected}"));
        }
    }

    #[test]
    fn a_push_lists_its_newest_commits() {
        let ids: Vec<String> = (0..25).map(|at| format!("{at:040x}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let refs = vec![moved(RefKind::Branch, "main", OLD, NEW, &ids)];
        let text = detail(&Push { pusher: Actor::default(), refs }).expect("some");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!((lines.len(), lines[0]), (21, "(5 more)"));
        assert_eq!(lines[20], "0000000 Trim <sails>");
        assert_eq!(detail(&Push { pusher: Actor::default(), refs: Vec::new() }), None);
    }
}
