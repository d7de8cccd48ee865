//! The repository object as the API shows it: the shared shape and what only the API adds.

use domain::account::{AccountKind, Permission};
use domain::directory::Located;
use serde_json::{Value, json};

use super::call::Call;
use super::json::{Object, joined, object};
use crate::github::links::Links;
use crate::github::payload::shapes::{Repository, User};

/// An item of a list.
pub(super) fn item(links: &Links, at: &Located, level: Permission) -> Object {
    let extra = json!({ "has_discussions": false, "allow_forking": true, "permissions": permissions(level) });
    joined(Repository::of(&at.repository, &at.owner, links), extra)
}

/// A repository on its own.
pub(super) fn full(call: &Call, at: &Located, level: Permission) -> Object {
    let mut whole = item(&call.links, at, level);
    whole.extend(object(json!({
        "allow_squash_merge": true,
        "allow_merge_commit": true,
        "allow_rebase_merge": true,
        "allow_auto_merge": false,
        "delete_branch_on_merge": false,
        "network_count": 0,
        "subscribers_count": 0,
    })));
    if at.owner.kind == AccountKind::Organization {
        whole.insert("organization".to_owned(), Value::Object(object(User::of(&at.owner, &call.links))));
    }
    let origin = at.repository.fork_of.and_then(|id| call.app.ports.directory().locate_by_id(id));
    if let Some(origin) = origin.filter(|origin| call.permission(origin).is_some()) {
        let parent = Value::Object(object(Repository::of(&origin.repository, &origin.owner, &call.links)));
        whole.insert("parent".to_owned(), parent.clone());
        whole.insert("source".to_owned(), parent);
    }
    whole
}

/// What the caller may do; GitHub's five levels from our three.
fn permissions(level: Permission) -> Value {
    let (write, admin) = (level >= Permission::Write, level >= Permission::Admin);
    json!({ "admin": admin, "maintain": admin, "push": write, "triage": write, "pull": true })
}
