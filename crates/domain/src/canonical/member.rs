//! `member.…`: someone became a collaborator of a repository, or changed, or left.

use serde::{Deserialize, Serialize};

use super::action::MemberAction;
use super::actor::Actor;
use super::read::Payload;
use crate::account::Permission;

/// Something happened to a collaborator of the repository that the event's `source` names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberEvent {
    /// Who did it.
    pub actor: Actor,
    /// The collaborator.
    pub member: Actor,
    /// `added`, `edited`: what they may do now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<Permission>,
    /// `edited`: what they could do before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_permission: Option<Permission>,
}

impl Payload for MemberEvent {
    type Action = MemberAction;

    fn check(&self, action: MemberAction) -> Result<(), String> {
        match action {
            MemberAction::Edited if self.previous_permission.is_none() => {
                Err("previous_permission: missing".to_owned())
            }
            MemberAction::Added | MemberAction::Edited | MemberAction::Removed => Ok(()),
        }
    }
}
