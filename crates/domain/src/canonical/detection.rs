//! `secret.detected`: something pushed looks like a password or a key.

use serde::{Deserialize, Serialize};

use super::actor::Actor;
use super::field;
use super::read::Payload;

/// A scan found secrets in the repository. What they are is never part of the event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretsDetected {
    /// Who pushed them.
    pub actor: Actor,
    /// Where they are; at least one.
    pub locations: Vec<SecretLocation>,
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretLocation {
    /// The commit that brought it.
    #[serde(deserialize_with = "field::object_id")]
    pub commit: String,
    /// The file.
    pub path: String,
    /// The line, from 1; none for the whole file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Name of the rule that found it.
    pub rule: String,
}

impl Payload for SecretsDetected {
    type Action = ();

    fn check(&self, (): ()) -> Result<(), String> {
        if self.locations.is_empty() { Err("locations: must not be empty".to_owned()) } else { Ok(()) }
    }
}
