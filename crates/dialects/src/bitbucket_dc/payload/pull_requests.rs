//! `pr:…`, comments excepted.

use domain::canonical::{Change, PullRequestAction, PullRequestChanges, PullRequestEvent, Verdict};
use serde::Serialize;

use super::shapes::{Participant, PreviousTarget, PullRequestObject, Status, User};
use super::{Stage, Tale};

/// The messages of one event. A merge moves a branch, too, but that push is an event of its own.
pub(super) fn tell(action: PullRequestAction, event: &PullRequestEvent, tale: &mut Tale<'_>) {
    match action {
        PullRequestAction::Opened => plain("pr:opened", event, tale),
        PullRequestAction::Merged => plain("pr:merged", event, tale),
        PullRequestAction::Declined => plain("pr:declined", event, tale),
        PullRequestAction::Deleted => plain("pr:deleted", event, tale),
        // Data Center has no word for it.
        PullRequestAction::Reopened => {}
        PullRequestAction::Edited => tell_of_edit(event, tale),
        PullRequestAction::TargetUpdated => {
            tell_of_edit(event, tale);
            // Documented, although the product does not know it; told to hooks that ask for it.
            tale.tell("pr:to_ref_updated", Some(&event.actor), |stage| TargetUpdated {
                pull_request: PullRequestObject::of(&event.pull_request, stage),
                previous_to_hash: &previous_target(event).commit,
                previous_target: PreviousTarget::of(previous_target(event)),
            });
        }
        PullRequestAction::SourceUpdated => {
            tale.tell("pr:from_ref_updated", Some(&event.actor), |stage| SourceUpdated {
                pull_request: PullRequestObject::of(&event.pull_request, stage),
                previous_from_hash: event.previous_commit.as_deref().unwrap_or_default(),
            });
        }
        PullRequestAction::ReviewersUpdated => {
            tale.tell("pr:reviewer:updated", Some(&event.actor), |stage| ReviewersUpdated {
                pull_request: PullRequestObject::of(&event.pull_request, stage),
                added_reviewers: stage.users(&event.added_reviewers),
                removed_reviewers: stage.users(&event.removed_reviewers),
            });
        }
        PullRequestAction::Approved => judged("pr:reviewer:approved", Status::Approved, event, tale),
        PullRequestAction::Unapproved => judged("pr:reviewer:unapproved", Status::Unapproved, event, tale),
        PullRequestAction::ChangesRequested => {
            judged("pr:reviewer:needs_work", Status::NeedsWork, event, tale);
            // The same under the name that the documentation gives it.
            judged("pr:reviewer:changes_requested", Status::NeedsWork, event, tale);
        }
    }
}

fn plain(key: &'static str, event: &PullRequestEvent, tale: &mut Tale<'_>) {
    tale.tell(key, Some(&event.actor), |stage| Plain {
        pull_request: PullRequestObject::of(&event.pull_request, stage),
    });
}

/// Data Center tells what everything was before, changed or not.
fn tell_of_edit(event: &PullRequestEvent, tale: &mut Tale<'_>) {
    let Some(changes) = event.changes.as_ref().filter(|changes| **changes != PullRequestChanges::default()) else {
        return;
    };
    let pull = &event.pull_request;
    tale.tell("pr:modified", Some(&event.actor), |stage| Modified {
        pull_request: PullRequestObject::of(pull, stage),
        previous_title: before(changes.title.as_ref(), Some(&pull.title)),
        previous_description: before(changes.body.as_ref(), pull.body.as_deref()),
        previous_target: PreviousTarget::of(previous_target(event)),
        previous_draft: changes.draft.unwrap_or(pull.draft),
    });
}

/// A text before; the present one if it did not change.
fn before<'a>(change: Option<&'a Change>, now: Option<&'a str>) -> &'a str {
    change.map_or(now, |change| change.from.as_deref()).unwrap_or_default()
}

/// The target before; the present one if it did not change.
fn previous_target(event: &PullRequestEvent) -> &domain::canonical::End {
    let before = event.changes.as_ref().and_then(|changes| changes.target.as_ref());
    before.unwrap_or(&event.pull_request.target)
}

fn judged(key: &'static str, status: Status, event: &PullRequestEvent, tale: &mut Tale<'_>) {
    tale.tell(key, Some(&event.actor), |stage| Judged::of(status, event, stage));
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Plain<'a> {
    pull_request: PullRequestObject<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SourceUpdated<'a> {
    pull_request: PullRequestObject<'a>,
    previous_from_hash: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TargetUpdated<'a> {
    pull_request: PullRequestObject<'a>,
    previous_to_hash: &'a str,
    previous_target: PreviousTarget<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReviewersUpdated<'a> {
    pull_request: PullRequestObject<'a>,
    added_reviewers: Vec<User<'a>>,
    removed_reviewers: Vec<User<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Modified<'a> {
    pull_request: PullRequestObject<'a>,
    previous_title: &'a str,
    previous_description: &'a str,
    previous_target: PreviousTarget<'a>,
    previous_draft: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Judged<'a> {
    pull_request: PullRequestObject<'a>,
    participant: Participant<'a>,
    previous_status: Status,
}

impl<'a> Judged<'a> {
    fn of(status: Status, event: &'a PullRequestEvent, stage: &Stage<'a>) -> Self {
        let review = event.review.as_ref();
        let commit = review.and_then(|review| review.commit.as_deref()).unwrap_or(&event.pull_request.source.commit);
        let previous = match review.map_or(Verdict::Pending, |review| review.previous) {
            // Nothing can be taken back from nothing: the publisher did not say, and approvals are what most take back.
            Verdict::Pending if status == Status::Unapproved => Status::Approved,
            previous => Status::of(previous),
        };
        Self {
            pull_request: PullRequestObject::of(&event.pull_request, stage),
            participant: Participant::judging(&event.actor, status, commit, stage),
            previous_status: previous,
        }
    }
}
