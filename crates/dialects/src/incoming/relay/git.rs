//! What hosts write alike: refs, object ids, people and lists of commits.

use domain::canonical::{Actor, Commit, Happening, Person, Push, RefKind, RefUpdate, RepositoryName, ZERO_ID};
use domain::time::Timestamp;

use super::Told;
use super::part::Part;

/// Commits kept per ref; the newest stay (`docs/events/`).
pub(super) const MAX_COMMITS: usize = 2_048;

/// Full name of a branch.
pub(super) fn branch(short: &str) -> String {
    format!("refs/heads/{short}")
}

/// What a full ref name names; none for notes, pull requests and other refs that are not published.
pub(super) fn kind(full: &str) -> Option<RefKind> {
    if full.starts_with("refs/heads/") {
        Some(RefKind::Branch)
    } else {
        full.starts_with("refs/tags/").then_some(RefKind::Tag)
    }
}

/// An object id in full. Hosts that tell but its first digits leave the others to zeros, so that it has the form that
/// receivers expect; the first digits still name the object.
pub(super) fn object_id(digits: &str) -> String {
    let digits = digits.to_ascii_lowercase();
    if (7..ZERO_ID.len()).contains(&digits.len()) { format!("{digits:0<40}") } else { digits }
}

/// Is it the id that stands for nothing?
pub(super) fn is_zero(id: &str) -> bool {
    id.bytes().all(|byte| byte == b'0')
}

/// `Mona Ito <mona@acme.test>`, as git writes it.
pub(super) fn person(raw: &str) -> Person {
    let (name, email) = raw.rsplit_once('<').unwrap_or((raw, ""));
    Person { name: name.trim().to_owned(), email: email.trim_end().trim_end_matches('>').to_owned() }
}

/// `name` and `email` of a part, as GitHub, GitLab and Gitea tell them of commits.
fn signature(part: Part<'_>) -> Person {
    let text = |name| part.text(name).unwrap_or_default().to_owned();
    Person { name: text("name"), email: text("email") }
}

/// A commit as GitHub, GitLab and Gitea list it. GitHub alone tells of its tree, none of its parents.
pub(super) fn listed(part: Part<'_>) -> Result<Commit, String> {
    let author = signature(part.at("author"));
    let committer = part.at("committer");
    Ok(Commit {
        id: object_id(part.required("id")?),
        tree_id: part.filled("tree_id").unwrap_or(ZERO_ID).to_owned(),
        parents: Vec::new(),
        message: part.text("message").unwrap_or_default().to_owned(),
        timestamp: part.date("timestamp").ok_or_else(|| part.missing("timestamp"))?,
        authored_at: None,
        committer: if committer.exists() { signature(committer) } else { author.clone() },
        author,
        added: part.texts("added"),
        removed: part.texts("removed"),
        modified: part.texts("modified"),
        distinct: part.option("distinct").unwrap_or(true),
    })
}

/// Oldest first, the newest [`MAX_COMMITS`] of them. Where the tip is in the list says how the host sorted it; where it
/// is not, `newest_first` is what the host usually does.
pub(super) fn oldest_first(mut commits: Vec<Commit>, tip: &str, newest_first: bool) -> Vec<Commit> {
    let is_tip = |commit: Option<&Commit>| commit.is_some_and(|commit| commit.id == tip);
    let newest_first = match (is_tip(commits.first()), is_tip(commits.last())) {
        (true, false) => true,
        (false, true) => false,
        _ => newest_first,
    };
    if newest_first {
        commits.reverse();
    }
    commits.split_off(commits.len().saturating_sub(MAX_COMMITS))
}

/// A ref that moved from one id to another; whatever else is known of it is added by the caller. None if it did not:
/// neither end is there.
pub(super) fn moved(name: String, kind: RefKind, before: &str, after: &str) -> Option<RefUpdate> {
    let (before, after) = (object_id(before), object_id(after));
    let nowhere = is_zero(&before) && is_zero(&after);
    (!nowhere).then(|| RefUpdate {
        name,
        kind,
        before,
        after,
        forced: false,
        base_ref: None,
        commits: Vec::new(),
        truncated: false,
        total_commits: None,
        head_commit: None,
        previous_commit: None,
        annotation: None,
    })
}

/// The ref that a push of one ref is about, as most hosts tell it: `ref`, `before` and `after`. None if it is no branch or
/// tag, or did not move.
pub(super) fn moved_by(root: Part<'_>) -> Result<Option<RefUpdate>, String> {
    let name = root.required("ref")?;
    let Some(kind) = kind(name) else { return Ok(None) };
    Ok(moved(name.to_owned(), kind, root.required("before")?, root.required("after")?))
}

/// A push of these refs; nothing if there are none.
pub(super) fn pushed(pusher: Actor, refs: Vec<RefUpdate>, time: Option<Timestamp>) -> Vec<Told> {
    if refs.is_empty() {
        return Vec::new();
    }
    vec![Told { happening: Happening::Push(Push { pusher, refs }), time }]
}

/// A repository from its path at the host. Of a path with more than two segments (GitLab's subgroups) the last two count.
pub(super) fn repository(path: &str) -> Option<RepositoryName> {
    let mut segments = path.rsplit('/');
    let (name, owner) = (segments.next()?, segments.next()?);
    RepositoryName::try_from(format!("{owner}/{name}")).ok()
}

/// An address, if it is one: hosts also write nothing, or that they withhold it.
pub(super) fn email(part: Part<'_>, name: &str) -> Option<String> {
    part.filled(name).filter(|text| text.contains('@')).map(str::to_owned)
}
