//! `build.…`: a CI build began or ended.

use serde::{Deserialize, Serialize};

use super::action::BuildAction;
use super::actor::Actor;
use super::commit::Commit;
use super::field;
use super::read::Payload;
use crate::time::Timestamp;

/// How a build stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BuildState {
    /// Accepted or running.
    Running,
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed,
    /// Stopped, and counted as failed.
    Aborted,
    /// Stopped, and counted as succeeded.
    AbortedAsSuccess,
}

/// A CI build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Build {
    /// The publisher's id of it.
    pub id: String,
    /// The number within its app or repository.
    pub number: u64,
    /// How it stands.
    pub state: BuildState,
    /// The workflow it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workflow: Option<String>,
    /// The pipeline it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
    /// Its page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The commit built; builds of a branch may not know it yet.
    #[serde(default, deserialize_with = "field::optional_object_id", skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The commit in full, where the publisher knows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Commit>,
    /// Short name of the branch built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// For a pull request: short name of the branch it goes to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_branch: Option<String>,
    /// Short name of the tag built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Number of the pull request built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pull_request: Option<u64>,
    /// Where the code is hosted: `github`, `bitbucket`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// When it was accepted.
    #[serde(with = "field::moment")]
    pub triggered_at: Timestamp,
    /// When it ended.
    #[serde(default, with = "field::optional_moment", skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
}

/// A build began or ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BuildEvent {
    /// Who triggered or stopped it.
    #[serde(default)]
    pub actor: Actor,
    /// The build.
    pub build: Build,
}

impl Payload for BuildEvent {
    type Action = BuildAction;

    fn check(&self, action: BuildAction) -> Result<(), String> {
        let running = self.build.state == BuildState::Running;
        match action {
            BuildAction::Triggered if !running => Err("build.state: must be running".to_owned()),
            BuildAction::Finished if running => Err("build.state: must not be running".to_owned()),
            BuildAction::Triggered | BuildAction::Finished => Ok(()),
        }
    }
}
