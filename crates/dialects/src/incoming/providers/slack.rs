//! Slack: a message that begins with a trigger word, or a slash command, followed by `key:value|key:value`.

use domain::ci::{BuildParams, Environment};

use crate::incoming::reading::{Candidate, NotBuilt, Reading, refused};
use crate::incoming::request::{FORM, Request, unsupported};

/// What a message asks for.
#[derive(Debug, Default)]
struct Asked {
    pairs: Vec<(String, String)>,
    environments: Vec<Environment>,
}

impl Asked {
    /// The value of the first of two keys that has one; of a key written twice the last counts.
    fn first(&self, keys: [&str; 2]) -> String {
        let value =
            |key: &str| self.pairs.iter().rev().find(|(known, _)| known == key).map(|(_, value)| value.as_str());
        keys.into_iter().filter_map(value).find(|value| !value.is_empty()).unwrap_or_default().to_owned()
    }
}

/// Reads a request.
pub(crate) fn read(request: &Request<'_>) -> Reading {
    let content_type = request.content_type()?;
    if content_type != FORM {
        return Err(unsupported(content_type));
    }
    let asked = pairs(&text(request)?);
    let (branch, workflow_id) = (asked.first(["branch", "b"]), asked.first(["workflow", "w"]));
    if branch.is_empty() && workflow_id.is_empty() {
        return Err(refused("Missing 'branch' and 'workflow' parameters - at least one of these is required"));
    }
    let params = BuildParams {
        commit_message: asked.first(["message", "m"]),
        commit_hash: asked.first(["commit", "c"]),
        tag: asked.first(["tag", "t"]),
        branch,
        workflow_id,
        environments: asked.environments,
        ..BuildParams::default()
    };
    Ok(vec![Candidate::by_nobody(params)])
}

/// What follows the trigger word or the command.
fn text(request: &Request<'_>) -> Result<String, NotBuilt> {
    let problem = |text: &str| refused(format!("Failed to parse the request/message: {text}"));
    let field = |name: &str| request.field(name).filter(|value| !value.is_empty());
    let text = field("text");
    if let Some(word) = field("trigger_word") {
        let text =
            text.ok_or_else(|| problem("'trigger_word' parameter found, but 'text' parameter is missing or empty"))?;
        return Ok(text.strip_prefix(&word).unwrap_or(&text).to_owned());
    }
    if field("command").is_none() {
        return Err(problem("Missing required parameter: either 'command' or 'trigger_word' should be specified"));
    }
    text.ok_or_else(|| problem("'command' parameter found, but 'text' parameter is missing or empty"))
}

/// Takes a message apart. What is no pair says nothing.
fn pairs(text: &str) -> Asked {
    let mut asked = Asked::default();
    for (key, value) in text.split('|').filter_map(|item| item.split_once(':')) {
        let (key, value) = (key.trim(), value.trim().to_owned());
        let parts: Vec<&str> = key.split(['[', ']']).filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            [_] => asked.pairs.push((key.to_owned(), value)),
            [prefix, name] if prefix.trim().eq_ignore_ascii_case("env") => {
                let mapped_to = name.trim().to_owned();
                asked.environments.push(Environment { mapped_to, value, is_expand: false });
            }
            _ => {}
        }
    }
    asked
}
