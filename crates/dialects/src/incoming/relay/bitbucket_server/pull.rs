//! `pr:…`.

use domain::canonical::{
    Change, Comment, CommentAction, Counts, End, Location, Participant, PullRequest, PullRequestAction,
    PullRequestChanges, PullRequestCommentEvent, PullRequestEvent, PullRequestState, RepositoryName, Review, Side,
    Verdict,
};

use super::super::part::Part;
use super::super::{Told, git};
use super::user;

/// What happened. `pr:to_ref_updated` and `pr:reviewer:changes_requested` are documented names of what products tell as
/// `pr:modified` and `pr:reviewer:needs_work`; relayed as well, they would tell it twice.
pub(super) fn read(event: &str, root: Part<'_>) -> Result<Vec<Told>, String> {
    let action = match event {
        "pr:opened" => PullRequestAction::Opened,
        "pr:modified" => PullRequestAction::Edited,
        "pr:from_ref_updated" => PullRequestAction::SourceUpdated,
        "pr:reviewer:updated" => PullRequestAction::ReviewersUpdated,
        "pr:reviewer:approved" => PullRequestAction::Approved,
        "pr:reviewer:unapproved" => PullRequestAction::Unapproved,
        "pr:reviewer:needs_work" => PullRequestAction::ChangesRequested,
        "pr:merged" => PullRequestAction::Merged,
        "pr:declined" => PullRequestAction::Declined,
        "pr:deleted" => PullRequestAction::Deleted,
        "pr:comment:added" => return comment(CommentAction::Created, root),
        "pr:comment:edited" => return comment(CommentAction::Edited, root),
        "pr:comment:deleted" => return comment(CommentAction::Deleted, root),
        _ => return Ok(Vec::new()),
    };
    let (actor, mut pull_request) = (user(root.at("actor")), pull_request(root.at("pullRequest"))?);
    if matches!(action, PullRequestAction::Merged | PullRequestAction::Declined) {
        pull_request.closed_by = Some(actor.clone());
    }
    let changes = (action == PullRequestAction::Edited).then(|| changes(root, &pull_request)).transpose()?;
    let retargeted = changes.as_ref().is_some_and(|changes| changes.target.is_some());
    let action = if retargeted { PullRequestAction::TargetUpdated } else { action };
    let judged = matches!(
        action,
        PullRequestAction::Approved | PullRequestAction::Unapproved | PullRequestAction::ChangesRequested
    );
    let time = root.moment("date");
    let event = PullRequestEvent {
        actor,
        pull_request,
        changes,
        previous_commit: root.filled("previousFromHash").map(git::object_id),
        added_reviewers: root.items("addedReviewers").map(user).collect(),
        removed_reviewers: root.items("removedReviewers").map(user).collect(),
        review: judged.then(|| Review {
            commit: root.at("participant").filled("lastReviewedCommit").map(git::object_id),
            submitted_at: time,
            previous: verdict(root.text("previousStatus")),
            ..Review::default()
        }),
    };
    Ok(vec![Told::pull_request(action, event, time)])
}

/// What an edit changed: Data Center tells what everything was before, changed or not. Nothing, if it was something
/// else that has no canonical form.
fn changes(root: Part<'_>, now: &PullRequest) -> Result<PullRequestChanges, String> {
    let change = |name, now: &str| {
        let before = root.text(name).filter(|before| *before != now);
        before.map(|before| Change { from: Some(before.to_owned()), to: None })
    };
    let before = root.at("previousTarget");
    let moved = before.filled("id").is_some_and(|id| id != now.target.name);
    Ok(PullRequestChanges {
        title: change("previousTitle", &now.title),
        body: change("previousDescription", now.body.as_deref().unwrap_or_default()),
        draft: root.option("previousDraft").filter(|draft| *draft != now.draft),
        target: moved.then(|| end(before, None)).transpose()?,
    })
}

/// A pull request object.
fn pull_request(pull: Part<'_>) -> Result<PullRequest, String> {
    let created_at = pull.moment("createdDate").ok_or_else(|| pull.missing("createdDate"))?;
    let state = match pull.text("state") {
        Some("MERGED") => PullRequestState::Merged,
        Some("DECLINED") => PullRequestState::Declined,
        _ => PullRequestState::Open,
    };
    let (source, target) = (pull.at("fromRef"), pull.at("toRef"));
    Ok(PullRequest {
        id: None,
        number: pull.required_number("id")?,
        version: pull.number("version").unwrap_or(0),
        title: pull.text("title").unwrap_or_default().to_owned(),
        body: pull.text("description").map(str::to_owned),
        state,
        draft: pull.flag("draft"),
        locked: pull.flag("locked"),
        author: user(pull.at("author").at("user")),
        source: end(source, elsewhere(source, target))?,
        target: end(target, None)?,
        created_at,
        updated_at: pull.moment("updatedDate").unwrap_or(created_at),
        closed_at: pull.moment("closedDate"),
        closed_by: None,
        reason: None,
        merge_commit: pull.at("properties").at("mergeCommit").filled("id").map(git::object_id),
        mergeable: None,
        reviewers: pull.items("reviewers").map(participant).collect(),
        participants: pull.items("participants").map(participant).collect(),
        assignees: Vec::new(),
        labels: Vec::new(),
        close_source_branch: false,
        counts: Counts::default(),
    })
}

fn participant(part: Part<'_>) -> Participant {
    let commit = part.filled("lastReviewedCommit").map(git::object_id);
    Participant { user: user(part.at("user")), verdict: verdict(part.text("status")), at: None, commit }
}

fn verdict(status: Option<&str>) -> Verdict {
    match status {
        Some("APPROVED") => Verdict::Approved,
        Some("NEEDS_WORK") => Verdict::ChangesRequested,
        _ => Verdict::Pending,
    }
}

/// `fromRef`, `toRef` or `previousTarget`.
fn end(side: Part<'_>, repository: Option<RepositoryName>) -> Result<End, String> {
    let commit = git::object_id(side.required("latestCommit")?);
    Ok(End { name: side.required("id")?.to_owned(), commit, repository })
}

/// The repository of the source, if it is another than that of the target. A project's key stands for the owner.
fn elsewhere(source: Part<'_>, target: Part<'_>) -> Option<RepositoryName> {
    let path = |side: Part<'_>| {
        let repository = side.at("repository");
        let key = repository.at("project").filled("key")?.trim_start_matches('~').to_ascii_lowercase();
        Some(format!("{key}/{}", repository.filled("slug")?))
    };
    let from = path(source)?;
    if Some(&from) == path(target).as_ref() { None } else { git::repository(&from) }
}

/// What happened to a comment.
fn comment(action: CommentAction, root: Part<'_>) -> Result<Vec<Told>, String> {
    let part = root.at("comment");
    let created_at = part.moment("createdDate").ok_or_else(|| part.missing("createdDate"))?;
    let author = part.at("author");
    let comment = Comment {
        id: part.required_number("id")?,
        body: part.text("text").unwrap_or_default().to_owned(),
        author: author.exists().then(|| user(author)),
        created_at,
        updated_at: part.moment("updatedDate").filter(|at| *at != created_at),
        parent: root.number("commentParentId"),
        location: location(part.at("anchor")),
        resolved: part.flag("threadResolved"),
    };
    let before = root.text("previousComment").unwrap_or_default();
    let event = PullRequestCommentEvent {
        actor: user(root.at("actor")),
        pull_request: pull_request(root.at("pullRequest"))?,
        comment,
        previous_body: (action == CommentAction::Edited).then(|| before.to_owned()),
    };
    Ok(vec![Told::comment(action, event)])
}

/// The code it is about, for versions that say so.
fn location(anchor: Part<'_>) -> Option<Location> {
    let side = if anchor.text("fileType") == Some("FROM") { Side::Old } else { Side::New };
    let commit = anchor.filled(if side == Side::Old { "fromHash" } else { "toHash" }).map(git::object_id);
    let path = anchor.filled("path")?.to_owned();
    Some(Location { path, line: anchor.number("line"), start_line: None, side, commit, hunk: None })
}
