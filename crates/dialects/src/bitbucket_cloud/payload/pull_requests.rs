//! `pullrequest:…`, but for its comments.

use domain::canonical::{PullRequestAction, PullRequestEvent, Verdict};
use serde::Serialize;

use super::shapes::{Account, Micros, PullRequestObject};
use super::{Stage, Tale};

/// One message; two when the source branch moved.
pub(super) fn tell(action: PullRequestAction, event: &PullRequestEvent, tale: &mut Tale<'_>) {
    let mut plain = |key| {
        tale.tell(key, &event.actor, |stage| Plain { pullrequest: PullRequestObject::of(&event.pull_request, stage) });
    };
    match action {
        PullRequestAction::Opened => plain("pullrequest:created"),
        // Cloud cannot open one again; its state tells.
        PullRequestAction::Reopened
        | PullRequestAction::Edited
        | PullRequestAction::TargetUpdated
        | PullRequestAction::ReviewersUpdated => plain("pullrequest:updated"),
        PullRequestAction::SourceUpdated => {
            plain("pullrequest:updated");
            plain("pullrequest:push");
        }
        PullRequestAction::Approved => approval("pullrequest:approved", event, tale),
        PullRequestAction::ChangesRequested => changes_request("pullrequest:changes_request_created", event, tale),
        PullRequestAction::Unapproved => match event.review.as_ref().map(|review| review.previous) {
            Some(Verdict::ChangesRequested) => changes_request("pullrequest:changes_request_removed", event, tale),
            Some(Verdict::Approved | Verdict::Pending) | None => approval("pullrequest:unapproved", event, tale),
        },
        PullRequestAction::Merged => closed("pullrequest:fulfilled", event, tale),
        // Cloud cannot delete one; to receivers it was declined.
        PullRequestAction::Declined | PullRequestAction::Deleted => closed("pullrequest:rejected", event, tale),
    }
}

fn closed(key: &'static str, event: &PullRequestEvent, tale: &mut Tale<'_>) {
    tale.tell(key, &event.actor, |stage| Plain {
        pullrequest: PullRequestObject::closed(&event.pull_request, &event.actor, stage),
    });
}

fn approval(key: &'static str, event: &PullRequestEvent, tale: &mut Tale<'_>) {
    tale.tell(key, &event.actor, |stage| Approved {
        pullrequest: PullRequestObject::of(&event.pull_request, stage),
        approval: Verdicted::of(event, stage),
    });
}

fn changes_request(key: &'static str, event: &PullRequestEvent, tale: &mut Tale<'_>) {
    tale.tell(key, &event.actor, |stage| ChangesRequested {
        pullrequest: PullRequestObject::of(&event.pull_request, stage),
        changes_request: Verdicted::of(event, stage),
    });
}

#[derive(Serialize)]
struct Plain<'a> {
    pullrequest: PullRequestObject<'a>,
}

#[derive(Serialize)]
struct Approved<'a> {
    pullrequest: PullRequestObject<'a>,
    approval: Verdicted<'a>,
}

#[derive(Serialize)]
struct ChangesRequested<'a> {
    pullrequest: PullRequestObject<'a>,
    changes_request: Verdicted<'a>,
}

/// Who gave or took back a verdict, and when.
#[derive(Serialize)]
struct Verdicted<'a> {
    date: Micros,
    user: Account<'a>,
}

impl<'a> Verdicted<'a> {
    fn of(event: &PullRequestEvent, stage: &Stage<'a>) -> Self {
        let at = event.review.as_ref().and_then(|review| review.submitted_at);
        Self { date: Micros(at.unwrap_or(stage.occurred_at)), user: stage.person(&event.actor) }
    }
}
