//! Why an event starts what it starts: for people.

use domain::ci::{BuildParams, Target, TriggerKind};
use serde::Serialize;

use super::config::{Config, Triggers};
use super::facts::Facts;
use super::item::{Condition, Item, Miss};
use super::patience::Patience;

/// Longest value that is shown, in characters; at most as many values of one fact are shown as [`MAX_SHOWN`] says.
const MAX_VALUE: usize = 80;
/// Most values of one fact that are shown.
const MAX_SHOWN: usize = 3;

/// What became of each trigger.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Explanation {
    /// What kind of event it is: `push`, `pull_request`, `tag`.
    pub(crate) event: &'static str,
    /// All triggers, in order.
    pub(crate) items: Vec<Report>,
}

/// What became of one trigger.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// What it is called.
    pub item: String,
    /// What it starts: `workflow:a`.
    pub target: String,
    /// It matches, and is what decides.
    pub chosen: bool,
    /// It matches.
    pub matches: bool,
    /// Why, or why not.
    pub reasons: Vec<String>,
}

/// Compares an event with all triggers and tells what came of each. The error says why nothing can match.
pub(crate) fn explain(config: &Config, params: &BuildParams) -> Result<Explanation, String> {
    let patience = Patience::endless();
    let facts = Facts::of(params, &patience).map_err(|unclear| unclear.to_string())?;
    let first_only = matches!(config.triggers, Triggers::Map(_));
    let mut found = false;
    let items = config.triggers.items().iter().map(|item| {
        let mut report = report(item, &facts);
        report.chosen = report.matches && !(first_only && found);
        if report.matches && !report.chosen {
            report.reasons.push("an earlier item matches: the first one counts".to_owned());
        }
        found |= report.matches;
        report
    });
    Ok(Explanation { event: kind(facts.kind), items: items.collect() })
}

fn report(item: &Item, facts: &Facts<'_>) -> Report {
    let verdict = item.judge(facts);
    let reasons = match verdict {
        Ok(()) if item.conditions.is_empty() => vec![format!("it is for any {}", kind(facts.kind))],
        Ok(()) => item.conditions.iter().map(|condition| sentence(condition, facts)).collect(),
        Err(Miss::Condition) => {
            let failed = item.conditions.iter().filter(|condition| !condition.holds(facts));
            failed.map(|condition| sentence(condition, facts)).collect()
        }
        Err(miss) => vec![word(miss, item).to_owned()],
    };
    Report { item: item.name.clone(), target: name(&item.target), chosen: false, matches: verdict.is_ok(), reasons }
}

/// How one condition compares with the event.
fn sentence(condition: &Condition, facts: &Facts<'_>) -> String {
    let (values, matched) = (facts.values(condition.fact), condition.holds(facts));
    let hit = values.iter().find(|value| condition.pattern.matches(value)).filter(|_| matched);
    let shown: Vec<_> = match hit {
        Some(value) => vec![shorten(value)],
        None => values.iter().take(MAX_SHOWN).map(|value| shorten(value)).collect(),
    };
    let more = if hit.is_none() { values.len().saturating_sub(MAX_SHOWN) } else { 0 };
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let verb = if matched { "matches" } else { "does not match" };
    let shown = if shown.is_empty() { "nothing known".to_owned() } else { shown.join(", ") };
    format!("{} {} {verb} {shown}{more}", condition.field, condition.pattern)
}

fn shorten(value: &str) -> String {
    let line = value.lines().next().unwrap_or_default();
    let short: String = line.chars().take(MAX_VALUE).collect();
    let cut = if short.len() < value.len() { "…" } else { "" };
    format!("\"{short}{cut}\"")
}

fn word(miss: Miss, item: &Item) -> &'static str {
    match miss {
        Miss::Disabled => "it is disabled",
        Miss::OtherKind => match item.kind {
            TriggerKind::Push if item.pull_requests_too => "it is for pushes and pull requests",
            TriggerKind::Push => "it is for pushes",
            TriggerKind::PullRequest => "it is for pull requests",
            TriggerKind::Tag => "it is for tags",
        },
        Miss::Condition => "a condition does not hold",
        Miss::Comment => "it has no condition on comments, and this is a comment",
        Miss::Labelling => "it has no condition on labels, and this adds a label",
        Miss::Draft => "it is not for drafts",
        Miss::NoLongerDraft => "it is for drafts, so the pull request was built as one",
    }
}

fn kind(kind: TriggerKind) -> &'static str {
    match kind {
        TriggerKind::Push => "push",
        TriggerKind::PullRequest => "pull_request",
        TriggerKind::Tag => "tag",
    }
}

/// `workflow:a`, `pipeline:p`.
pub(crate) fn name(target: &Target) -> String {
    match target {
        Target::Workflow(name) => format!("workflow:{name}"),
        Target::Pipeline(name) => format!("pipeline:{name}"),
    }
}
