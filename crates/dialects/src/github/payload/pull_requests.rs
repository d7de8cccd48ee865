//! `pull_request` and `pull_request_review`.

use domain::canonical::{PullRequestAction, PullRequestChanges, PullRequestEvent};
use serde::Serialize;

use super::shapes::{PullRequestObject, ReviewObject, SimplePullRequest, User};
use super::{From, Stage, Tale};

const KIND: &str = "pull_request";

/// The messages of one event.
pub(super) fn tell(action: PullRequestAction, event: &PullRequestEvent, tale: &mut Tale<'_>) {
    match action {
        PullRequestAction::Opened => plain("opened", event, tale),
        PullRequestAction::Reopened => plain("reopened", event, tale),
        PullRequestAction::Edited | PullRequestAction::TargetUpdated => {
            if let Some(changes) = &event.changes {
                tell_changes(changes, event, tale);
            }
        }
        PullRequestAction::SourceUpdated => tale.tell(KIND, Some("synchronize"), &event.actor, |stage| Synchronized {
            before: event.previous_commit.as_deref().unwrap_or_default(),
            after: &event.pull_request.source.commit,
            plain: Plain::of(event, false, stage),
        }),
        PullRequestAction::ReviewersUpdated => {
            let changes =
                [("review_requested", &event.added_reviewers), ("review_request_removed", &event.removed_reviewers)];
            for (action, reviewers) in changes {
                for reviewer in reviewers {
                    tale.tell(KIND, Some(action), &event.actor, |stage| ReviewRequest {
                        plain: Plain::of(event, false, stage),
                        requested_reviewer: stage.user(reviewer),
                    });
                }
            }
        }
        PullRequestAction::Approved => review("submitted", "approved", event, tale),
        PullRequestAction::ChangesRequested => review("submitted", "changes_requested", event, tale),
        PullRequestAction::Unapproved => review("dismissed", "dismissed", event, tale),
        // GitHub cannot delete one; to receivers it closed without a merge.
        PullRequestAction::Merged | PullRequestAction::Declined | PullRequestAction::Deleted => {
            tale.tell(KIND, Some("closed"), &event.actor, |stage| Plain::of(event, true, stage));
        }
    }
}

fn plain(action: &'static str, event: &PullRequestEvent, tale: &mut Tale<'_>) {
    tale.tell(KIND, Some(action), &event.actor, |stage| Plain::of(event, false, stage));
}

/// GitHub tells of a draft's end and beginning, and of edits, apart.
fn tell_changes(changes: &PullRequestChanges, event: &PullRequestEvent, tale: &mut Tale<'_>) {
    match (changes.draft, event.pull_request.draft) {
        (Some(true), false) => plain("ready_for_review", event, tale),
        (Some(false), true) => plain("converted_to_draft", event, tale),
        _ => {}
    }
    let base = changes
        .target
        .as_ref()
        .map(|target| Base { name: From { from: target.short_name() }, sha: From { from: &target.commit } });
    let changes =
        Changes { title: changes.title.as_ref().map(From::of), body: changes.body.as_ref().map(From::of), base };
    if changes.title.is_some() || changes.body.is_some() || changes.base.is_some() {
        tale.tell(KIND, Some("edited"), &event.actor, |stage| Edited {
            changes,
            plain: Plain::of(event, false, stage),
        });
    }
}

fn review(action: &'static str, state: &'static str, event: &PullRequestEvent, tale: &mut Tale<'_>) {
    tale.tell("pull_request_review", Some(action), &event.actor, |stage| Reviewed {
        review: ReviewObject::of(event, state, stage),
        pull_request: SimplePullRequest::of(&event.pull_request, false, stage),
    });
}

/// What every `pull_request` event has.
#[derive(Serialize)]
struct Plain<'a> {
    number: u64,
    pull_request: PullRequestObject<'a>,
}

impl<'a> Plain<'a> {
    fn of(event: &'a PullRequestEvent, over: bool, stage: &Stage<'a>) -> Self {
        let number = event.pull_request.number;
        Self { number, pull_request: PullRequestObject::of(&event.pull_request, over, stage) }
    }
}

#[derive(Serialize)]
struct Synchronized<'a> {
    before: &'a str,
    after: &'a str,
    #[serde(flatten)]
    plain: Plain<'a>,
}

#[derive(Serialize)]
struct ReviewRequest<'a> {
    #[serde(flatten)]
    plain: Plain<'a>,
    requested_reviewer: User<'a>,
}

#[derive(Serialize)]
struct Edited<'a> {
    changes: Changes<'a>,
    #[serde(flatten)]
    plain: Plain<'a>,
}

#[derive(Serialize)]
struct Changes<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<From<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<From<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<Base<'a>>,
}

/// The target before.
#[derive(Serialize)]
struct Base<'a> {
    #[serde(rename = "ref")]
    name: From<'a>,
    sha: From<'a>,
}

#[derive(Serialize)]
struct Reviewed<'a> {
    review: ReviewObject<'a>,
    pull_request: SimplePullRequest<'a>,
}
