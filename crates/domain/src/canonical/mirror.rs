//! `mirror.synchronized`: a mirror caught up with its upstream.

use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::push::{RefUpdate, check_refs};
use super::read::Payload;

/// The server that mirrors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mirror {
    /// The publisher's id of it.
    pub id: String,
    /// Its name for people.
    pub name: String,
}

/// How much was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MirrorSync {
    /// All refs.
    Snapshot,
    /// Those that had moved.
    Incremental,
}

/// A mirror of the repository is up to date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MirrorSynchronized {
    /// On whose behalf, if anyone's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor>,
    /// The mirror.
    pub mirror: Mirror,
    /// How much was copied.
    pub sync: MirrorSync,
    /// More refs moved than are listed; then none are.
    #[serde(default)]
    pub ref_limit_exceeded: bool,
    /// The refs that moved.
    #[serde(default)]
    pub refs: Vec<RefUpdate>,
}

impl Payload for MirrorSynchronized {
    type Action = ();

    fn check(&self, (): ()) -> Result<(), String> {
        check_refs(&self.refs)
    }
}
