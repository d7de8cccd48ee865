//! Configurations as people write them, and the limits.

use std::fmt::Write as _;

use domain::ci::{BuildParams, Target};

use crate::bitrise::trigger::config::{MAX_ITEMS, MAX_REGEXES};
use crate::bitrise::trigger::{Config, Decision, Patience, explain};

fn config(text: &str) -> Config {
    Config::parse(text).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"))
}

fn problems(text: &str) -> Vec<String> {
    let Err(problems) = Config::parse(text) else { panic!("{text} is right") };
    problems.iter().map(ToString::to_string).collect()
}

fn push(branch: &str) -> BuildParams {
    BuildParams { branch: branch.to_owned(), ..BuildParams::default() }
}

fn pull_request() -> BuildParams {
    BuildParams { branch: "f".to_owned(), branch_dest: "main".to_owned(), pull_request_id: 7, ..BuildParams::default() }
}

fn names(decision: &Decision) -> Vec<(&str, Option<i64>)> {
    let Decision::Start(choices) = decision else { return Vec::new() };
    choices.iter().map(|choice| (choice.target.workflow().unwrap_or("-"), choice.priority)).collect()
}

#[test]
fn a_configuration_as_people_write_it_is_read() {
    let config = config(
        "---
format_version: '13'
project_type: android
trigger_map:
- push_branch: main      # the trunk
  workflow: primary
- pull_request_source_branch: \"*\"
  workflow: check
- {tag: '*.*.*', pipeline: release}
app:
  envs:
  - A: &value |
      several
      lines
  - B: *value
workflows:
  primary: {}
  check:
    before_run: [_set-up]
    steps:
    - script@1:
        inputs: [{content: \"echo $A\\n\"}]
  _set-up: {}
pipelines:
  release:
    stages: [{build: {}}]
",
    );
    assert_eq!(config.workflows(), ["primary", "check", "_set-up"]);
    assert_eq!(config.check(&Target::Pipeline("release".to_owned())), Ok(()));
    assert!(config.warnings().is_empty());
    assert_eq!(names(&config.decide(&push("main"), &Patience::endless())), [("primary", None)]);
    assert_eq!(names(&config.decide(&pull_request(), &Patience::endless())), [("check", None)]);
    assert_eq!(config.decide(&push("dev"), &Patience::endless()), Decision::NoMatch);
    assert_eq!(config.check(&Target::Workflow("check".to_owned())), Ok(()));
    let refused = config.check(&Target::Workflow("nope".to_owned())).expect_err("unknown");
    assert_eq!(refused, "workflow (nope) is not defined in the app's bitrise.yml");
}

#[test]
fn a_target_is_started_once_with_the_highest_priority() {
    let config = config(
        "workflows:
  a: {triggers: {push: [{branch: m*, priority: -5}, {branch: '*n', priority: 7}, {branch: main}]}}
  b: {triggers: {push: [{branch: dev}]}}
  c: {triggers: {push: [{branch: {regex: ai}, commit_message: '*', changed_files: {pattern: '*', last_commit: true}}]}}
trigger_map: [{push_branch: dev2, workflow: b}]
",
    );
    assert_eq!(names(&config.decide(&push("main"), &Patience::endless())), [("a", Some(7)), ("c", None)]);
    assert_eq!(config.decide(&push("dev2"), &Patience::endless()), Decision::NoMatch, "the map is not looked at");
    let warning = "trigger_map: not looked at, as workflows or pipelines have triggers";
    assert_eq!(config.warnings().iter().map(ToString::to_string).collect::<Vec<_>>(), [warning]);
}

#[test]
fn utility_workflows_are_never_started() {
    let map = config("workflows: {_u: {}, a: {}}\ntrigger_map: [{push_branch: '*', workflow: _u}]");
    let reason = "utility workflow (_u) can't be triggered directly".to_owned();
    assert_eq!(map.decide(&push("main"), &Patience::endless()), Decision::Refused(reason.clone()));
    assert_eq!(map.check(&Target::Workflow("_u".to_owned())), Err(reason));
    let targets = config("workflows: {_u: {triggers: {push: [{}]}}, a: {triggers: {push: [{}]}}}");
    assert_eq!(names(&targets.decide(&push("main"), &Patience::endless())), [("a", None)]);
    assert_eq!(targets.warnings().len(), 1);
}

#[test]
fn what_is_wrong_with_triggers_of_targets_is_said_in_the_words_of_the_contract() {
    let of = |triggers: &str| problems(&format!("workflows: {{a: {{triggers: {triggers}}}}}"));
    for (triggers, expected) in [
        ("{push: [{x: y}]}", "'triggers.push[0]': unknown key(s): x"),
        ("{push: [{branch: a}, {branch: a, enabled: false}]}", "'triggers.push[1]': duplicates push trigger item #0"),
        ("{push: [{branch: a}, {branch: {pattern: a}}]}", "'triggers.push[1]': duplicates push trigger item #0"),
        ("{push: [{priority: -101}]}", "'triggers.push[0]': priority (-101) should be between -100 and 100"),
        ("{tag: [{priority: 101}]}", "'triggers.tag[0]': priority (101) should be between -100 and 100"),
        ("{pull_request: [{draft_enabled: 1}]}", "'triggers.pull_request[0]': draft_enabled should be true or false"),
        ("{pushes: []}", "'triggers': unknown key(s): pushes"),
        ("{push: {branch: a}}", "'triggers.push': should be a list of push trigger items"),
        (
            "{push: [{branch: {regex: a, pattern: b}}]}",
            "'triggers.push[0]': 'branch': pattern and regex can't both be set",
        ),
        (
            "{push: [{branch: {last_commit: true, pattern: b}}]}",
            "'triggers.push[0]': 'branch': unknown key(s): last_commit",
        ),
        ("{tag: [{name: {regex: '('}}]}", "'triggers.tag[0]': 'name': invalid regex: unclosed group"),
    ] {
        assert_eq!(of(triggers), [format!("workflow a: {expected}")], "{triggers}");
    }
}

#[test]
fn all_problems_are_told_duplicates_first() {
    let text = "workflows: {a: {}}
trigger_map:
- {push_branch: x, workflow: nope}
- {tag: {regex: '['}, workflow: a}
- {push_branch: x, workflow: a}
- {push_branch: 1.0, workflow: a}
";
    assert_eq!(
        problems(text),
        [
            "the 3. trigger item duplicates the 1. trigger item",
            "trigger item #1: non-existent workflow defined as trigger target: nope",
            "trigger item #2: invalid regex in tag field: unclosed character class",
            "trigger item #4: string literal or regex value is expected for push_branch field",
        ]
    );
}

#[test]
fn a_pull_request_item_with_a_pushed_branch_is_for_pushes() {
    let config = config("workflows: {a: {}}\ntrigger_map: [{type: pull_request, push_branch: main, workflow: a}]");
    assert_eq!(names(&config.decide(&push("main"), &Patience::endless())), [("a", None)]);
    assert_eq!(config.decide(&pull_request(), &Patience::endless()), Decision::NoMatch);
}

#[test]
fn adding_a_label_builds_only_what_asks_for_labels() {
    let config = config(
        "workflows: {a: {}, b: {}}
trigger_map:
- {pull_request_target_branch: main, workflow: a}
- {type: pull_request, pull_request_label: '*', workflow: b}",
    );
    let labelled = BuildParams { pull_request_labels_added: vec!["ci".to_owned()], ..pull_request() };
    assert_eq!(names(&config.decide(&labelled, &Patience::endless())), [("b", None)]);
    assert_eq!(names(&config.decide(&pull_request(), &Patience::endless())), [("a", None)]);
}

#[test]
fn texts_that_are_no_configuration_are_refused() {
    for text in ["", "- a", "workflows: []", "trigger_map: {}", "workflows: {a: {triggers: 5}}", "a: [", "\0"] {
        assert!(Config::parse(text).is_err(), "{text}");
    }
    assert!(Config::parse("workflows:\npipelines: ~\ntrigger_map:\n").is_ok(), "null is absent");
    let large = format!("a: {}", "x".repeat(domain::ci::MAX_CONFIG));
    assert_eq!(problems(&large), ["the configuration has more than 1048576 bytes"]);
}

#[test]
fn triggers_and_regular_expressions_are_limited_in_number() {
    let of = |count: usize, item: fn(usize) -> String| {
        (0..count).fold("workflows: {a: {}}\ntrigger_map:\n".to_owned(), |mut text, n| {
            let _ = writeln!(text, "- {{push_branch: {}, workflow: a}}", item(n));
            text
        })
    };
    assert!(Config::parse(&of(MAX_ITEMS, |n| format!("b{n}"))).is_ok());
    let too_many = problems(&of(MAX_ITEMS + 1, |_| "b".to_owned()));
    assert_eq!(too_many, ["there are 2001 triggers; at most 2000 are allowed"], "duplicates are not even looked for");
    assert!(Config::parse(&of(MAX_REGEXES, |n| format!("{{regex: b{n}}}"))).is_ok());
    let too_many = problems(&of(MAX_REGEXES + 1, |n| format!("{{regex: b{n}}}")));
    assert_eq!(too_many, ["there are 201 regular expressions; at most 200 are allowed"]);
}

#[test]
fn what_became_of_each_item_is_explained() {
    let config = config(
        "workflows: {a: {}}
trigger_map:
- {tag: 'v*', workflow: a}
- {push_branch: dev, workflow: a}
- {push_branch: main, commit_message: 'wip*', workflow: a}
- {push_branch: 'm*', enabled: false, workflow: a}
- {push_branch: '*n', commit_message: {regex: fix}, workflow: a}
- {type: push, workflow: a}
",
    );
    let params = BuildParams {
        commit_messages: vec!["one".to_owned(), "fix it\nby all means".to_owned(), "3".to_owned(), "4".to_owned()],
        ..push("main")
    };
    let explanation = explain(&config, &params).expect("a push");
    let lines = explanation.items.iter().map(|report| {
        let sign = if report.chosen { '+' } else { '-' };
        format!("{sign} {} -> {}: {}", report.item, report.target, report.reasons.join("; "))
    });
    assert_eq!(
        lines.collect::<Vec<_>>(),
        [
            "- trigger item #1 -> workflow:a: it is for tags",
            r#"- trigger item #2 -> workflow:a: push_branch `dev` does not match "main""#,
            r#"- trigger item #3 -> workflow:a: commit_message `wip*` does not match "one", "fix it…", "3" and 1 more"#,
            "- trigger item #4 -> workflow:a: it is disabled",
            r#"+ trigger item #5 -> workflow:a: push_branch `*n` matches "main"; commit_message regex `fix` matches "fix it…""#,
            "- trigger item #6 -> workflow:a: it is for any push; an earlier item matches: the first one counts",
        ]
    );
    assert!(explain(&config, &BuildParams::default()).is_err());
}
