//! A configuration: what can be started, and what starts it.

use domain::ci::{MAX_CONFIG, Target};

use super::item::Item;
use super::names::Names;
use super::pattern::{MAX_REGEX, Pattern};
use super::problem::Problem;
use super::{map, targets, yaml};

/// Most triggers of a configuration, of all forms together.
pub(super) const MAX_ITEMS: usize = 2_000;
/// Most regular expressions of a configuration; bounds what it takes to keep them compiled.
pub(super) const MAX_REGEXES: usize = 200;

/// A `bitrise.yml`, as far as triggers go.
#[derive(Debug)]
pub(crate) struct Config {
    pub(super) names: Names,
    pub(super) triggers: Triggers,
    warnings: Vec<Problem>,
    weight: usize,
}

/// Which of the two systems decides.
#[derive(Debug)]
pub(super) enum Triggers {
    /// The map of the project: first match.
    Map(Vec<Item>),
    /// Those of workflows and pipelines: all matches. The map is not looked at then.
    Targets(Vec<Item>),
}

impl Triggers {
    pub(super) fn items(&self) -> &[Item] {
        match self {
            Self::Map(items) | Self::Targets(items) => items,
        }
    }
}

impl Config {
    /// Reads a text of YAML or JSON. The error is all that is wrong with it, first things first.
    pub(crate) fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        if text.len() > MAX_CONFIG {
            return Err(vec![Problem::new(format!("the configuration has more than {MAX_CONFIG} bytes"))]);
        }
        let root = yaml::load(text).map_err(|reason| vec![Problem::new(reason)])?;
        if !root.is_map() {
            return Err(vec![Problem::new("the configuration is not a mapping")]);
        }
        let odd = ["workflows", "pipelines"].into_iter().filter(|key| root.get(key).is_some_and(|node| !node.is_map()));
        let mut problems: Vec<_> = odd.map(|key| Problem::new(format!("{key}: a mapping is expected"))).collect();
        if let Some(count) = Some(count_items(&root)).filter(|count| *count > MAX_ITEMS) {
            problems.push(Problem::new(format!("there are {count} triggers; at most {MAX_ITEMS} are allowed")));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let names = Names::of(&root);
        let (mut of_map, mut of_targets, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
        if let Some(node) = root.get("trigger_map") {
            match map::read(node, &names) {
                Ok(map) => (of_map, warnings) = (map.items, map.warnings),
                Err(found) => problems.extend(found),
            }
        }
        for (target, place, triggers) in owners(&root) {
            match targets::read(triggers, &target, &place) {
                Ok(items) => of_targets.extend(items),
                Err(found) => problems.extend(found),
            }
            if let Some(workflow) = target.workflow().filter(|name| Names::is_utility(name)) {
                warnings.push(Problem::of(&place, Names::utility_as_target(workflow)));
            }
        }
        let regexes = [&of_map, &of_targets].into_iter().flatten().flat_map(|item| &item.conditions);
        let regexes = regexes.filter(|condition| matches!(condition.pattern, Pattern::Regex(_))).count();
        if regexes > MAX_REGEXES {
            let text = format!("there are {regexes} regular expressions; at most {MAX_REGEXES} are allowed");
            problems.push(Problem::new(text));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        if !of_targets.is_empty() && !of_map.is_empty() {
            warnings.push(Problem::new("trigger_map: not looked at, as workflows or pipelines have triggers"));
        }
        if root.get("include").is_some() {
            warnings.push(Problem::new("include: not followed; only what this text says counts"));
        }
        let triggers = if of_targets.is_empty() { Triggers::Map(of_map) } else { Triggers::Targets(of_targets) };
        Ok(Self { names, triggers, warnings, weight: text.len() * 2 + regexes * MAX_REGEX })
    }

    /// Names of all workflows, in order.
    pub(crate) fn workflows(&self) -> &[String] {
        &self.names.workflows
    }

    /// What is odd, but works.
    pub(crate) fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// Roughly how many bytes it takes, at most.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }
}

/// All targets that have triggers, and what they are called.
fn owners(root: &yaml::Value) -> impl Iterator<Item = (Target, String, &yaml::Node)> {
    let of = |key, word: &'static str, target: fn(String) -> Target| {
        let entries = root.get(key).map(|node| node.entries()).unwrap_or_default();
        entries.iter().filter_map(move |(name, node)| {
            let triggers = node.get("triggers")?;
            Some((target(name.to_string()), format!("{word} {name}"), triggers))
        })
    };
    of("workflows", "workflow", Target::Workflow).chain(of("pipelines", "pipeline", Target::Pipeline))
}

/// Counts triggers before any is looked at.
fn count_items(root: &yaml::Value) -> usize {
    let length = |node: &yaml::Node| node.list().map_or(0, <[_]>::len);
    let of_map = root.get("trigger_map").map_or(0, length);
    let lists = owners(root).flat_map(|(_, _, triggers)| triggers.entries());
    of_map + lists.map(|(_, list)| length(list)).sum::<usize>()
}
