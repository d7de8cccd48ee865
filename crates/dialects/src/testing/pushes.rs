//! Pushes to tell of.

use domain::canonical::{Actor, Commit, Happening, Person, Push, RefKind, RefUpdate, ZERO_ID};
use proptest::prelude::*;

/// Where most refs of these tests were.
pub(crate) const OLD: &str = "1111111111111111111111111111111111111111";
/// Where they are.
pub(crate) const NEW: &str = "2222222222222222222222222222222222222222";

/// A commit by mona.
pub(crate) fn commit(id: &str) -> Commit {
    let person = Person { name: "Mona Ito".to_owned(), email: "Mona@acme.test".to_owned() };
    Commit {
        id: id.to_owned(),
        tree_id: OLD.to_owned(),
        parents: vec![OLD.to_owned()],
        message: "Trim <sails>\n".to_owned(),
        timestamp: "2026-01-02T10:00:00+09:00".to_owned(),
        authored_at: None,
        author: person.clone(),
        committer: person,
        added: vec!["a".to_owned()],
        removed: Vec::new(),
        modified: Vec::new(),
        distinct: true,
    }
}

/// A ref that moved. The ends that exist are commits [`OLD`] and [`NEW`], whatever it points to itself.
pub(crate) fn moved(kind: RefKind, short: &str, before: &str, after: &str, commits: &[&str]) -> RefUpdate {
    let prefix = if kind == RefKind::Branch { "refs/heads/" } else { "refs/tags/" };
    RefUpdate {
        name: format!("{prefix}{short}"),
        kind,
        before: before.to_owned(),
        after: after.to_owned(),
        forced: false,
        base_ref: None,
        commits: commits.iter().map(|id| commit(id)).collect(),
        truncated: false,
        total_commits: None,
        head_commit: (after != ZERO_ID).then(|| commit(NEW)),
        previous_commit: (before != ZERO_ID).then(|| commit(OLD)),
        annotation: None,
    }
}

/// A push by mona.
pub(crate) fn push(refs: Vec<RefUpdate>) -> Happening {
    Happening::Push(Push { pusher: Actor { login: Some("mona".to_owned()), ..Actor::default() }, refs })
}

/// An object id, or none.
pub(crate) fn any_id() -> impl Strategy<Value = String> {
    prop_oneof![Just(ZERO_ID.to_owned()), "[0-9a-f]{40}", "[0-9a-f]{64}"]
}

/// Someone, or nobody.
pub(crate) fn any_actor() -> impl Strategy<Value = Actor> {
    let text = || prop::option::of(".{0,12}");
    (text(), text(), text()).prop_map(|(login, name, email)| Actor { login, name, email })
}
