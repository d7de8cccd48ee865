//! `issue:created` and `issue:updated`.

use domain::canonical::{Change, Issue, IssueAction, IssueChanges, IssueEvent};
use serde::Serialize;

use super::shapes::{Account, CommentObject, IssueObject, Subject};
use super::{Stage, Tale, Turn};

/// One message.
pub(super) fn tell(action: IssueAction, event: &IssueEvent, tale: &mut Tale<'_>) {
    match action {
        IssueAction::Opened => {
            tale.tell("issue:created", &event.actor, |stage| Created {
                issue: IssueObject::created(&event.issue, stage),
            });
        }
        IssueAction::Updated => tale.tell("issue:updated", &event.actor, |stage| {
            let subject = Subject::Issue(event.issue.number);
            let comment = event.comment.as_ref();
            Updated {
                issue: IssueObject::of(&event.issue, stage),
                comment: comment.map(|comment| CommentObject::of(comment, subject, &event.actor, stage)),
                changes: event
                    .changes
                    .as_ref()
                    .map(|changes| Changes::of(changes, &event.issue, stage))
                    .unwrap_or_default(),
            }
        }),
    }
}

#[derive(Serialize)]
struct Created<'a> {
    issue: IssueObject<'a>,
}

#[derive(Serialize)]
struct Updated<'a> {
    issue: IssueObject<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<CommentObject<'a>>,
    changes: Changes<'a>,
}

/// A text before and after.
type Text<'a> = Option<Turn<Option<&'a str>>>;

/// What changed, and nothing else.
#[derive(Default, Serialize)]
struct Changes<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<Turn<Option<Account<'a>>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    priority: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    component: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    milestone: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Text<'a>,
}

impl<'a> Changes<'a> {
    fn of(changes: &'a IssueChanges, issue: &'a Issue, stage: &Stage<'a>) -> Self {
        let person = |login: &Option<String>| {
            login.as_deref().map(|login| Account::of(&stage.account_named(login), stage.links()))
        };
        // The finer word wins over open and closed.
        let status = changes.status.as_ref().or(changes.state.as_ref());
        let now = IssueObject::of(issue, stage).state();
        Self {
            title: told(changes.title.as_ref(), Some(&issue.title)),
            content: told(changes.body.as_ref(), issue.body.as_deref()),
            status: status.map(|change| Turn { old: change.from.as_deref(), new: Some(now) }),
            assignee: changes.assignee.as_ref().map(|Change { from, to }| Turn { old: person(from), new: person(to) }),
            kind: text(changes.kind.as_ref()),
            priority: text(changes.priority.as_ref()),
            component: text(changes.component.as_ref()),
            milestone: text(changes.milestone.as_ref()),
            version: text(changes.version.as_ref()),
        }
    }
}

/// The issue tells what is new where the change does not.
fn told<'a>(change: Option<&'a Change>, now: Option<&'a str>) -> Text<'a> {
    change.map(|change| Turn { old: change.from.as_deref(), new: change.to.as_deref().or(now) })
}

fn text(change: Option<&Change>) -> Text<'_> {
    change.map(|change| Turn { old: change.from.as_deref(), new: change.to.as_deref() })
}
