//! Anything: the build gets the request as it came, and makes of it what it likes.

use std::collections::BTreeMap;

use domain::ci::{BuildParams, Environment};

use crate::incoming::mask;
use crate::incoming::reading::{Candidate, Reading, refused};
use crate::incoming::request::Request;

/// Largest headers, in bytes of JSON.
const MAX_HEADERS: usize = 10 * 1024;
/// Largest body, in bytes.
const MAX_BODY: usize = 20 * 1024;
/// Longest commit message, in bytes.
const MAX_MESSAGE: usize = 1024;
/// What ends a message that was cut.
const CUT: &str = "...";
/// The branch that is said to have been pushed.
const BRANCH: &str = "master";

/// Reads a request.
pub(crate) fn read(request: &Request<'_>) -> Reading {
    let headers = headers(request);
    if headers.len() > MAX_HEADERS {
        return Err(refused(format!("Headers too large, larger than {MAX_HEADERS} bytes")));
    }
    if request.body.len() > MAX_BODY {
        return Err(refused(format!("Body too large, larger than {MAX_BODY} bytes")));
    }
    let body = String::from_utf8_lossy(request.body);
    let variable = |name: &str, value: &str| Environment {
        mapped_to: format!("BITRISE_WEBHOOK_PASSTHROUGH_{name}"),
        value: value.to_owned(),
        is_expand: false,
    };
    let params = BuildParams {
        branch: BRANCH.to_owned(),
        commit_message: shortened(&body),
        environments: vec![variable("HEADERS", &headers), variable("BODY", &body)],
        ..BuildParams::default()
    };
    Ok(vec![Candidate::by_nobody(params)])
}

/// All headers as a JSON object of lists. Builds are shown to everybody who works on an app, so credentials are not in
/// it (S-8); the host's name is no header to a build.
fn headers(request: &Request<'_>) -> String {
    let mut map: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in request.headers.iter().filter(|(name, _)| *name != "host") {
        map.entry(canonical(name.as_str())).or_default().push(mask::shown(name.as_str(), value));
    }
    serde_json::to_string(&map).unwrap_or_default()
}

/// A header's name in capitals, as it is written by hand: `X-Forwarded-For`.
fn canonical(name: &str) -> String {
    let mut fresh = true;
    let mut text = String::with_capacity(name.len());
    for letter in name.chars() {
        text.push(if fresh { letter.to_ascii_uppercase() } else { letter.to_ascii_lowercase() });
        fresh = letter == '-';
    }
    text
}

/// The beginning of a text that is too long for a message.
fn shortened(text: &str) -> String {
    if text.len() <= MAX_MESSAGE {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(MAX_MESSAGE - CUT.len()).collect();
    short.push_str(CUT);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_body_makes_a_message_of_its_beginning() {
        assert_eq!(shortened(&"x".repeat(1024)), "x".repeat(1024));
        assert_eq!(shortened(&"x".repeat(1025)), format!("{}...", "x".repeat(1021)));
    }
}
