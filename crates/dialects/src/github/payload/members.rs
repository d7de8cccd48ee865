//! `member`: collaborators of a repository.

use domain::account::Permission;
use domain::canonical::{MemberAction, MemberEvent};
use serde::Serialize;

use super::shapes::User;
use super::{From, Tale};

/// One message.
pub(super) fn tell(action: MemberAction, event: &MemberEvent, tale: &mut Tale<'_>) {
    let changes = match action {
        MemberAction::Added => event.permission.and_then(given).map(|to| Changes::Added { permission: To { to } }),
        MemberAction::Edited => {
            event.previous_permission.map(|old| Changes::Edited { old_permission: From { from: level(old) } })
        }
        MemberAction::Removed => None,
    };
    tale.tell("member", Some(action.as_str()), &event.actor, |stage| Member {
        member: stage.user(&event.member),
        changes,
    });
}

/// Who, and what about them.
#[derive(Serialize)]
struct Member<'a> {
    member: User<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Changes>,
}

/// What someone may do now, or could do before.
#[derive(Serialize)]
#[serde(untagged)]
enum Changes {
    Added { permission: To },
    Edited { old_permission: From<'static> },
}

#[derive(Serialize)]
struct To {
    to: &'static str,
}

/// GitHub tells of a new collaborator's permission only if it is more than reading.
fn given(permission: Permission) -> Option<&'static str> {
    (permission > Permission::Read).then(|| level(permission))
}

/// A permission as GitHub calls it.
fn level(permission: Permission) -> &'static str {
    match permission {
        Permission::Read => "read",
        Permission::Write => "write",
        Permission::Admin => "admin",
    }
}
