//! The conditions an item of the map can have, and their values.

use crate::bitrise::trigger::facts::Fact;
use crate::bitrise::trigger::item::Condition;
use crate::bitrise::trigger::pattern::{BadRegex, Pattern};
use crate::bitrise::trigger::yaml::Node;

/// All conditions, and what they are about.
pub(super) const CONDITIONS: [(&str, Fact); 8] = [
    ("push_branch", Fact::Branch),
    ("commit_message", Fact::CommitMessages),
    ("changed_files", Fact::ChangedFiles),
    ("pull_request_source_branch", Fact::Branch),
    ("pull_request_target_branch", Fact::TargetBranch),
    ("pull_request_label", Fact::Labels),
    ("pull_request_comment", Fact::Comment),
    ("tag", Fact::Tag),
];

/// The value of a field, unless it is null or an empty text: such a field counts as absent.
pub(super) fn set<'a>(node: &'a Node, field: &str) -> Option<&'a Node> {
    node.get(field).filter(|value| value.text() != Some(""))
}

/// The condition under a field, if there is one.
pub(super) fn condition(node: &Node, field: &'static str, fact: Fact) -> Result<Option<Condition>, String> {
    let Some(value) = set(node, field) else { return Ok(None) };
    let pattern = match value.text() {
        Some(text) => Pattern::wildcard(text),
        None if value.is_map() => regex(value, field)?,
        None => return Err(format!("string literal or regex value is expected for {field} field")),
    };
    Ok(Some(Condition { field, fact, pattern }))
}

fn regex(value: &Node, field: &str) -> Result<Pattern, String> {
    let [(key, node)] = value.entries() else {
        return Err(format!("single 'regex' key is expected for regex condition in {field} field"));
    };
    if &**key != "regex" {
        return Err(format!("'regex' key is expected for regex condition in {field} field"));
    }
    Pattern::regex(node).map_err(|bad| match bad {
        BadRegex::NoText => format!("'regex' key is expected to have a string value in {field} field"),
        BadRegex::Refused(reason) => format!("invalid regex in {field} field: {reason}"),
    })
}
