//! `organization`: an organization itself and who belongs to it.

use domain::account::AccountKind;
use domain::canonical::{OrganizationAction, OrganizationEvent};
use domain::dialect::{Draft, Scene};
use serde::Serialize;

use super::shapes::{Membership, Organization, User};
use super::{From, stage};
use crate::github::links::Links;

/// The event's name.
const KIND: &str = "organization";

/// One message, if it is wanted; none for what GitHub has no word for.
pub(super) fn tell(
    action: OrganizationAction,
    event: &OrganizationEvent,
    scene: &Scene<'_>,
    links: &Links,
    wanted: &dyn Fn(&str) -> bool,
) -> Vec<Draft> {
    if scene.account.kind != AccountKind::Organization || !wanted(KIND) {
        return Vec::new();
    }
    let (changes, membership) = match action {
        // How it presents itself is no news.
        OrganizationAction::Updated => return Vec::new(),
        OrganizationAction::Renamed => {
            let from = event.from.as_deref().unwrap_or_default();
            (Some(Changes { login: From { from } }), None)
        }
        OrganizationAction::MemberAdded | OrganizationAction::MemberRemoved => {
            let Some(member) = &event.member else { return Vec::new() };
            let user = stage::user(member, scene.directory, links);
            (None, Some(Membership::of(user, event.role, scene.account, links)))
        }
        OrganizationAction::Deleted => (None, None),
    };
    let payload = Payload {
        action: action.as_str(),
        changes,
        membership,
        organization: Organization::of(scene.account, links),
        sender: stage::user(&event.actor, scene.directory, links),
    };
    vec![Draft { kind: KIND.into(), action: Some(action.as_str().into()), body: super::json(&payload) }]
}

#[derive(Serialize)]
struct Payload<'a> {
    action: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    changes: Option<Changes<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    membership: Option<Membership<'a>>,
    organization: Organization<'a>,
    sender: User<'a>,
}

#[derive(Serialize)]
struct Changes<'a> {
    login: From<'a>,
}
