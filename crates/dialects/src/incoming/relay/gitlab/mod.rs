//! GitLab. Subgroups become one level: the last.

mod merge_request;
mod note;
mod push;

use domain::canonical::Actor;

use super::part::Part;
use super::{Told, git};

/// What a delivery tells.
pub(super) fn read(event: &str, root: Part<'_>) -> Result<Vec<Told>, String> {
    match event {
        "Push Hook" | "Tag Push Hook" => push::read(root),
        "Merge Request Hook" => merge_request::read(root),
        "Note Hook" => note::read(root),
        _ => Ok(Vec::new()),
    }
}

/// A user object.
fn user(part: Part<'_>) -> Actor {
    Actor {
        login: part.filled("username").map(str::to_owned),
        name: part.filled("name").map(str::to_owned),
        email: git::email(part, "email"),
    }
}
