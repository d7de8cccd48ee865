//! `push`: one message per ref, with `create` and `delete` beside it.

use domain::canonical::{Actor, Commit, Push, RefKind, RefUpdate, ZERO_ID};
use domain::dialect::Draft;
use serde::Serialize;

use super::shapes::{Organization, PushCommit, Repository, User, path};
use super::{Stage, Tale, json, refs};

/// More tags than this in one push, and GitHub tells of none of them.
const MAX_TAGS: usize = 3;
/// More branches than this in one push, and GitHub sends no `push` at all.
const MAX_BRANCHES: usize = 5_000;
/// Commits listed in one message; the newest stay.
const MAX_COMMITS: usize = 2_048;

/// `create`, `delete` and `push` of each ref, in the order given.
pub(super) fn tell(push: &Push, tale: &mut Tale<'_>) {
    let count = |kind| push.refs.iter().filter(|moved| moved.kind == kind).count();
    let tags_told = count(RefKind::Tag) <= MAX_TAGS;
    let pushes_told = count(RefKind::Branch) <= MAX_BRANCHES && tale.wants("push");
    let page = tale.stage.page();
    for moved in push.refs.iter().filter(|moved| tags_told || moved.kind == RefKind::Branch) {
        refs::tell(moved, &push.pusher, tale);
        if pushes_told {
            let body = json(&payload(moved, &push.pusher, &page, &tale.stage));
            tale.drafts.push(Draft { kind: "push".into(), action: None, body });
        }
    }
}

/// The payload, in the member order of the published examples.
#[derive(Serialize)]
struct Payload<'a> {
    #[serde(rename = "ref")]
    name: &'a str,
    before: &'a str,
    after: &'a str,
    repository: Repository<'a>,
    pusher: Pusher,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<Organization<'a>>,
    sender: User<'a>,
    created: bool,
    deleted: bool,
    forced: bool,
    base_ref: Option<&'a str>,
    compare: String,
    commits: Vec<PushCommit<'a>>,
    head_commit: Option<PushCommit<'a>>,
}

/// Who pushed, in short.
#[derive(Serialize)]
struct Pusher {
    name: String,
    email: Option<String>,
}

fn payload<'a>(moved: &'a RefUpdate, actor: &Actor, page: &'a str, stage: &Stage<'a>) -> Payload<'a> {
    let (created, deleted) = (moved.created(), moved.deleted());
    let commits = commits(moved);
    let starts_elsewhere = created && commits.is_empty();
    let head = moved.head_commit.as_ref().or(commits.last()).filter(|_| !deleted);
    let sender = stage.user(actor);
    let email =
        actor.email.clone().or_else(|| actor.account(stage.directory).and_then(|account| account.email.clone()));
    Payload {
        name: &moved.name,
        before: &moved.before,
        after: &moved.after,
        repository: Repository::for_push(stage.row, stage.owner, stage.links, stage.occurred_at),
        pusher: Pusher { name: sender.login().to_owned(), email },
        organization: stage.organization(),
        sender,
        created,
        deleted,
        forced: !created && !deleted && (moved.forced || moved.kind == RefKind::Tag),
        base_ref: moved.base_ref.as_deref().filter(|_| starts_elsewhere),
        compare: compare(moved, commits, page),
        commits: commits.iter().map(|commit| PushCommit::of(commit, page, stage)).collect(),
        head_commit: head.map(|commit| PushCommit::of(commit, page, stage)),
    }
}

/// The commits listed: none for tags and for what was deleted.
fn commits(moved: &RefUpdate) -> &[Commit] {
    if moved.kind == RefKind::Tag || moved.deleted() {
        return &[];
    }
    &moved.commits[moved.commits.len().saturating_sub(MAX_COMMITS)..]
}

/// The page that shows the difference (the table of contract github section 4.2).
fn compare(moved: &RefUpdate, commits: &[Commit], page: &str) -> String {
    let (before, after) = (short(&moved.before), short(&moved.after));
    if !moved.created() {
        // Deleted: `after` is zero, and twelve zeros are what GitHub writes.
        return format!("{page}/compare/{before}...{after}");
    }
    match commits {
        [] => format!("{page}/compare/{}", path(moved.short_name())),
        [_] if !moved.truncated => format!("{page}/commit/{}", moved.after),
        [first, ..] => format!("{page}/compare/{}^...{after}", short(&first.id)),
    }
}

/// The first twelve digits of an object id.
fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(&ZERO_ID[..12])
}
