//! `repository.…`: a repository came, went or changed.

use serde::{Deserialize, Serialize};

use super::action::RepositoryAction;
use super::actor::{Actor, Change, RepositoryName};
use super::read::Payload;

/// Something happened to the repository that the event's `source` names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryEvent {
    /// Who did it.
    pub actor: Actor,
    /// `renamed`: the old name. `transferred`: the old owner's login.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// `updated`: what changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<RepositoryChanges>,
    /// `forked`: the new repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork: Option<RepositoryName>,
}

/// What changed about a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RepositoryChanges {
    /// The line about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<Change>,
    /// The web page about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<Change>,
    /// The short name of its default branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_branch: Option<Change>,
    /// The programming language it is counted under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Change>,
}

impl Payload for RepositoryEvent {
    type Action = RepositoryAction;

    fn check(&self, action: RepositoryAction) -> Result<(), String> {
        use RepositoryAction::{Forked, Renamed, Transferred, Updated};
        match action {
            Renamed | Transferred if self.from.as_deref().is_none_or(str::is_empty) => Err("from: missing".to_owned()),
            Forked if self.fork.is_none() => Err("fork: missing".to_owned()),
            Updated if self.changes.is_none() => Err("changes: missing".to_owned()),
            _ => Ok(()),
        }
    }
}
