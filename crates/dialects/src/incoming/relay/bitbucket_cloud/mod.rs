//! Bitbucket Cloud. People have no logins there since 2019: their nicknames take the place.

mod comment;
mod pull;
mod push;

use domain::canonical::{Actor, CommentAction};

use super::Told;
use super::part::Part;

/// What a delivery tells.
pub(super) fn read(event: &str, root: Part<'_>) -> Result<Vec<Told>, String> {
    match event {
        "repo:push" => push::read(root),
        "pullrequest:comment_created" => comment::read(CommentAction::Created, root),
        "pullrequest:comment_updated" => comment::read(CommentAction::Edited, root),
        "pullrequest:comment_deleted" => comment::read(CommentAction::Deleted, root),
        _ => pull::read(event, root),
    }
}

/// An account object; the old user name if there still is one, as teams have.
fn account(part: Part<'_>) -> Actor {
    Actor {
        login: part.first(&["nickname", "username"]).map(str::to_owned),
        name: part.filled("display_name").map(str::to_owned),
        email: None,
    }
}
