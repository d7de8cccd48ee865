//! `commit_status.…`: what some check says about a commit.

use serde::{Deserialize, Serialize};

use super::action::StatusAction;
use super::actor::Actor;
use super::commit::Commit;
use super::field;
use super::read::Payload;
use crate::time::Timestamp;

/// How a check went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StatusState {
    /// Not finished.
    Pending,
    /// Fine.
    Success,
    /// Not fine.
    Failure,
    /// It could not be told.
    Error,
    /// Stopped before its end.
    Cancelled,
}

/// A status of a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The publisher's id of it.
    pub id: u64,
    /// What tells it from other statuses of the commit: `ci/build`.
    pub key: String,
    /// A title for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How it went.
    pub state: StatusState,
    /// One line about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where to read more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The commit.
    #[serde(deserialize_with = "field::object_id")]
    pub commit: String,
    /// The commit in full, where the publisher knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Commit>,
    /// Full name of the ref the check ran for.
    #[serde(rename = "ref", default, deserialize_with = "field::optional_full_ref")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ref_name: Option<String>,
    /// Branches that contain the commit.
    #[serde(default)]
    pub branches: Vec<BranchTip>,
    /// When the first status under this key was set.
    #[serde(with = "field::moment")]
    pub created_at: Timestamp,
    /// When this one was set.
    #[serde(default, with = "field::optional_moment", skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
}

/// A branch and where it points.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BranchTip {
    /// Short name.
    pub name: String,
    /// Its tip.
    #[serde(deserialize_with = "field::object_id")]
    pub commit: String,
}

/// A status was set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommitStatusEvent {
    /// Who set it.
    pub actor: Actor,
    /// The status.
    pub status: Status,
}

impl Payload for CommitStatusEvent {
    type Action = StatusAction;

    fn check(&self, _: StatusAction) -> Result<(), String> {
        Ok(())
    }
}
