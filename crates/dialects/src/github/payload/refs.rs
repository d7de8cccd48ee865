//! `create` and `delete`: a branch or tag came or went.

use domain::canonical::{Actor, RefKind, RefUpdate};
use serde::Serialize;

use super::shapes::{Organization, Repository, User};
use super::{Stage, Told, json};

/// Either, if the ref did come or go.
pub(super) fn tell(moved: &RefUpdate, actor: &Actor, stage: &Stage<'_>, told: &mut Told<'_>) {
    if moved.created() {
        let details =
            Created { master_branch: &stage.row.default_branch, description: stage.row.description.as_deref() };
        told.add("create", || json(&payload(moved, Some(details), actor, stage)));
    } else if moved.deleted() {
        told.add("delete", || json(&payload(moved, None, actor, stage)));
    }
}

/// What only `create` has.
#[derive(Serialize)]
struct Created<'a> {
    master_branch: &'a str,
    description: Option<&'a str>,
}

#[derive(Serialize)]
struct Payload<'a> {
    /// The short name.
    #[serde(rename = "ref")]
    name: &'a str,
    ref_type: RefKind,
    #[serde(flatten)]
    created: Option<Created<'a>>,
    pusher_type: &'static str,
    repository: Repository<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<Organization<'a>>,
    sender: User<'a>,
}

fn payload<'a>(moved: &'a RefUpdate, created: Option<Created<'a>>, actor: &Actor, stage: &Stage<'a>) -> Payload<'a> {
    Payload {
        name: moved.short_name(),
        ref_type: moved.kind,
        created,
        pusher_type: "user",
        repository: stage.repository(),
        organization: stage.organization(),
        sender: stage.user(actor),
    }
}
