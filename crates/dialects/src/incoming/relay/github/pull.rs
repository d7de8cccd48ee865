//! `pull_request`.

use domain::canonical::{
    Change, Counts, End, Label, Participant, PullRequest, PullRequestAction, PullRequestChanges, PullRequestEvent,
    PullRequestState, RepositoryName, Verdict, ZERO_ID,
};

use super::super::part::Part;
use super::super::{Told, git};
use super::user;

/// What happened. Labels, assignees, locks and milestones have no canonical form.
pub(in super::super) fn read(root: Part<'_>) -> Result<Vec<Told>, String> {
    let mut event = event(root)?;
    let action = match root.required("action")? {
        "opened" => PullRequestAction::Opened,
        "reopened" => PullRequestAction::Reopened,
        "closed" if event.pull_request.state == PullRequestState::Merged => PullRequestAction::Merged,
        "closed" => PullRequestAction::Declined,
        // Gitea has its own form of the word, and does not say what was there before.
        "synchronize" | "synchronized" => {
            event.previous_commit = Some(git::object_id(root.filled("before").unwrap_or(ZERO_ID)));
            PullRequestAction::SourceUpdated
        }
        "edited" => {
            let changes = changes(root.at("changes"), &event.pull_request);
            let action =
                if changes.target.is_some() { PullRequestAction::TargetUpdated } else { PullRequestAction::Edited };
            if changes == PullRequestChanges::default() {
                return Ok(Vec::new());
            }
            event.changes = Some(changes);
            action
        }
        "ready_for_review" => {
            event.changes = Some(PullRequestChanges { draft: Some(true), ..PullRequestChanges::default() });
            PullRequestAction::Edited
        }
        "converted_to_draft" => {
            event.changes = Some(PullRequestChanges { draft: Some(false), ..PullRequestChanges::default() });
            PullRequestAction::Edited
        }
        action @ ("review_requested" | "review_request_removed") => {
            let reviewer = root.at("requested_reviewer");
            // A team was asked: there is nobody to name.
            if !reviewer.exists() {
                return Ok(Vec::new());
            }
            let reviewers =
                if action == "review_requested" { &mut event.added_reviewers } else { &mut event.removed_reviewers };
            reviewers.push(user(reviewer));
            PullRequestAction::ReviewersUpdated
        }
        _ => return Ok(Vec::new()),
    };
    let time = Some(event.pull_request.updated_at);
    Ok(vec![Told::pull_request(action, event, time)])
}

/// The pull request as it is, and who did something to it.
pub(in super::super) fn event(root: Part<'_>) -> Result<PullRequestEvent, String> {
    let (actor, pull) = (user(root.at("sender")), root.at("pull_request"));
    let (source, target) = (pull.at("head"), pull.at("base"));
    let mut pull_request = facts(pull)?;
    pull_request.source = end(source, elsewhere(source, target))?;
    pull_request.target = end(target, None)?;
    if matches!(pull_request.state, PullRequestState::Merged | PullRequestState::Declined) {
        let merged_by = pull.at("merged_by");
        pull_request.closed_by = Some(if merged_by.exists() { user(merged_by) } else { actor.clone() });
    }
    Ok(PullRequestEvent {
        actor,
        pull_request,
        changes: None,
        previous_commit: None,
        added_reviewers: Vec::new(),
        removed_reviewers: Vec::new(),
        review: None,
    })
}

/// What a pull request tells of itself, also in the form of an issue; its ends are placeholders.
pub(super) fn facts(pull: Part<'_>) -> Result<PullRequest, String> {
    let number = pull.required_number("number")?;
    let merged = pull.flag("merged") || pull.moment("merged_at").is_some() || pull.at("pull_request").flag("merged");
    let merged = merged || pull.at("pull_request").moment("merged_at").is_some();
    let state = match pull.text("state") {
        _ if merged => PullRequestState::Merged,
        Some("closed") => PullRequestState::Declined,
        _ => PullRequestState::Open,
    };
    let created_at = pull.moment("created_at").ok_or_else(|| pull.missing("created_at"))?;
    let merge_commit = pull.first(&["merge_commit_sha", "merged_commit_id"]).filter(|_| merged);
    let count = |name| pull.number(name).unwrap_or(0);
    let unknown = || End { name: format!("refs/pull/{number}/head"), commit: ZERO_ID.to_owned(), repository: None };
    let pending = |part| Participant { user: user(part), verdict: Verdict::Pending, at: None, commit: None };
    Ok(PullRequest {
        id: pull.number("id"),
        number,
        version: 0,
        title: pull.text("title").unwrap_or_default().to_owned(),
        body: pull.text("body").map(str::to_owned),
        state,
        draft: pull.flag("draft"),
        locked: pull.flag("locked"),
        author: user(pull.at("user")),
        source: unknown(),
        target: unknown(),
        created_at,
        updated_at: pull.moment("updated_at").unwrap_or(created_at),
        closed_at: pull.moment("closed_at").or_else(|| pull.moment("merged_at")),
        closed_by: None,
        reason: None,
        merge_commit: merge_commit.map(git::object_id),
        mergeable: pull.option("mergeable"),
        reviewers: pull.items("requested_reviewers").map(pending).collect(),
        participants: Vec::new(),
        assignees: pull.items("assignees").map(user).collect(),
        labels: pull.items("labels").filter_map(label).collect(),
        close_source_branch: false,
        counts: Counts {
            comments: count("comments"),
            review_comments: count("review_comments"),
            tasks: 0,
            commits: count("commits"),
            additions: count("additions"),
            deletions: count("deletions"),
            changed_files: count("changed_files"),
        },
    })
}

/// A label; `None` without a name.
fn label(part: Part<'_>) -> Option<Label> {
    Some(Label {
        id: part.number("id").unwrap_or(0),
        name: part.filled("name")?.to_owned(),
        color: part.filled("color").map_or("ededed", |color| color.trim_start_matches('#')).to_owned(),
        description: part.filled("description").map(str::to_owned),
    })
}

/// `head` or `base`.
fn end(side: Part<'_>, repository: Option<RepositoryName>) -> Result<End, String> {
    let (name, commit) = (git::branch(side.required("ref")?), git::object_id(side.required("sha")?));
    Ok(End { name, commit, repository })
}

/// The repository of `head`, if it is another than that of `base`. Of a deleted fork only the owner is known; forks
/// mostly keep the name.
fn elsewhere(head: Part<'_>, base: Part<'_>) -> Option<RepositoryName> {
    let full_name = |side: Part<'_>| side.at("repo").filled("full_name").map(str::to_owned);
    let (from, to) = (full_name(head), full_name(base)?);
    let from = match from {
        Some(from) => from,
        None => format!("{}/{}", user(head.at("user")).login?, to.rsplit('/').next()?),
    };
    if from == to { None } else { git::repository(&from) }
}

/// `changes`: what was there before. What is now is in the pull request itself.
fn changes(part: Part<'_>, now: &PullRequest) -> PullRequestChanges {
    let change = |name| {
        let change = part.at(name);
        change.exists().then(|| Change { from: change.text("from").map(str::to_owned), to: None })
    };
    let base = part.at("base");
    // Gitea knows the name of the target before, and no commit.
    let target = base.at("ref").filled("from").or_else(|| part.at("ref").filled("from"));
    let commit = base.at("sha").filled("from").map_or_else(|| now.target.commit.clone(), git::object_id);
    let target = target.map(|name| End { name: git::branch(name), commit, repository: None });
    PullRequestChanges { title: change("title"), body: change("body"), draft: None, target }
}
