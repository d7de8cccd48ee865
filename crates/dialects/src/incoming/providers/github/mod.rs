//! GitHub: pushes, pull requests, and comments on pull requests.

mod comment;
mod pull_request;
mod push;

use domain::ci::{Environment, ReadyState};
use serde::Deserialize;

use crate::incoming::reading::{Given, Reading, Text, ignored, refused};
use crate::incoming::request::{FORM, JSON, Request, unsupported};

/// The header that names the event, as answers write it.
pub(crate) const EVENT: &str = "X-Github-Event";
/// What `triggered_by` calls it.
const NAME: &str = "github";

/// Reads a request.
pub(crate) fn read(request: &Request<'_>) -> Reading {
    let content_type = request.content_type()?;
    let event = request.event(EVENT)?;
    if content_type != JSON && content_type != FORM {
        return Err(unsupported(content_type));
    }
    match event {
        "ping" => Err(ignored("ping event received")),
        "push" => push::read(&request.json_or_payload(content_type)?),
        "pull_request" => pull_request::read(&request.json_or_payload(content_type)?),
        "issue_comment" => comment::read(&request.json_or_payload(content_type)?),
        other => Err(refused(format!("unsupported GitHub Webhook event: {other}"))),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct User {
    login: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Repository {
    private: Given<bool>,
    ssh_url: Text,
    clone_url: Text,
    owner: Given<User>,
}

impl Repository {
    /// Where to clone it: with a key if it is private.
    fn url(&self) -> String {
        if *self.private { self.ssh_url.text() } else { self.clone_url.text() }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Label {
    name: Text,
}

/// The names of labels.
fn names(labels: &[Label]) -> Vec<String> {
    labels.iter().map(|label| label.name.text()).collect()
}

/// What a build of a draft finds in its environment.
fn draft_environment(draft: bool) -> Vec<Environment> {
    let variable =
        || Environment { mapped_to: "GITHUB_PR_IS_DRAFT".to_owned(), value: "true".to_owned(), is_expand: false };
    if draft { vec![variable()] } else { Vec::new() }
}

/// Draft or not.
fn ready_state(draft: bool) -> ReadyState {
    if draft { ReadyState::Draft } else { ReadyState::ReadyForReview }
}
