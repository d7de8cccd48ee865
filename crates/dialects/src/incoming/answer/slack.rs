//! Answers that Slack shows as messages in the channel.

use serde::Serialize;

use super::{Outcome, TriggerAnswer, TriggerResult};

/// A message with coloured parts.
#[derive(Debug, Serialize)]
pub(super) struct Reply {
    text: &'static str,
    response_type: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment>,
}

#[derive(Debug, Serialize)]
struct Attachment {
    fallback: String,
    text: String,
    color: &'static str,
}

impl Attachment {
    fn good(text: String) -> Self {
        Self { fallback: text.clone(), text, color: "good" }
    }

    fn danger(text: String) -> Self {
        Self { fallback: text.clone(), text, color: "danger" }
    }
}

fn reply(attachments: Vec<Attachment>) -> Reply {
    Reply { text: "", response_type: "in_channel", attachments }
}

/// Something went well.
pub(super) fn good(text: String) -> Reply {
    reply(vec![Attachment::good(text)])
}

/// Something went wrong.
pub(super) fn danger(text: String) -> Reply {
    reply(vec![Attachment::danger(text)])
}

/// What became of the builds, worst first.
pub(super) fn outcome(outcome: &Outcome) -> Reply {
    let errors = outcome.errors.iter().cloned().map(Attachment::danger);
    let refused = outcome.refused.iter().map(|answer| Attachment::danger(refusal(answer)));
    let skipped = outcome.skipped.iter().map(|skipped| Attachment::danger(skipped.message.to_owned()));
    let started = outcome.started.iter().map(|answer| Attachment::good(report(answer)));
    reply(errors.chain(refused).chain(skipped).chain(started).collect())
}

fn refusal(answer: &TriggerAnswer) -> String {
    match answer.results.as_deref() {
        Some([_, _, ..]) => report(answer),
        _ => answer.message.clone(),
    }
}

/// One line for a build, or one for each of several.
fn report(answer: &TriggerAnswer) -> String {
    let results = answer.results.as_deref().unwrap_or_default();
    if let [_, _, ..] = results {
        let lines: Vec<String> = results.iter().map(line).collect();
        return format!("Triggered {} builds:\n{}", results.len(), lines.join("\n"));
    }
    let target = match results.first() {
        Some(result) => target(result),
        None => format!("workflow: {}", answer.triggered_workflow),
    };
    format!(
        "Triggered build #{} ({}), with {target} - url: {}",
        answer.build_number, answer.build_slug, answer.build_url
    )
}

fn line(result: &TriggerResult) -> String {
    let target = target(result);
    match result.status.as_str() {
        "ok" => {
            format!("build #{} ({}), with {target} - url: {}", result.build_number, result.build_slug, result.build_url)
        }
        _ => format!("build with {target} - failed: {}", result.message),
    }
}

fn target(result: &TriggerResult) -> String {
    if result.triggered_pipeline.is_empty() {
        format!("workflow: {}", result.triggered_workflow)
    } else {
        format!("pipeline: {}", result.triggered_pipeline)
    }
}
