//! `release.…`.

use serde::{Deserialize, Serialize};

use super::action::ReleaseAction;
use super::actor::{Actor, Change};
use super::field;
use super::read::Payload;
use crate::time::Timestamp;

/// A release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// The publisher's id of it.
    pub id: u64,
    /// Short name of its tag.
    pub tag: String,
    /// The branch or commit the tag is made from; the default branch unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// The title; the tag unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// Not published.
    #[serde(default)]
    pub draft: bool,
    /// Not for everyone yet.
    #[serde(default)]
    pub prerelease: bool,
    /// Who wrote it; the event's actor unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<Actor>,
    /// When it was written.
    #[serde(with = "field::moment")]
    pub created_at: Timestamp,
    /// When it was published.
    #[serde(default, with = "field::optional_moment", skip_serializing_if = "Option::is_none")]
    pub published_at: Option<Timestamp>,
    /// Files to download.
    #[serde(default)]
    pub assets: Vec<Asset>,
}

/// A file of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// The publisher's id of it.
    pub id: u64,
    /// File name.
    pub name: String,
    /// A title for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Media type.
    pub content_type: String,
    /// Size in bytes.
    pub size: u64,
    /// How often it was downloaded.
    #[serde(default)]
    pub downloads: u64,
    /// When it was uploaded.
    #[serde(with = "field::moment")]
    pub created_at: Timestamp,
}

/// What changed about a release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseChanges {
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Change>,
    /// The notes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Change>,
}

/// Something happened to a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReleaseEvent {
    /// Who did it.
    pub actor: Actor,
    /// The release, as it is now.
    pub release: Release,
    /// `updated`: what changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<ReleaseChanges>,
    /// `published`: it had been saved as a draft before, and `release.created` was published then.
    #[serde(default)]
    pub was_draft: bool,
}

impl Payload for ReleaseEvent {
    type Action = ReleaseAction;

    fn check(&self, action: ReleaseAction) -> Result<(), String> {
        let missing = action == ReleaseAction::Updated && self.changes.is_none();
        if missing { Err("changes: missing".to_owned()) } else { Ok(()) }
    }
}
