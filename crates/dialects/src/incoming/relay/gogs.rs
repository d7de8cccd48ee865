//! Gogs, and Gitea and Forgejo, which send its headers as well as their own.
//!
//! Gogs tells of new tags in `create` alone, the others in `create` and `push`: the push of a new tag is left to
//! `create`. Their pull requests speak GitHub's words; those of Gogs name neither commits nor dates and are not relayed.

use domain::canonical::{Actor, Participant, PullRequestAction, RefKind, Review, Verdict, ZERO_ID};

use super::part::Part;
use super::{Told, git, github};

/// What a delivery tells.
pub(super) fn read(event: &str, root: Part<'_>) -> Result<Vec<Told>, String> {
    let readable = root.at("pull_request").at("head").exists();
    match event {
        "push" => push(root),
        "create" => create(root),
        "pull_request" if readable => github::pull::read(root),
        "pull_request_approved" if readable => review(PullRequestAction::Approved, Verdict::Approved, root),
        "pull_request_rejected" if readable => {
            review(PullRequestAction::ChangesRequested, Verdict::ChangesRequested, root)
        }
        "issue_comment" => github::issue_comment(root),
        _ => Ok(Vec::new()),
    }
}

fn push(root: Part<'_>) -> Result<Vec<Told>, String> {
    let Some(mut moved) = git::moved_by(root)? else { return Ok(Vec::new()) };
    if moved.kind == RefKind::Tag && moved.created() {
        return Ok(Vec::new());
    }
    let commits: Vec<_> = root.items("commits").map(git::listed).collect::<Result<_, _>>()?;
    moved.commits = git::oldest_first(commits, &moved.after, true);
    let listed = u64::try_from(moved.commits.len()).unwrap_or(u64::MAX);
    moved.total_commits = root.number("total_commits").filter(|total| *total > listed);
    moved.truncated = moved.total_commits.is_some();
    let head = root.at("head_commit");
    let in_list = || moved.commits.iter().find(|commit| commit.id == moved.after).cloned();
    moved.head_commit = if head.exists() { Some(git::listed(head)?) } else { in_list() };
    if moved.deleted() {
        moved.head_commit = None;
    }
    let time = root.at("repository").moment("updated_at");
    Ok(git::pushed(pusher(root), vec![moved], time))
}

/// A new tag. Old versions do not say of what; then there is nothing to tell. New branches come with a push.
fn create(root: Part<'_>) -> Result<Vec<Told>, String> {
    if root.text("ref_type") != Some("tag") {
        return Ok(Vec::new());
    }
    let Some(after) = root.filled("sha") else { return Ok(Vec::new()) };
    let name = root.required("ref")?;
    let name = format!("refs/tags/{}", name.strip_prefix("refs/tags/").unwrap_or(name));
    let refs = git::moved(name, RefKind::Tag, ZERO_ID, after).into_iter().collect();
    Ok(git::pushed(pusher(root), refs, None))
}

fn pusher(root: Part<'_>) -> Actor {
    let pusher = root.at("pusher");
    github::user(if pusher.exists() { pusher } else { root.at("sender") })
}

/// A verdict, which Gitea tells of in events of their own.
fn review(action: PullRequestAction, verdict: Verdict, root: Part<'_>) -> Result<Vec<Told>, String> {
    let mut event = github::pull::event(root)?;
    let at = event.pull_request.updated_at;
    let commit = Some(event.pull_request.source.commit.clone());
    let reviewers = &mut event.pull_request.reviewers;
    reviewers.retain(|reviewer| reviewer.user.login != event.actor.login);
    reviewers.push(Participant { user: event.actor.clone(), verdict, at: Some(at), commit: commit.clone() });
    event.review = Some(Review {
        id: None,
        body: root.at("review").filled("content").map(str::to_owned),
        commit,
        submitted_at: Some(at),
        previous: Verdict::Pending,
    });
    Ok(vec![Told::pull_request(action, event, Some(at))])
}
