//! Pushes of branches and tags. The clone URL is not told: the builds' own settings name it.

use domain::ci::{BuildParams, Environment};
use serde::Deserialize;

use super::NAME;
use crate::incoming::reading::{Candidate, Commit, Given, Reading, Ref, Text, ignored, refused};

/// The variable with all messages.
const MESSAGES: &str = "BITRISE_WEBHOOK_COMMIT_MESSAGES";
/// Most messages in it: GitLab sends no more.
const MAX_MESSAGES: usize = 20;
/// Largest value of the variable, in bytes.
const MAX_MESSAGES_BYTES: usize = 256 * 1024;
/// What ends a message that was cut.
const CUT: &str = "...";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Push {
    object_kind: Text,
    #[serde(rename = "ref")]
    name: Text,
    checkout_sha: Text,
    user_username: Text,
    commits: Given<Vec<Commit>>,
}

/// A push of a branch.
pub(super) fn branch(push: &Push) -> Reading {
    let Ref::Branch(branch) = Ref::of(&push.name) else {
        return Err(ignored(format!("Ref ({}) is not a head ref", *push.name)));
    };
    if push.checkout_sha.is_empty() {
        return Err(ignored("The 'checkout_sha' field is not set - potential squashed merge request"));
    }
    if push.commits.is_empty() {
        return Err(ignored("Empty 'commits' array - probably created a branch with no commits yet"));
    }
    let last = push.commits.iter().find(|commit| *commit.id == *push.checkout_sha).ok_or_else(|| {
        refused("The commit specified by 'checkout_sha' was not included in the 'commits' array - no match found")
    })?;
    let messages: Vec<String> = push.commits.iter().map(|commit| commit.message.text()).collect();
    let paths = push.commits.iter().map(Commit::paths);
    let params = BuildParams {
        branch: branch.to_owned(),
        commit_hash: last.id.text(),
        commit_message: last.message.text(),
        commit_paths: Some(paths.collect()),
        environments: vec![Environment {
            mapped_to: MESSAGES.to_owned(),
            value: list(&messages, MAX_MESSAGES_BYTES),
            is_expand: false,
        }],
        commit_messages: messages,
        ..BuildParams::default()
    };
    Ok(vec![Candidate::by(NAME, &push.user_username, params)])
}

/// A push of a tag.
pub(super) fn tag(push: &Push) -> Reading {
    if *push.object_kind != "tag_push" {
        return Err(refused(format!("Not a Tag Push object: {}", *push.object_kind)));
    }
    let Ref::Tag(tag) = Ref::of(&push.name) else {
        return Err(refused(format!("Ref ({}) is not a tags ref", *push.name)));
    };
    if push.checkout_sha.is_empty() {
        return Err(ignored("This is a Tag Deleted event, no build is required"));
    }
    let params = BuildParams { tag: tag.to_owned(), commit_hash: push.checkout_sha.text(), ..BuildParams::default() };
    Ok(vec![Candidate::by(NAME, &push.user_username, params)])
}

/// A line `- message` for each, together at most `most` bytes: each gets the same share, and is cut if it needs more.
fn list(messages: &[String], most: usize) -> String {
    let messages = &messages[..messages.len().min(MAX_MESSAGES)];
    let share = (most / messages.len().max(1)).saturating_sub("- \n".len());
    let mut text = String::new();
    for message in messages {
        text.push_str("- ");
        if message.len() > share {
            text.push_str(&message[..message.floor_char_boundary(share.saturating_sub(CUT.len()))]);
            text.push_str(CUT);
        } else {
            text.push_str(message);
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_share_the_room_and_long_ones_are_cut_between_characters() {
        let text = |parts: &[&str]| parts.iter().map(|part| (*part).to_owned()).collect::<Vec<_>>();
        assert_eq!(list(&text(&["one", "two"]), 100), "- one\n- two\n");
        assert_eq!(list(&text(&["abcdefghij", "k"]), 20), "- abcd...\n- k\n");
        assert_eq!(list(&text(&["ééééééé", "k"]), 20), "- éé...\n- k\n");
        let many = vec!["x".repeat(100_000); 25];
        let whole = list(&many, MAX_MESSAGES_BYTES);
        assert_eq!(whole.lines().count(), MAX_MESSAGES);
        assert!(whole.len() <= MAX_MESSAGES_BYTES && whole.lines().all(|line| line.ends_with("x...")));
    }
}
