//! `issues`.

use domain::canonical::{Change, IssueAction, IssueChanges, IssueEvent, IssueState};
use serde::Serialize;

use super::shapes::{IssueObject, User};
use super::{From, Tale};

/// One message, or one for each kind of change: edited, closed or reopened, unassigned, assigned.
pub(super) fn tell(action: IssueAction, event: &IssueEvent, tale: &mut Tale<'_>) {
    match action {
        IssueAction::Opened => plain("opened", event, tale),
        IssueAction::Updated => {
            if let Some(changes) = &event.changes {
                tell_changes(changes, event, tale);
            }
        }
    }
}

fn plain(action: &'static str, event: &IssueEvent, tale: &mut Tale<'_>) {
    tale.tell("issues", Some(action), &event.actor, |stage| Plain { issue: IssueObject::of(&event.issue, stage) });
}

fn tell_changes(changes: &IssueChanges, event: &IssueEvent, tale: &mut Tale<'_>) {
    if changes.title.is_some() || changes.body.is_some() {
        let changes = Texts { title: changes.title.as_ref().map(From::of), body: changes.body.as_ref().map(From::of) };
        tale.tell("issues", Some("edited"), &event.actor, |stage| Edited {
            changes,
            issue: IssueObject::of(&event.issue, stage),
        });
    }
    if changes.state.is_some() {
        plain(if event.issue.state == IssueState::Closed { "closed" } else { "reopened" }, event, tale);
    }
    if let Some(Change { from, to }) = &changes.assignee {
        for (action, login) in [("unassigned", from), ("assigned", to)] {
            if let Some(login) = login {
                tale.tell("issues", Some(action), &event.actor, |stage| Assigned {
                    issue: IssueObject::of(&event.issue, stage),
                    assignee: stage.user_named(login),
                });
            }
        }
    }
}

#[derive(Serialize)]
struct Plain<'a> {
    issue: IssueObject<'a>,
}

#[derive(Serialize)]
struct Edited<'a> {
    changes: Texts<'a>,
    issue: IssueObject<'a>,
}

/// What an edit changed.
#[derive(Serialize)]
struct Texts<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<From<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<From<'a>>,
}

#[derive(Serialize)]
struct Assigned<'a> {
    issue: IssueObject<'a>,
    assignee: User<'a>,
}
