//! `Merge Request Hook`.

use domain::canonical::{
    Actor, Change, Counts, End, Label, Participant, PullRequest, PullRequestAction, PullRequestChanges,
    PullRequestEvent, PullRequestState, RepositoryName, Review, Verdict, ZERO_ID,
};

use super::super::part::Part;
use super::super::{Told, git};
use super::user;

/// What happened: one thing, but for an update, which may be several at once.
pub(super) fn read(root: Part<'_>) -> Result<Vec<Told>, String> {
    let attributes = root.at("object_attributes");
    let mut event = PullRequestEvent {
        actor: user(root.at("user")),
        pull_request: pull_request(attributes, root)?,
        changes: None,
        previous_commit: None,
        added_reviewers: Vec::new(),
        removed_reviewers: Vec::new(),
        review: None,
    };
    let time = Some(event.pull_request.updated_at);
    let one = |action, event| Ok(vec![Told::pull_request(action, event, time)]);
    match attributes.text("action").unwrap_or_default() {
        "open" => one(PullRequestAction::Opened, event),
        "reopen" => one(PullRequestAction::Reopened, event),
        "merge" => {
            close(&mut event, PullRequestState::Merged);
            one(PullRequestAction::Merged, event)
        }
        "close" => {
            close(&mut event, PullRequestState::Declined);
            one(PullRequestAction::Declined, event)
        }
        // The last approval needed has a word of its own; either word is about one person's.
        "approval" | "approved" => {
            judge(&mut event, Verdict::Approved, Verdict::Pending);
            one(PullRequestAction::Approved, event)
        }
        "unapproval" | "unapproved" => {
            judge(&mut event, Verdict::Pending, Verdict::Approved);
            one(PullRequestAction::Unapproved, event)
        }
        "update" => Ok(updates(attributes, root.at("changes"), &event)),
        _ => Ok(Vec::new()),
    }
}

fn close(event: &mut PullRequestEvent, state: PullRequestState) {
    let pull = &mut event.pull_request;
    pull.state = state;
    pull.closed_at = pull.closed_at.or(Some(pull.updated_at));
    pull.closed_by = Some(event.actor.clone());
}

fn judge(event: &mut PullRequestEvent, verdict: Verdict, previous: Verdict) {
    let pull = &mut event.pull_request;
    let (at, commit) = (Some(pull.updated_at), Some(pull.source.commit.clone()));
    pull.reviewers.retain(|reviewer| reviewer.user.login != event.actor.login);
    pull.reviewers.push(Participant { user: event.actor.clone(), verdict, at, commit: commit.clone() });
    event.review = Some(Review { commit, submitted_at: at, previous, ..Review::default() });
}

/// What an update changed. Labels, assignees and milestones have no canonical form.
fn updates(attributes: Part<'_>, changes: Part<'_>, event: &PullRequestEvent) -> Vec<Told> {
    let pull = &event.pull_request;
    let mut told = Vec::new();
    let mut tell = |action, event| told.push(Told::pull_request(action, event, Some(pull.updated_at)));
    let change = |name| {
        let change = changes.at(name);
        change.exists().then(|| Change { from: change.text("previous").map(str::to_owned), to: None })
    };
    let target = changes.at("target_branch").filled("previous");
    let edit = PullRequestChanges {
        title: change("title"),
        body: change("description"),
        draft: changes.at("draft").option("previous").filter(|before| *before != pull.draft),
        target: target.map(|name| End { name: git::branch(name), commit: ZERO_ID.to_owned(), repository: None }),
    };
    if edit != PullRequestChanges::default() {
        let retargeted = edit.target.is_some();
        let action = if retargeted { PullRequestAction::TargetUpdated } else { PullRequestAction::Edited };
        tell(action, PullRequestEvent { changes: Some(edit), ..event.clone() });
    }
    if let Some(before) = attributes.filled("oldrev") {
        let previous_commit = Some(git::object_id(before));
        tell(PullRequestAction::SourceUpdated, PullRequestEvent { previous_commit, ..event.clone() });
    }
    let reviewers = changes.at("reviewers");
    let (before, now): (Vec<_>, Vec<_>) =
        (reviewers.items("previous").map(user).collect(), reviewers.items("current").map(user).collect());
    let only_in = |some: &[Actor], others: &[Actor]| {
        let gone = some.iter().filter(|one| !others.contains(one));
        gone.cloned().collect::<Vec<_>>()
    };
    let (added_reviewers, removed_reviewers) = (only_in(&now, &before), only_in(&before, &now));
    if !added_reviewers.is_empty() || !removed_reviewers.is_empty() {
        let changed = PullRequestEvent { added_reviewers, removed_reviewers, ..event.clone() };
        tell(PullRequestAction::ReviewersUpdated, changed);
    }
    told
}

/// A merge request; `root` has the people. The tip of the target is not told.
pub(super) fn pull_request(attributes: Part<'_>, root: Part<'_>) -> Result<PullRequest, String> {
    let created_at = attributes.moment("created_at").ok_or_else(|| attributes.missing("created_at"))?;
    let state = match attributes.text("state") {
        Some("merged") => PullRequestState::Merged,
        Some("closed") => PullRequestState::Declined,
        _ => PullRequestState::Open,
    };
    let tip = attributes.at("last_commit").required("id")?;
    let source = git::branch(attributes.required("source_branch")?);
    let target = git::branch(attributes.required("target_branch")?);
    let pending = |part| Participant { user: user(part), verdict: Verdict::Pending, at: None, commit: None };
    Ok(PullRequest {
        id: attributes.number("id"),
        number: attributes.required_number("iid")?,
        version: 0,
        title: attributes.text("title").unwrap_or_default().to_owned(),
        body: attributes.text("description").map(str::to_owned),
        state,
        draft: attributes.flag("draft") || attributes.flag("work_in_progress"),
        locked: attributes.flag("discussion_locked"),
        author: author(attributes, root),
        source: End { name: source, commit: git::object_id(tip), repository: elsewhere(attributes) },
        target: End { name: target, commit: ZERO_ID.to_owned(), repository: None },
        created_at,
        updated_at: attributes.moment("updated_at").unwrap_or(created_at),
        closed_at: None,
        closed_by: None,
        reason: None,
        merge_commit: attributes.filled("merge_commit_sha").map(git::object_id),
        mergeable: match attributes.text("merge_status") {
            Some("can_be_merged") => Some(true),
            Some("cannot_be_merged") => Some(false),
            _ => None,
        },
        reviewers: root.items("reviewers").map(pending).collect(),
        participants: Vec::new(),
        assignees: root.items("assignees").map(user).collect(),
        labels: root.items("labels").filter_map(label).collect(),
        close_source_branch: attributes.at("merge_params").flag("force_remove_source_branch"),
        counts: Counts::default(),
    })
}

/// Who opened it. Only the id is told; whoever else is in the payload may be the same person.
fn author(attributes: Part<'_>, root: Part<'_>) -> Actor {
    let is_author =
        |person: &Part<'_>| person.number("id").is_some_and(|id| Some(id) == attributes.number("author_id"));
    let others = root.items("assignees").chain(root.items("reviewers"));
    std::iter::once(root.at("user")).chain(others).find(is_author).map(user).unwrap_or_default()
}

/// The repository of the source, if it is another than that of the target.
fn elsewhere(attributes: Part<'_>) -> Option<RepositoryName> {
    let path = |side| attributes.at(side).filled("path_with_namespace");
    let from = path("source")?;
    if Some(from) == path("target") { None } else { git::repository(from) }
}

/// A label; `None` without a name.
fn label(part: Part<'_>) -> Option<Label> {
    Some(Label {
        id: part.number("id").unwrap_or(0),
        name: part.filled("title")?.to_owned(),
        color: part.filled("color").map_or("ededed", |color| color.trim_start_matches('#')).to_owned(),
        description: part.filled("description").map(str::to_owned),
    })
}
