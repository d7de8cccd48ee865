//! The answer to a request, from what became of the builds it asks for (contract bitrise section 6).

mod slack;

use serde::{Deserialize, Serialize};

use super::provider::HookProvider;
use super::reading::{Candidate, NotBuilt};
use super::skip;
use crate::bitrise::start::TriggerResponse;

/// What starting a build answers: one entry for each build in `results`, and the first of them again beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct TriggerAnswer {
    /// `ok`, or `error` if nothing matched; other words for what is wrong with the request.
    pub(crate) status: String,
    /// What happened, for people.
    pub(crate) message: String,
    /// Who answers.
    pub(crate) service: String,
    /// The app.
    pub(crate) slug: String,
    /// The first build.
    pub(crate) build_slug: String,
    /// Its number; 0: none.
    pub(crate) build_number: u64,
    /// Its page.
    pub(crate) build_url: String,
    /// Its workflow.
    pub(crate) triggered_workflow: String,
    /// Each build. `None`: it is not told.
    pub(crate) results: Option<Vec<TriggerResult>>,
}

impl TriggerAnswer {
    /// Says why nothing was started, although nobody was asked.
    pub(super) fn refusal(status: &'static str, slug: String, message: String) -> Self {
        Self::from(TriggerResponse::refusal(status, slug, message))
    }
}

impl From<TriggerResponse> for TriggerAnswer {
    fn from(told: TriggerResponse) -> Self {
        // Both have the same names on the wire; what could not be written is empty.
        serde_json::to_value(told).and_then(serde_json::from_value).unwrap_or_default()
    }
}

/// One build of several.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct TriggerResult {
    /// `ok` or `error`.
    pub(crate) status: String,
    /// What happened, for people.
    pub(crate) message: String,
    /// The build.
    pub(crate) build_slug: String,
    /// Its number.
    pub(crate) build_number: u64,
    /// Its page.
    pub(crate) build_url: String,
    /// Its workflow; empty for a pipeline.
    pub(crate) triggered_workflow: String,
    /// Its pipeline; empty for a workflow.
    pub(crate) triggered_pipeline: String,
}

/// The word of a trigger that matched nothing. Git hosts switch off hooks that are answered 4xx: this is none of their
/// business.
pub(super) const NOTHING_MATCHED: &str = "error";

/// A build that a keyword prevented.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Skipped {
    message: &'static str,
    commit_hash: String,
    commit_message: String,
    branch: String,
}

impl Skipped {
    /// The entry for a build that is skipped for a reason.
    pub(super) fn new(candidate: &Candidate, reason: skip::Skip) -> Self {
        let params = &candidate.params;
        Self {
            message: reason.message(),
            commit_hash: params.commit_hash.clone(),
            commit_message: params.commit_message.clone(),
            branch: params.branch.clone(),
        }
    }
}

/// What became of all the builds a request asks for.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Outcome {
    /// Builds that could not even be asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) errors: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) did_not_wait_for_trigger_response: bool,
    /// Builds that were started.
    #[serde(rename = "success_responses")]
    pub(super) started: Vec<TriggerAnswer>,
    /// Builds that a keyword prevented.
    #[serde(rename = "skipped_responses", skip_serializing_if = "Vec::is_empty")]
    pub(super) skipped: Vec<Skipped>,
    /// Builds that were refused.
    #[serde(rename = "failed_responses", skip_serializing_if = "Vec::is_empty")]
    pub(super) refused: Vec<TriggerAnswer>,
}

impl Outcome {
    fn status(&self) -> u16 {
        if !self.refused.is_empty() {
            let nothing_matched = self.refused.iter().all(|answer| answer.status == NOTHING_MATCHED);
            return if nothing_matched { 200 } else { 400 };
        }
        if !self.errors.is_empty() {
            return 500;
        }
        let built = !self.started.is_empty() && !self.did_not_wait_for_trigger_response;
        if built { 201 } else { 200 }
    }

    /// What is told to a host that does not wait: only what was known before any build was asked for.
    fn without_waiting(self) -> Self {
        let waited_for = !self.started.is_empty() || !self.refused.is_empty();
        Self {
            skipped: self.skipped,
            errors: self.errors,
            did_not_wait_for_trigger_response: waited_for,
            ..Self::default()
        }
    }
}

/// An answer: status and body.
pub(super) type Answer = (u16, String);

/// The answer to a request whose builds were asked for. GitLab hears nothing of what became of them.
pub(super) fn outcome(provider: HookProvider, outcome: Outcome) -> Answer {
    match provider {
        HookProvider::Slack => (200, text(&slack::outcome(&outcome))),
        HookProvider::GitLab => told(&outcome.without_waiting()),
        _ => told(&outcome),
    }
}

/// The answer as everybody but Slack and GitLab gets it.
pub(super) fn told(outcome: &Outcome) -> Answer {
    (outcome.status(), text(outcome))
}

/// The answer to a request without builds.
pub(super) fn not_built(provider: HookProvider, why: &NotBuilt) -> Answer {
    match why {
        NotBuilt::Ignored(reason) => {
            let message = format!("Acknowledged, but skipping. Reason: {reason}");
            match provider {
                HookProvider::Slack => (200, text(&slack::good(message))),
                _ => (200, text(&serde_json::json!({ "message": message }))),
            }
        }
        NotBuilt::Refused(reason) => error(Some(provider), 400, &format!("Failed to transform the webhook: {reason}")),
    }
}

/// An error's answer. Slack shows people only what is answered with 200.
pub(super) fn error(provider: Option<HookProvider>, status: u16, problem: &str) -> Answer {
    match provider {
        Some(HookProvider::Slack) => (200, text(&slack::danger(problem.to_owned()))),
        _ => (status, text(&serde_json::json!({ "error": problem }))),
    }
}

/// The answer to a request in which there is nothing to build.
pub(super) fn nothing_buildable(provider: HookProvider) -> Answer {
    let problem =
        "After processing the webhook we failed to detect any event in it which could be turned into a build.";
    error(Some(provider), 400, problem)
}

/// JSON as the original writes it: `<`, `>`, `&` and two odd line ends as escapes, a line end after it. The five can
/// only be in strings.
pub(super) fn text(body: &impl Serialize) -> String {
    let plain = serde_json::to_string(body).unwrap_or_default();
    let mut escaped = String::with_capacity(plain.len() + 1);
    for letter in plain.chars() {
        match letter {
            '<' => escaped.push_str("\\u003c"),
            '>' => escaped.push_str("\\u003e"),
            '&' => escaped.push_str("\\u0026"),
            '\u{2028}' => escaped.push_str("\\u2028"),
            '\u{2029}' => escaped.push_str("\\u2029"),
            other => escaped.push(other),
        }
    }
    escaped.push('\n');
    escaped
}
