//! `organization.…`: an organization changed, or its members did.

use serde::{Deserialize, Serialize};

use super::action::OrganizationAction;
use super::actor::{Actor, Change};
use super::read::Payload;
use crate::account::OrgRole;

/// Something happened to the organization that the event's `source` names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationEvent {
    /// Who did it.
    pub actor: Actor,
    /// `updated`: what changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<OrganizationChanges>,
    /// `renamed`: the old login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// `member_added`, `member_removed`: who joined or left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<Actor>,
    /// `member_added`, `member_removed`: what they are, or were; a member unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<OrgRole>,
}

/// What changed about an organization.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationChanges {
    /// The display name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Change>,
    /// The profile text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Change>,
    /// The short key, where owners of repositories have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<Change>,
}

impl Payload for OrganizationEvent {
    type Action = OrganizationAction;

    fn check(&self, action: OrganizationAction) -> Result<(), String> {
        use OrganizationAction::{Deleted, MemberAdded, MemberRemoved, Renamed, Updated};
        let missing = match action {
            Updated => match &self.changes {
                None => "changes: missing",
                Some(changes) if *changes == OrganizationChanges::default() => "changes: must not be empty",
                Some(_) => return Ok(()),
            },
            Renamed if self.from.as_deref().is_none_or(str::is_empty) => "from: missing",
            MemberAdded | MemberRemoved if self.member.is_none() => "member: missing",
            Renamed | MemberAdded | MemberRemoved | Deleted => return Ok(()),
        };
        Err(missing.to_owned())
    }
}
