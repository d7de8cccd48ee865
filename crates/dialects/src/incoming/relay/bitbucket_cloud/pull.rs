//! `pullrequest:…`, but for comments.

use domain::canonical::{
    Counts, End, Participant, PullRequest, PullRequestAction, PullRequestChanges, PullRequestEvent, PullRequestState,
    RepositoryName, Review, Verdict, ZERO_ID,
};
use domain::time::Timestamp;

use super::super::part::Part;
use super::super::{Told, git};
use super::account;

/// What happened.
pub(super) fn read(event: &str, root: Part<'_>) -> Result<Vec<Told>, String> {
    let action = match event {
        "pullrequest:created" => PullRequestAction::Opened,
        "pullrequest:updated" => PullRequestAction::Edited,
        "pullrequest:push" => PullRequestAction::SourceUpdated,
        "pullrequest:fulfilled" => PullRequestAction::Merged,
        "pullrequest:rejected" => PullRequestAction::Declined,
        "pullrequest:approved" => PullRequestAction::Approved,
        "pullrequest:changes_request_created" => PullRequestAction::ChangesRequested,
        "pullrequest:unapproved" | "pullrequest:changes_request_removed" => PullRequestAction::Unapproved,
        _ => return Ok(Vec::new()),
    };
    let mut told = PullRequestEvent {
        actor: account(root.at("actor")),
        pull_request: pull_request(root.at("pullrequest"))?,
        changes: None,
        previous_commit: None,
        added_reviewers: Vec::new(),
        removed_reviewers: Vec::new(),
        review: None,
    };
    let mut time = told.pull_request.updated_at;
    match action {
        // Title, text, target, reviewers, source: Cloud tells of all of them alike, and not which.
        PullRequestAction::Edited => told.changes = Some(PullRequestChanges::default()),
        PullRequestAction::SourceUpdated => told.previous_commit = Some(ZERO_ID.to_owned()),
        PullRequestAction::Merged | PullRequestAction::Declined => told.pull_request.closed_at = Some(time),
        PullRequestAction::Approved | PullRequestAction::ChangesRequested | PullRequestAction::Unapproved => {
            let changes_request = root.at("changes_request");
            let was_asked = changes_request.exists();
            let verdict = if was_asked { changes_request } else { root.at("approval") };
            let at = verdict.moment("date");
            let taken_back = if was_asked { Verdict::ChangesRequested } else { Verdict::Approved };
            let previous = if action == PullRequestAction::Unapproved { taken_back } else { Verdict::Pending };
            told.review = Some(Review { submitted_at: at, previous, ..Review::default() });
            time = at.unwrap_or(time);
        }
        _ => {}
    }
    Ok(vec![Told::pull_request(action, told, Some(time))])
}

/// A pull request object. Its commits are told by their first twelve digits.
pub(super) fn pull_request(pull: Part<'_>) -> Result<PullRequest, String> {
    let created_at = pull.moment("created_on").ok_or_else(|| pull.missing("created_on"))?;
    let state = match pull.text("state") {
        Some("MERGED") => PullRequestState::Merged,
        Some("DECLINED") => PullRequestState::Declined,
        Some("SUPERSEDED") => PullRequestState::Superseded,
        _ => PullRequestState::Open,
    };
    let updated_at = pull.moment("updated_on").unwrap_or(created_at);
    let (source, target) = (pull.at("source"), pull.at("destination"));
    let closed_by = pull.at("closed_by");
    let (reviewers, participants) = people(pull);
    Ok(PullRequest {
        id: None,
        number: pull.required_number("id")?,
        version: 0,
        title: pull.text("title").unwrap_or_default().to_owned(),
        body: pull.text("description").or_else(|| pull.at("summary").text("raw")).map(str::to_owned),
        state,
        draft: pull.flag("draft"),
        locked: false,
        author: account(pull.at("author")),
        source: end(source, elsewhere(source, target))?,
        target: end(target, None)?,
        created_at,
        updated_at,
        closed_at: (state != PullRequestState::Open).then_some(updated_at),
        closed_by: closed_by.exists().then(|| account(closed_by)),
        reason: pull.filled("reason").map(str::to_owned),
        merge_commit: pull.at("merge_commit").filled("hash").map(git::object_id),
        mergeable: None,
        reviewers,
        participants,
        assignees: Vec::new(),
        labels: Vec::new(),
        close_source_branch: pull.flag("close_source_branch"),
        counts: Counts {
            comments: pull.number("comment_count").unwrap_or(0),
            tasks: pull.number("task_count").unwrap_or(0),
            ..Counts::default()
        },
    })
}

/// Those asked to review it, and others who took part.
fn people(pull: Part<'_>) -> (Vec<Participant>, Vec<Participant>) {
    let (mut reviewers, mut others) = (Vec::new(), Vec::new());
    for part in pull.items("participants") {
        let verdict = match part.text("state") {
            Some("changes_requested") => Verdict::ChangesRequested,
            Some("approved") => Verdict::Approved,
            _ if part.flag("approved") => Verdict::Approved,
            _ => Verdict::Pending,
        };
        let at: Option<Timestamp> = part.moment("participated_on");
        let one = Participant { user: account(part.at("user")), verdict, at, commit: None };
        if part.text("role") == Some("REVIEWER") { reviewers.push(one) } else { others.push(one) }
    }
    for part in pull.items("reviewers") {
        let user = account(part);
        if !reviewers.iter().any(|one| one.user == user) {
            reviewers.push(Participant { user, verdict: Verdict::Pending, at: None, commit: None });
        }
    }
    (reviewers, others)
}

/// `source` or `destination`.
fn end(side: Part<'_>, repository: Option<RepositoryName>) -> Result<End, String> {
    let name = git::branch(side.at("branch").required("name")?);
    Ok(End { name, commit: side.at("commit").filled("hash").map_or(ZERO_ID.to_owned(), git::object_id), repository })
}

/// The repository of the source, if it is another than that of the destination. It is null if it was deleted.
fn elsewhere(source: Part<'_>, target: Part<'_>) -> Option<RepositoryName> {
    let full_name = |side: Part<'_>| side.at("repository").filled("full_name").map(str::to_owned);
    let from = full_name(source)?;
    if Some(&from) == full_name(target).as_ref() { None } else { git::repository(&from) }
}
