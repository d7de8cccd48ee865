//! The project-level `trigger_map`: the first item that matches is built (contract bitrise 9.1, 9.2).

mod fields;
mod kind;

use std::collections::HashMap;

use domain::ci::{Target, TriggerKind};

use self::fields::{CONDITIONS, condition};
use super::item::Item;
use super::names::Names;
use super::problem::Problem;
use super::yaml::Node;

/// The items of a map that is right, and what is odd about them.
pub(super) struct Map {
    /// In order.
    pub(super) items: Vec<Item>,
    /// See [`Problem`].
    pub(super) warnings: Vec<Problem>,
}

/// Reads a map. Problems come in the order of the contract: duplicates, then item by item the first thing wrong with it.
pub(super) fn read(map: &Node, names: &Names) -> Result<Map, Vec<Problem>> {
    let Some(nodes) = map.list() else {
        return Err(vec![Problem::new("trigger_map: a list of trigger items is expected")]);
    };
    let mut problems = duplicates(nodes);
    let (mut items, mut warnings) = (Vec::new(), Vec::new());
    for (index, node) in nodes.iter().enumerate() {
        let name = format!("trigger item #{}", index + 1);
        match item(node, &name, names, &mut warnings) {
            Ok(item) => items.push(item),
            Err(reason) => problems.push(Problem::new(format!("{name}: {reason}"))),
        }
    }
    if problems.is_empty() { Ok(Map { items, warnings }) } else { Err(problems) }
}

/// Items that ask for the same as an earlier one, whatever they start. Each is looked up once.
fn duplicates(nodes: &[Node]) -> Vec<Problem> {
    let mut seen = HashMap::new();
    let mut problems = Vec::new();
    for (index, node) in nodes.iter().enumerate().filter(|(_, node)| node.is_map()) {
        let first = *seen.entry(identity(node)).or_insert(index);
        if first != index {
            let text = format!("the {}. trigger item duplicates the {}. trigger item", index + 1, first + 1);
            problems.push(Problem::new(text));
        }
    }
    problems
}

/// What two items must not have in common.
fn identity(node: &Node) -> String {
    let mut identity = kind::word(node).unwrap_or_default().to_owned();
    for field in CONDITIONS.iter().map(|(field, _)| *field).chain(["pattern"]) {
        if let Some(value) = fields::set(node, field) {
            identity.push_str(field);
            value.fingerprint(&mut identity);
        }
    }
    for (field, default) in [("draft_pull_request_enabled", true), ("is_pull_request_allowed", false)] {
        if node.get(field).is_some_and(|value| value.flag() != Some(default)) {
            identity.push_str(field);
        }
    }
    identity
}

/// One item: what it starts, then what it is for, then its values.
fn item(node: &Node, name: &str, names: &Names, warnings: &mut Vec<Problem>) -> Result<Item, String> {
    if !node.is_map() {
        return Err("a mapping is expected".to_owned());
    }
    let target = target(node, name, names, warnings)?;
    let is_legacy = fields::set(node, "pattern").is_some();
    let kind = if is_legacy { kind::legacy(node)? } else { kind::of(node)? };
    let mut conditions = Vec::new();
    for (field, fact) in CONDITIONS.iter().copied().chain([("pattern", super::facts::Fact::Branch)]) {
        conditions.extend(condition(node, field, fact)?);
    }
    let pull_requests_too = is_legacy && flag(node, "is_pull_request_allowed", false)?;
    Ok(Item {
        name: name.to_owned(),
        target,
        enabled: flag(node, "enabled", true)?,
        kind,
        pull_requests_too,
        conditions,
        drafts: kind == TriggerKind::Push || flag(node, "draft_pull_request_enabled", true)?,
        priority: None,
    })
}

fn target(node: &Node, name: &str, names: &Names, warnings: &mut Vec<Problem>) -> Result<Target, String> {
    let of = |field| fields::set(node, field).map(|value| value.name().unwrap_or_default());
    match (of("workflow"), of("pipeline")) {
        (Some(_), Some(_)) => Err("both pipeline and workflow are defined as trigger target".to_owned()),
        (None, None) => Err("no pipeline nor workflow is defined as trigger target".to_owned()),
        (None, Some(pipeline)) if !names.has_pipeline(pipeline) => {
            Err(format!("non-existent pipeline defined as trigger target: {pipeline}"))
        }
        (None, Some(pipeline)) => Ok(Target::Pipeline(pipeline.to_owned())),
        (Some(workflow), None) if !names.has_workflow(workflow) => {
            Err(format!("non-existent workflow defined as trigger target: {workflow}"))
        }
        (Some(workflow), None) => {
            if Names::is_utility(workflow) {
                warnings.push(Problem::new(format!("{name}: {}", Names::utility_as_target(workflow))));
            }
            Ok(Target::Workflow(workflow.to_owned()))
        }
    }
}

fn flag(node: &Node, field: &str, default: bool) -> Result<bool, String> {
    let Some(value) = node.get(field) else { return Ok(default) };
    value.flag().ok_or_else(|| format!("true or false is expected for {field} field"))
}
