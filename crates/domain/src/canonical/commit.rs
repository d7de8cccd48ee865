//! A git commit.

use serde::{Deserialize, Serialize};

use super::actor::Person;
use super::field;

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Object id, lowercase hex.
    #[serde(deserialize_with = "field::object_id")]
    pub id: String,
    /// Object id of its tree.
    #[serde(deserialize_with = "field::object_id")]
    pub tree_id: String,
    /// Object ids of its parents.
    #[serde(default, deserialize_with = "field::object_ids")]
    pub parents: Vec<String>,
    /// The whole message.
    pub message: String,
    /// Committer date, RFC 3339, with the committer's own offset.
    #[serde(deserialize_with = "field::date")]
    pub timestamp: String,
    /// Author date in the same form, when it differs.
    #[serde(default, deserialize_with = "field::optional_date", skip_serializing_if = "Option::is_none")]
    pub authored_at: Option<String>,
    /// Who wrote it.
    pub author: Person,
    /// Who committed it.
    pub committer: Person,
    /// Paths it added.
    #[serde(default)]
    pub added: Vec<String>,
    /// Paths it removed.
    #[serde(default)]
    pub removed: Vec<String>,
    /// Paths it modified.
    #[serde(default)]
    pub modified: Vec<String>,
    /// New to the repository with this push (as opposed to known from another branch).
    #[serde(default = "field::yes")]
    pub distinct: bool,
}
