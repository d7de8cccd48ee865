//! What an event starts.

use domain::ci::{BuildParams, Target};

use super::config::{Config, Triggers};
use super::facts::Facts;
use super::item::Item;
use super::names::Names;
use super::patience::Patience;

/// Said when [`Patience`] ends.
const TOO_LONG: &str = "comparing the event with the triggers takes too long; simpler regular expressions may help";

/// One thing to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// What.
    pub(crate) target: Target,
    /// With which priority; `None`: the usual one.
    pub(crate) priority: Option<i64>,
}

/// What an event starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// These; at least one.
    Start(Vec<Choice>),
    /// Nothing: no trigger matches.
    NoMatch,
    /// Nothing: a sentence says why.
    Refused(String),
}

impl Config {
    /// Compares an event with all triggers. Names that the parameters give (`workflow_id`, `pipeline_id`) are not looked at.
    pub(crate) fn decide(&self, params: &BuildParams, patience: &Patience) -> Decision {
        let decision = self.compare(params, patience);
        // A trigger that was not asked may have matched, and may have come first.
        if patience.is_over() { Decision::Refused(TOO_LONG.to_owned()) } else { decision }
    }

    fn compare(&self, params: &BuildParams, patience: &Patience) -> Decision {
        let facts = match Facts::of(params, patience) {
            Ok(facts) => facts,
            Err(unclear) => return Decision::Refused(unclear.to_string()),
        };
        let mut matches = self.triggers.items().iter().filter(|item| item.judge(&facts).is_ok());
        match &self.triggers {
            Triggers::Map(_) => match matches.next() {
                None => Decision::NoMatch,
                Some(item) => match utility(&item.target) {
                    Some(reason) => Decision::Refused(reason),
                    None => Decision::Start(vec![choice(item)]),
                },
            },
            Triggers::Targets(_) => {
                let choices = gather(matches.filter(|item| utility(&item.target).is_none()));
                if choices.is_empty() { Decision::NoMatch } else { Decision::Start(choices) }
            }
        }
    }

    /// Is there such a target, and may it be started? The error is a sentence.
    pub(crate) fn check(&self, target: &Target) -> Result<(), String> {
        match target {
            Target::Workflow(name) if !self.names.has_workflow(name) => {
                Err(format!("workflow ({name}) is not defined in the app's bitrise.yml"))
            }
            Target::Pipeline(name) if !self.names.has_pipeline(name) => {
                Err(format!("pipeline ({name}) is not defined in the app's bitrise.yml"))
            }
            Target::Workflow(_) | Target::Pipeline(_) => utility(target).map_or(Ok(()), Err),
        }
    }
}

fn choice(item: &Item) -> Choice {
    Choice { target: item.target.clone(), priority: item.priority }
}

/// Items of one target stand next to each other. It is started once, with the highest priority of those that match.
fn gather<'a>(matches: impl Iterator<Item = &'a Item>) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    for item in matches {
        match choices.last_mut() {
            Some(last) if last.target == item.target => last.priority = last.priority.max(item.priority),
            _ => choices.push(choice(item)),
        }
    }
    choices
}

/// Why a workflow cannot be started, if it is one that only others use.
fn utility(target: &Target) -> Option<String> {
    let workflow = target.workflow().filter(|name| Names::is_utility(name))?;
    Some(format!("utility workflow ({workflow}) can't be triggered directly"))
}
