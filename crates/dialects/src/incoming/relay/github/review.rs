//! `pull_request_review`.

use domain::canonical::{Participant, PullRequestAction, Review, Verdict};

use super::super::part::Part;
use super::super::{Told, git};
use super::{pull, user};

/// A verdict, given or dismissed. A review that only comments has none: its comments come as events of their own.
pub(super) fn read(root: Part<'_>) -> Result<Vec<Told>, String> {
    let review = root.at("review");
    let state = review.text("state").unwrap_or_default().to_ascii_lowercase();
    let (action, verdict) = match (root.required("action")?, state.as_str()) {
        ("submitted", "approved") => (PullRequestAction::Approved, Verdict::Approved),
        ("submitted", "changes_requested") => (PullRequestAction::ChangesRequested, Verdict::ChangesRequested),
        // What it was before is not told.
        ("dismissed", _) => (PullRequestAction::Unapproved, Verdict::Pending),
        _ => return Ok(Vec::new()),
    };
    let mut event = pull::event(root)?;
    let (commit, at) = (review.filled("commit_id").map(git::object_id), review.moment("submitted_at"));
    let reviewer = review.at("user");
    if reviewer.exists() {
        // Of a dismissed one it is the reviewer's verdict that is gone, whoever dismissed it.
        event.actor = user(reviewer);
    }
    if verdict != Verdict::Pending {
        let reviewers = &mut event.pull_request.reviewers;
        reviewers.retain(|reviewer| reviewer.user.login != event.actor.login);
        reviewers.push(Participant { user: event.actor.clone(), verdict, at, commit: commit.clone() });
    }
    event.review = Some(Review {
        id: review.number("id"),
        body: review.text("body").map(str::to_owned),
        commit,
        submitted_at: at,
        previous: Verdict::Pending,
    });
    Ok(vec![Told::pull_request(action, event, at)])
}
