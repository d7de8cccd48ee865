//! Requests, the builds they ask for, and their answers: `fixtures/*.json`. Of a case `triggers` are the bodies that a
//! trigger gets, `trigger` is what it says (by default it accepts: `accepted.json`), `answer` is what is answered (by
//! default 201 with what the trigger said, once for each).

use std::fmt::Write;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::incoming::answer::{self, Answer, TriggerAnswer};
use crate::incoming::plan::{Plan, plan};
use crate::incoming::provider::HookProvider;
use crate::incoming::request::Request;
use crate::incoming::skip;

#[derive(Debug, Deserialize)]
struct Case {
    id: String,
    path: String,
    headers: serde_json::Map<String, Value>,
    body: Option<Value>,
    text: Option<String>,
    repeat: Option<(String, usize)>,
    #[serde(default = "accepted")]
    trigger: Trigger,
    triggers: Vec<Value>,
    answer: Option<Expected>,
}

#[derive(Debug, Deserialize)]
struct Trigger {
    status: u16,
    body: TriggerAnswer,
}

#[derive(Debug, Deserialize)]
struct Expected {
    status: u16,
    body: Value,
}

fn accepted() -> Trigger {
    let body = serde_json::from_str(include_str!("../fixtures/accepted.json")).expect("an answer");
    Trigger { status: 201, body }
}

impl Case {
    fn headers(&self) -> HeaderMap {
        let line = |(name, value): (&String, &Value)| {
            let value = value.as_str().expect("a text");
            (name.parse::<HeaderName>().expect("a name"), value.parse::<HeaderValue>().expect("a value"))
        };
        self.headers.iter().map(line).collect()
    }

    fn bytes(&self) -> Vec<u8> {
        match (&self.body, &self.text, &self.repeat) {
            (Some(body), None, None) => serde_json::to_vec(body).expect("JSON"),
            (None, Some(text), None) => text.clone().into_bytes(),
            (None, None, Some((text, times))) => text.repeat(*times).into_bytes(),
            _ => panic!("{}: one body", self.id),
        }
    }

    fn provider(&self) -> HookProvider {
        let word = self.path.split('/').nth(2).expect("a provider");
        HookProvider::parse(word).unwrap_or_else(|| panic!("{}: {word}", self.id))
    }

    /// What is expected to be answered.
    fn expected(&self) -> (u16, Value) {
        match &self.answer {
            Some(expected) => (expected.status, expected.body.clone()),
            None => (201, json!({ "success_responses": vec![&self.trigger.body; self.triggers.len()] })),
        }
    }

    /// The bodies that the trigger gets, and the answer.
    fn run(&self) -> (Vec<Value>, Answer) {
        let (headers, bytes) = (self.headers(), self.bytes());
        let (provider, request) = (self.provider(), Request::new(&headers, &bytes));
        let (wanted, mut outcome) = match plan(provider, provider.read(&request)) {
            Plan::Answer(answer) => return (Vec::new(), answer),
            Plan::Build(wanted, outcome) => (wanted, outcome),
        };
        for _ in &wanted {
            let said = self.trigger.body.clone();
            if (200..=202).contains(&self.trigger.status) {
                outcome.started.push(said);
            } else {
                outcome.refused.push(said);
            }
        }
        let body = |candidate: &crate::incoming::reading::Candidate| json!({"build_params": candidate.params, "triggered_by": candidate.triggered_by});
        (wanted.iter().map(body).collect(), answer::outcome(provider, outcome))
    }
}

/// Runs the cases of a file; all that fail are told.
fn check(file: &str, expected_count: usize) {
    let cases: Vec<Case> = serde_json::from_str(file).expect("cases");
    assert_eq!(cases.len(), expected_count);
    let mut failures = String::new();
    for case in &cases {
        let (triggers, (status, text)) = case.run();
        let body: Value = serde_json::from_str(&text).expect("an answer in JSON");
        if triggers != case.triggers {
            let _ = writeln!(failures, "{}: asks for {}", case.id, json!(triggers));
        }
        if (status, &body) != (case.expected().0, &case.expected().1) || !text.ends_with('\n') {
            let _ = writeln!(failures, "{}: answers {status} {body}", case.id);
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

#[test]
fn check_11_requests_of_github_lead_to_these_builds_and_answers() {
    check(include_str!("../fixtures/github.json"), 38);
}

#[test]
fn check_11_requests_of_gitlab_lead_to_these_builds_and_answers() {
    check(include_str!("../fixtures/gitlab.json"), 20);
}

#[test]
fn check_11_requests_of_bitbucket_cloud_lead_to_these_builds_and_answers() {
    check(include_str!("../fixtures/bitbucket_v2.json"), 9);
}

#[test]
fn check_11_requests_of_bitbucket_server_lead_to_these_builds_and_answers() {
    check(include_str!("../fixtures/bitbucket_server.json"), 5);
}

#[test]
fn check_11_requests_of_gogs_and_gitea_lead_to_these_builds_and_answers() {
    check(include_str!("../fixtures/gogs.json"), 6);
}

#[test]
fn check_11_requests_of_azure_devops_lead_to_these_builds_and_answers() {
    check(include_str!("../fixtures/visualstudio.json"), 10);
}

#[test]
fn check_11_requests_of_slack_lead_to_these_builds_and_answers() {
    check(include_str!("../fixtures/slack.json"), 3);
}

#[test]
fn check_11_requests_of_deveo_lead_to_these_builds_and_answers() {
    check(include_str!("../fixtures/deveo.json"), 1);
}

#[test]
fn check_11_requests_of_assembla_lead_to_these_builds_and_answers() {
    check(include_str!("../fixtures/assembla.json"), 2);
}

#[test]
fn check_11_any_request_can_be_passed_through() {
    check(include_str!("../fixtures/passthrough.json"), 2);
}

#[test]
fn check_12_keywords_that_prevent_a_build() {
    #[derive(Deserialize)]
    struct Messages {
        skipped: Vec<String>,
        built: Vec<String>,
    }
    let messages: Messages = serde_json::from_str(include_str!("../fixtures/skip.json")).expect("messages");
    assert_eq!(messages.skipped.len() + messages.built.len(), 21);
    let wrong: Vec<_> = messages
        .skipped
        .iter()
        .filter(|text| !skip::asks_for_none(text))
        .chain(messages.built.iter().filter(|text| skip::asks_for_none(text)))
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
}
