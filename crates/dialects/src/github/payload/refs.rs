//! `create` and `delete`: a branch or tag came or went.

use domain::canonical::{Actor, RefKind, RefUpdate};
use serde::Serialize;

use super::Tale;

/// Either, if the ref did come or go.
pub(super) fn tell(moved: &RefUpdate, actor: &Actor, tale: &mut Tale<'_>) {
    let (name, ref_type) = (moved.short_name(), moved.kind);
    if moved.created() {
        tale.tell("create", None, actor, |stage| Created {
            name,
            ref_type,
            master_branch: &stage.row.default_branch,
            description: stage.row.description.as_deref(),
            pusher_type: "user",
        });
    } else if moved.deleted() {
        tale.tell("delete", None, actor, |_| Deleted { name, ref_type, pusher_type: "user" });
    }
}

#[derive(Serialize)]
struct Created<'a> {
    /// The short name.
    #[serde(rename = "ref")]
    name: &'a str,
    ref_type: RefKind,
    master_branch: &'a str,
    description: Option<&'a str>,
    pusher_type: &'static str,
}

#[derive(Serialize)]
struct Deleted<'a> {
    /// The short name.
    #[serde(rename = "ref")]
    name: &'a str,
    ref_type: RefKind,
    pusher_type: &'static str,
}
