//! `trigger test`: what docs/cli.md promises to scripts.

use std::path::Path;

use serde_json::{Value, json};

use crate::running::{Running, command};

const CONFIG: &str = "
workflows: {primary: {}, release: {}}
trigger_map:
- {tag: 'v*', workflow: release}
- {push_branch: main, workflow: primary}
";

/// Exit code, what standard output says in JSON, and standard error.
fn test(config: &Path, line: &str) -> (Option<i32>, Value, String) {
    let config = config.display().to_string();
    let arguments = ["trigger", "test", "--config", &config].into_iter().chain(line.split_terminator(' '));
    let output = command(&arguments.collect::<Vec<_>>()).output().expect("runs");
    let said = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), said, String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn the_exit_code_tells_whether_something_would_be_started_and_no_server_is_asked() {
    let dir = tempfile::tempdir().expect("a directory");
    let config = dir.path().join("bitrise.yml");
    std::fs::write(&config, CONFIG).expect("written");

    let (code, said, _) = test(&config, "--push-branch main");
    assert_eq!(code, Some(0));
    assert_eq!(said["starts"], json!([{"target": "workflow:primary", "priority": null}]));
    assert_eq!(said["items"][0]["reasons"], json!(["it is for tags"]));
    assert_eq!(said["items"][1]["reasons"], json!(["push_branch `main` matches \"main\""]));

    let (code, said, errors) = test(&config, "--push-branch dev");
    assert_eq!((code, errors.as_str()), (Some(1), "postrider: this event starts nothing\n"));
    assert_eq!(said["items"][1]["reasons"], json!(["push_branch `main` does not match \"dev\""]));
    assert!(said["refusal"].as_str().expect("says why").contains("no matching workflow found"));

    let params = dir.path().join("params.json");
    std::fs::write(&params, r#"{"build_params": {"tag": "v1"}, "triggered_by": "webhook"}"#).expect("written");
    let (code, said, _) = test(&config, &format!("--params {}", params.display()));
    assert_eq!((code, &said["starts"][0]["target"]), (Some(0), &json!("workflow:release")));

    std::fs::write(&config, "trigger_map: [{tag: a, workflow: nope}]").expect("written");
    let (code, _, errors) = test(&config, "--tag a");
    assert_eq!(code, Some(1));
    assert!(errors.contains("trigger item #1: non-existent workflow defined as trigger target: nope"), "{errors}");

    assert_eq!(test(&dir.path().join("absent.yml"), "--tag a").0, Some(2));
    assert_eq!(test(&config, "--tag a --push-branch b").0, Some(2));
}

#[test]
fn the_configuration_that_a_server_keeps_can_be_asked() {
    let server = Running::start();
    let config = server.path("bitrise.yml");
    std::fs::write(&config, CONFIG).expect("written");
    let line = format!(
        "app create --title Rocket --repo-url https://github.com/acme/rocket.git --config {}",
        config.display()
    );
    let made = server.run(&line);
    assert!(made.status.success(), "{made:?}");
    let made: Value = serde_json::from_slice(&made.stdout).expect("JSON into a pipe");
    let slug = made["slug"].as_str().expect("a slug");
    let asked = server.run(&format!("trigger test --app {slug} --tag v1"));
    let said: Value = serde_json::from_slice(&asked.stdout).expect("JSON into a pipe");
    assert_eq!((asked.status.code(), &said["starts"][0]["target"]), (Some(0), &json!("workflow:release")));
    assert_eq!(server.run(&format!("trigger test --app {slug} --tag 1")).status.code(), Some(1));
}
