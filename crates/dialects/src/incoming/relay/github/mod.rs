//! GitHub, whose words Gitea has taken over for pull requests.
//!
//! `create` and `delete` come beside a `push` of the same ref, which says more: they are not relayed.

mod comment;
pub(super) mod pull;
mod push;
mod review;

use domain::canonical::Actor;

use super::Told;
use super::git;
use super::part::Part;

pub(super) use comment::issue_comment;

/// What a delivery tells.
pub(super) fn read(event: &str, root: Part<'_>) -> Result<Vec<Told>, String> {
    match event {
        "push" => push::read(root),
        "pull_request" => pull::read(root),
        "pull_request_review" => review::read(root),
        "pull_request_review_comment" => comment::review_comment(root),
        "issue_comment" => issue_comment(root),
        _ => Ok(Vec::new()),
    }
}

/// A user object. Gitea tells the display name as well.
pub(super) fn user(part: Part<'_>) -> Actor {
    Actor {
        login: part.first(&["login", "username"]).map(str::to_owned),
        name: part.first(&["full_name", "name"]).map(str::to_owned),
        email: git::email(part, "email"),
    }
}
