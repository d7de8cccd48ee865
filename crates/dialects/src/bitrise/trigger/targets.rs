//! `triggers` of workflows and pipelines: all that match are built (contract bitrise 9.3).

use std::collections::HashMap;

use domain::ci::{PRIORITIES, Target, TriggerKind};

use super::facts::Fact;
use super::item::{Condition, Item};
use super::pattern::{BadRegex, Pattern};
use super::problem::Problem;
use super::yaml::Node;

/// A list under `triggers`.
struct List {
    key: &'static str,
    /// What it is called in messages.
    word: &'static str,
    kind: TriggerKind,
    /// Its conditions; with the fact that `last_commit` asks for, if it can be said.
    conditions: &'static [(&'static str, Fact, Option<Fact>)],
}

const MESSAGES: (&str, Fact) = ("commit_message", Fact::CommitMessages);
const FILES: (&str, Fact) = ("changed_files", Fact::ChangedFiles);

const LISTS: [List; 3] = [
    List {
        key: "push",
        word: "push",
        kind: TriggerKind::Push,
        conditions: &[
            ("branch", Fact::Branch, None),
            (MESSAGES.0, MESSAGES.1, Some(Fact::LastCommitMessage)),
            (FILES.0, FILES.1, Some(Fact::LastChangedFiles)),
        ],
    },
    List {
        key: "pull_request",
        word: "pull request",
        kind: TriggerKind::PullRequest,
        conditions: &[
            ("source_branch", Fact::Branch, None),
            ("target_branch", Fact::TargetBranch, None),
            ("label", Fact::Labels, None),
            ("comment", Fact::Comment, None),
            (MESSAGES.0, MESSAGES.1, None),
            (FILES.0, FILES.1, None),
        ],
    },
    List { key: "tag", word: "tag", kind: TriggerKind::Tag, conditions: &[("name", Fact::Tag, None)] },
];

/// Reads the triggers of one target. `place` is what it is called.
pub(super) fn read(triggers: &Node, target: &Target, place: &str) -> Result<Vec<Item>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut items = Vec::new();
    let mut say = |text: String| problems.push(Problem::of(place, text));
    if !triggers.is_map() {
        return Err(vec![Problem::of(place, "'triggers': should be a map")]);
    }
    let known = LISTS.iter().map(|list| list.key).chain(["enabled"]);
    if let Some(reason) = unknown_keys(triggers, &known.collect::<Vec<_>>()) {
        say(format!("'triggers': {reason}"));
    }
    let enabled = match triggers.get("enabled").map(|value| value.flag()) {
        None => true,
        Some(Some(enabled)) => enabled,
        Some(None) => {
            say("'triggers.enabled': should be true or false".to_owned());
            true
        }
    };
    for list in &LISTS {
        let Some(node) = triggers.get(list.key) else { continue };
        let Some(nodes) = node.list() else {
            say(format!("'triggers.{}': should be a list of {} trigger items", list.key, list.word));
            continue;
        };
        let mut seen = HashMap::new();
        for (index, node) in nodes.iter().enumerate() {
            let path = format!("triggers.{}[{index}]", list.key);
            match list.item(node) {
                Ok(read) => items.push(Item {
                    name: format!("{place}: {path}"),
                    target: target.clone(),
                    enabled: enabled && read.enabled,
                    kind: list.kind,
                    pull_requests_too: false,
                    conditions: read.conditions,
                    drafts: read.drafts,
                    priority: read.priority,
                }),
                Err(reason) => {
                    say(format!("'{path}': {reason}"));
                    continue;
                }
            }
            let first = *seen.entry(list.identity(node)).or_insert(index);
            if first != index {
                say(format!("'{path}': duplicates {} trigger item #{first}", list.word));
            }
        }
    }
    if problems.is_empty() { Ok(items) } else { Err(problems) }
}

/// An item before it knows whose it is.
struct Read {
    enabled: bool,
    conditions: Vec<Condition>,
    drafts: bool,
    priority: Option<i64>,
}

impl List {
    fn item(&self, node: &Node) -> Result<Read, String> {
        if !node.is_map() {
            return Err(format!("should be a map of {} trigger conditions", self.word));
        }
        let mut known: Vec<_> = self.conditions.iter().map(|(field, ..)| *field).collect();
        known.extend(["enabled", "priority"]);
        if self.kind == TriggerKind::PullRequest {
            known.push("draft_enabled");
        }
        if let Some(reason) = unknown_keys(node, &known) {
            return Err(reason);
        }
        let conditions = self.conditions.iter().filter_map(|(field, fact, last)| {
            let value = node.get(field)?;
            Some(condition(value, field, *fact, *last).map_err(|reason| format!("'{field}': {reason}")))
        });
        Ok(Read {
            conditions: conditions.collect::<Result<_, _>>()?,
            enabled: flag(node, "enabled")?,
            drafts: flag(node, "draft_enabled")?,
            priority: node.get("priority").map(priority).transpose()?,
        })
    }

    /// What two items of a list must not have in common: all they ask for.
    fn identity(&self, node: &Node) -> String {
        let mut identity = String::new();
        for (field, ..) in self.conditions {
            let Some(value) = node.get(field) else { continue };
            identity.push_str(field);
            // A text is short for a map with it as the pattern.
            let pattern = value.get("pattern").filter(|_| value.get("last_commit").is_none());
            pattern.unwrap_or(value).fingerprint(&mut identity);
        }
        if node.get("draft_enabled").and_then(|value| value.flag()) == Some(false) {
            identity.push_str("no drafts");
        }
        identity
    }
}

fn condition(value: &Node, field: &'static str, fact: Fact, last: Option<Fact>) -> Result<Condition, String> {
    if let Some(text) = value.text() {
        return Ok(Condition { field, fact, pattern: Pattern::wildcard(text) });
    }
    if !value.is_map() {
        return Err("should be a string or a map with a pattern or regex key".to_owned());
    }
    let known: &[_] = if last.is_some() { &["pattern", "regex", "last_commit"] } else { &["pattern", "regex"] };
    if let Some(reason) = unknown_keys(value, known) {
        return Err(reason);
    }
    let pattern = match (value.get("pattern"), value.get("regex")) {
        (Some(text), None) => Pattern::wildcard(text.text().ok_or("pattern should be a string")?),
        (None, Some(regex)) => Pattern::regex(regex).map_err(|bad| match bad {
            BadRegex::NoText => "regex should be a string".to_owned(),
            BadRegex::Refused(reason) => format!("invalid regex: {reason}"),
        })?,
        (Some(_), Some(_)) => return Err("pattern and regex can't both be set".to_owned()),
        (None, None) => return Err("pattern or regex is required".to_owned()),
    };
    let only_last = match value.get("last_commit") {
        None => false,
        Some(value) => value.flag().ok_or("last_commit should be true or false")?,
    };
    Ok(Condition { field, fact: last.filter(|_| only_last).unwrap_or(fact), pattern })
}

fn priority(node: &Node) -> Result<i64, String> {
    let number = node.text().is_none().then(|| node.name()).flatten().and_then(|text| text.parse::<i64>().ok());
    let number = number.ok_or("priority should be a whole number")?;
    if PRIORITIES.contains(&number) {
        return Ok(number);
    }
    Err(format!("priority ({number}) should be between {} and {}", PRIORITIES.start(), PRIORITIES.end()))
}

/// True unless it says otherwise.
fn flag(node: &Node, field: &str) -> Result<bool, String> {
    node.get(field).map_or(Some(true), |value| value.flag()).ok_or_else(|| format!("{field} should be true or false"))
}

fn unknown_keys(node: &Node, known: &[&str]) -> Option<String> {
    let unknown: Vec<_> = node.entries().iter().map(|(key, _)| &**key).filter(|key| !known.contains(key)).collect();
    (!unknown.is_empty()).then(|| format!("unknown key(s): {}", unknown.join(", ")))
}
