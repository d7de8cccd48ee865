//! Bitbucket Data Center (and Server), up to and since 10.3, where dates became text.

mod pull;
mod push;

use domain::canonical::Actor;

use super::part::Part;
use super::{Told, git};

/// What a delivery tells.
pub(super) fn read(event: &str, root: Part<'_>) -> Result<Vec<Told>, String> {
    match event {
        "repo:refs_changed" => push::read(root),
        _ => pull::read(event, root),
    }
}

/// A user object.
fn user(part: Part<'_>) -> Actor {
    Actor {
        login: part.first(&["name", "slug"]).map(str::to_owned),
        name: part.filled("displayName").map(str::to_owned),
        email: git::email(part, "emailAddress"),
    }
}
