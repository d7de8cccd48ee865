//! `organization.updated`: how an organization presents itself changed.

use serde::{Deserialize, Serialize};

use super::actor::{Actor, Change};
use super::read::Payload;

/// The account that the event's `source` names looks different now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationUpdated {
    /// Who did it.
    pub actor: Actor,
    /// What changed.
    pub changes: OrganizationChanges,
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

impl Payload for OrganizationUpdated {
    type Action = ();

    fn check(&self, (): ()) -> Result<(), String> {
        let nothing = self.changes == OrganizationChanges::default();
        if nothing { Err("changes: must not be empty".to_owned()) } else { Ok(()) }
    }
}
