//! Assembla: pushes of branches.

use domain::ci::BuildParams;
use serde::Deserialize;

use crate::incoming::reading::{Candidate, Given, Reading, Text, refused};
use crate::incoming::request::{JSON, Request, unsupported};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Event {
    assembla: Given<Space>,
    message: Given<Message>,
    git: Given<Git>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Space {
    action: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message {
    body: Text,
    author: Text,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Git {
    branch: Text,
    commit_id: Text,
}

/// Reads a request.
pub(crate) fn read(request: &Request<'_>) -> Reading {
    let content_type = request.content_type()?;
    if content_type != JSON {
        return Err(unsupported(content_type));
    }
    let event: Event = request.json()?;
    let action = event.assembla.action.as_str();
    if !matches!(action, "pushed" | "committed") {
        return Err(refused(format!("Action was not 'pushed' or 'committed', was: {action}")));
    }
    for (value, what) in [
        (&event.message.body, "Message body"),
        (&event.message.author, "Message author"),
        (&event.git.branch, "Git branch"),
        (&event.git.commit_id, "Git commit id"),
    ] {
        if value.is_empty() {
            return Err(refused(format!("{what} can't be empty")));
        }
    }
    let params = BuildParams {
        commit_message: event.message.body.text(),
        branch: event.git.branch.text(),
        commit_hash: event.git.commit_id.text(),
        ..BuildParams::default()
    };
    Ok(vec![Candidate::by_nobody(params)])
}

/// What happened.
pub(crate) fn event(request: &Request<'_>) -> Option<String> {
    request.json::<Event>().ok().map(|event| event.assembla.action.text()).filter(|action| !action.is_empty())
}
