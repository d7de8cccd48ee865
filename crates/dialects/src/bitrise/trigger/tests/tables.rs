//! Every case of the tables in `fixtures/`; a failing test names the cases.

use domain::ci::{BuildParams, CommitPaths, Target};
use serde_json::{Value, json};

use crate::bitrise::trigger::{Config, Decision, Patience, Problem};

fn cases(table: &str) -> Vec<Value> {
    let table: Value = serde_json::from_str(table).expect("a table");
    table["cases"].as_array().expect("cases").clone()
}

/// Runs all cases, and fails with the ids of those that do not come out as expected.
fn run(table: &str, count: usize, outcome: impl Fn(&Value) -> Result<(), String>) {
    let cases = cases(table);
    assert_eq!(cases.len(), count, "no case is lost");
    let failed = cases.iter().filter_map(|case| Some(format!("{}: {}", case["id"], outcome(case).err()?)));
    let failed: Vec<_> = failed.collect();
    assert!(failed.is_empty(), "{} of {count} cases failed:\n{}", failed.len(), failed.join("\n"));
}

fn texts(value: &Value) -> Vec<String> {
    let list = value.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|text| text.as_str().expect("a text").to_owned()).collect()
}

/// The parameters that a git host's request for this event is turned into.
fn params(event: &Value) -> BuildParams {
    let text = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
    let files = texts(&event["changed_files"]);
    let mut params = json!({
        "branch": text("push_branch") + &text("source_branch"),
        "branch_dest": text("target_branch"),
        "tag": text("tag"),
        "commit_messages": texts(&event["commit_messages"]),
        "pull_request_labels": texts(&event["labels"]),
        "pull_request_labels_added": texts(&event["labels_added"]),
        "pull_request_comment": text("comment"),
    });
    if let Some(state) = event["ready_state"].as_str() {
        params["pull_request_ready_state"] = json!(state);
    }
    let mut params: BuildParams = serde_json::from_value(params).expect("reads");
    params.commit_paths =
        event.get("changed_files").map(|_| vec![CommitPaths { modified: files, ..CommitPaths::default() }]);
    params
}

/// A configuration with a map, and all that the map may name.
fn with_map(map: &Value, workflows: &[String], pipelines: &[String]) -> String {
    let all = |names: &[String]| names.iter().map(|name| (name.clone(), json!({}))).collect::<serde_json::Map<_, _>>();
    json!({"workflows": all(workflows), "pipelines": all(pipelines), "trigger_map": map}).to_string()
}

fn named(map: &Value, key: &str) -> Vec<String> {
    let items = map.as_array().expect("a list").iter();
    items.filter_map(|item| item[key].as_str().map(str::to_owned)).collect()
}

fn wire(decision: &Decision) -> Vec<String> {
    let Decision::Start(choices) = decision else { return Vec::new() };
    let name = |target: &Target| match target {
        Target::Workflow(name) => format!("workflow:{name}"),
        Target::Pipeline(name) => format!("pipeline:{name}"),
    };
    choices.iter().map(|choice| name(&choice.target)).collect()
}

fn lines(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

fn same<T: PartialEq + std::fmt::Debug>(actual: &T, expected: &T) -> Result<(), String> {
    if actual == expected { Ok(()) } else { Err(format!("expected {expected:?}, got {actual:?}")) }
}

#[test]
fn check_16_the_map_chooses_what_the_table_says() {
    run(include_str!("../fixtures/map.json"), 101, |case| {
        let map = &case["trigger_map"];
        let text = with_map(map, &named(map, "workflow"), &named(map, "pipeline"));
        let config = Config::parse(&text).map_err(|problems| lines(&problems).join("; "))?;
        let expected = ["workflow", "pipeline"].into_iter().filter_map(|key| {
            let name = case["expect"][key].as_str()?;
            Some(format!("{key}:{name}"))
        });
        same(&wire(&config.decide(&params(&case["event"]), &Patience::endless())), &expected.collect())
    });
}

#[test]
fn check_17_what_is_wrong_with_a_map_is_said_in_the_words_of_the_table() {
    run(include_str!("../fixtures/validation.json"), 40, |case| {
        let text = with_map(&case["trigger_map"], &texts(&case["workflows"]), &texts(&case["pipelines"]));
        match (Config::parse(&text), case["expect_error"].as_str()) {
            (Ok(config), None) => same(&lines(config.warnings()), &texts(&case["expect_warnings"])),
            (Err(problems), Some(expected)) => same(&problems[0].to_string().as_str(), &expected),
            (Ok(_), Some(expected)) => Err(format!("expected {expected:?}, got no problem")),
            (Err(problems), None) => Err(format!("expected no problem, got {problems:?}")),
        }
    });
}

#[test]
fn check_18_all_targets_are_chosen_that_the_table_says() {
    run(include_str!("../fixtures/targets.json"), 16, |case| {
        let config = Config::parse(&case["config"].to_string()).map_err(|problems| lines(&problems).join("; "))?;
        same(&wire(&config.decide(&params(&case["event"]), &Patience::endless())), &texts(&case["expect"]))
    });
}
