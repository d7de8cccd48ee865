//! Which kind of event an item is for: what it says, or what its conditions show.

use domain::ci::TriggerKind;

use super::fields::set;
use crate::bitrise::trigger::yaml::Node;

const PUSH: &[&str] = &["push_branch"];
const COMMITS: &[&str] = &["commit_message", "changed_files"];
const BRANCHES: &[&str] = &["pull_request_source_branch", "pull_request_target_branch"];
const PULL_REQUEST: &[&str] = &["pull_request_label", "pull_request_comment", "draft_pull_request_enabled"];
const TAG: &[&str] = &["tag"];

/// The word for an item's kind, as far as it can be seen.
pub(super) fn word(node: &Node) -> Option<&str> {
    let shown = || {
        let any = |fields: &[&str]| fields.iter().any(|field| set(node, field).is_some());
        match () {
            () if any(PUSH) => Some("push"),
            () if any(BRANCHES) => Some("pull_request"),
            () if any(TAG) => Some("tag"),
            () => None,
        }
    };
    set(node, "type").map_or_else(shown, |word| word.name())
}

/// The kind of an item; it must have no condition that is for another one. A branch pushed to decides before anything
/// else does, so `type: pull_request` with `push_branch` is for pushes, as it is in the original.
pub(super) fn of(node: &Node) -> Result<TriggerKind, String> {
    let word = check_word(node)?;
    let has = |field: &str| set(node, field).is_some();
    let decides = |kind: &str, field: &str| if word == Some(kind) { format!("type: {kind}") } else { field.to_owned() };
    if word == Some("push") || has("push_branch") {
        no_others(node, &decides("push", "push_branch"), &[BRANCHES, PULL_REQUEST, TAG])?;
        return Ok(TriggerKind::Push);
    }
    let branches: Vec<_> = BRANCHES.iter().copied().filter(|field| has(field)).collect();
    if word == Some("pull_request") || !branches.is_empty() {
        no_others(node, &decides("pull_request", &branches.join(" and ")), &[TAG])?;
        return Ok(TriggerKind::PullRequest);
    }
    if word == Some("tag") || has("tag") {
        no_others(node, &decides("tag", "tag"), &[COMMITS, PULL_REQUEST])?;
        return Ok(TriggerKind::Tag);
    }
    Err("no type or relevant trigger condition defined".to_owned())
}

/// The kind of an item of the oldest form, which knows nothing but its pattern.
pub(super) fn legacy(node: &Node) -> Result<TriggerKind, String> {
    if let Some(word) = check_word(node)? {
        return Err(format!("both pattern and type: {word} defined"));
    }
    no_others(node, "pattern", &[PUSH, COMMITS, BRANCHES, PULL_REQUEST, TAG])?;
    Ok(TriggerKind::Push)
}

fn check_word(node: &Node) -> Result<Option<&str>, String> {
    let Some(word) = set(node, "type").map(|word| word.name().unwrap_or_default()) else { return Ok(None) };
    if ["push", "pull_request", "tag"].contains(&word) {
        return Ok(Some(word));
    }
    Err(format!("invalid type ({word}) defined, valid types are: push, pull_request and tag"))
}

fn no_others(node: &Node, decided_by: &str, others: &[&[&str]]) -> Result<(), String> {
    let other = others.iter().copied().flatten().find(|field| set(node, field).is_some());
    other.map_or(Ok(()), |other| Err(format!("both {decided_by} and {other} defined")))
}
