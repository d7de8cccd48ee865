//! `trigger test`: what an event would start, and why.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap::error::ErrorKind;
use dialects::{TriggerReport, TriggerTest, test_triggers};
use domain::ci::{BuildParams, CommitPaths, ReadyState};
use serde_json::Value;

use super::input::text_of;
use crate::cli::{Cli, Global, TriggerCommand, TriggerTestArgs};
use crate::client::{self, Client, segment};
use crate::output::{Output, visible};

/// Says what would be started. Only `--app` needs a server.
pub(crate) fn run(command: TriggerCommand, global: &Global) -> anyhow::Result<()> {
    let TriggerCommand::Test(args) = command;
    let config = match (&args.config, &args.app) {
        (Some(file), _) => usable(text_of(file)),
        (None, Some(app)) => stored(app, global)?,
        (None, None) => String::new(),
    };
    let params = usable(params_of(&args));
    let tested = test_triggers(&config, &params)
        .map_err(|problems| anyhow::anyhow!("the configuration is not valid:\n{}", visible_lines(&problems)))?;
    Output::from_global(global).told(&serde_json::to_value(&tested)?, &sheet(&tested))?;
    // Why not is on standard output; the error makes the exit code.
    anyhow::ensure!(!tested.starts.is_empty(), "this event starts nothing");
    Ok(())
}

/// What cannot be read is wrong usage, so that 1 means "starts nothing".
fn usable<T>(read: anyhow::Result<T>) -> T {
    read.unwrap_or_else(|error| Cli::command().error(ErrorKind::Io, format!("{error:#}")).exit())
}

/// The `bitrise.yml` that the server has.
fn stored(app: &str, global: &Global) -> anyhow::Result<String> {
    let mut config = None;
    client::run(async {
        let answer = Client::from_global(global)?.get(&format!("/api/v1/apps/{}/config", segment(app))).await?;
        config = answer.get("config").and_then(Value::as_str).map(str::to_owned);
        Ok(())
    })?;
    config.context("the app has no bitrise.yml: only calls that name a workflow start anything")
}

fn params_of(args: &TriggerTestArgs) -> anyhow::Result<BuildParams> {
    let mut params = match &args.params {
        Some(file) => params_in(file)?,
        None => BuildParams::default(),
    };
    let set = |field: &mut String, given: &Option<String>| {
        if let Some(given) = given {
            field.clone_from(given);
        }
    };
    set(&mut params.branch, &args.push_branch);
    set(&mut params.branch, &args.pr_source);
    set(&mut params.branch_dest, &args.pr_target);
    set(&mut params.tag, &args.tag);
    set(&mut params.pull_request_comment, &args.comment);
    set(&mut params.workflow_id, &args.workflow);
    if args.pr_source.is_some() || args.pr_target.is_some() {
        params.pull_request_id = params.pull_request_id.max(1);
    }
    let extend = |field: &mut Vec<String>, given: &[String]| field.extend_from_slice(given);
    extend(&mut params.commit_messages, &args.commit_message);
    extend(&mut params.pull_request_labels, &args.label);
    extend(&mut params.pull_request_labels_added, &args.label_added);
    if !args.changed_file.is_empty() {
        let paths = CommitPaths { modified: args.changed_file.clone(), ..CommitPaths::default() };
        params.commit_paths.get_or_insert_default().push(paths);
    }
    let state = match (args.draft, args.ready, args.converted) {
        (true, _, _) => Some(ReadyState::Draft),
        (_, true, _) => Some(ReadyState::ReadyForReview),
        (_, _, true) => Some(ReadyState::ConvertedToReadyForReview),
        (false, false, false) => None,
    };
    params.pull_request_ready_state = state.or(params.pull_request_ready_state);
    Ok(params)
}

/// Parameters in a file, alone or as a trigger call carries them.
fn params_in(file: &Path) -> anyhow::Result<BuildParams> {
    let mut value: Value =
        serde_json::from_str(&text_of(file)?).with_context(|| format!("{} is no JSON", file.display()))?;
    if let Some(inner) = value.get_mut("build_params") {
        value = inner.take();
    }
    serde_json::from_value(value).with_context(|| format!("{} holds no build parameters", file.display()))
}

fn sheet(tested: &TriggerTest) -> String {
    let mut text = String::new();
    for warning in &tested.warnings {
        let _ = writeln!(text, "warning: {}", visible(warning));
    }
    for item in &tested.items {
        line(&mut text, item);
    }
    for started in &tested.starts {
        let priority = started.priority.map(|priority| format!(" with priority {priority}")).unwrap_or_default();
        let _ = writeln!(text, "starts {}{priority}", visible(&started.target));
    }
    if let Some(refusal) = &tested.refusal {
        let _ = writeln!(text, "starts nothing: {}", visible(refusal));
    }
    text
}

fn line(text: &mut String, item: &TriggerReport) {
    let sign = if item.chosen { "+" } else { "-" };
    let _ = writeln!(text, "{sign} {} ({})", visible(&item.item), visible(&item.target));
    for reason in &item.reasons {
        let _ = writeln!(text, "    {}", visible(reason));
    }
}

fn visible_lines(problems: &[String]) -> String {
    problems.iter().map(|problem| visible(problem)).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Command;

    fn params(line: &str) -> BuildParams {
        let words = ["postrider", "trigger", "test", "--config", "f"].into_iter().chain(line.split(' '));
        let Command::Trigger(TriggerCommand::Test(args)) = Cli::try_parse_from(words).expect("parses").command else {
            panic!("another verb")
        };
        params_of(&args).expect("no file is read")
    }

    #[test]
    fn options_become_the_parameters_a_git_host_s_request_would() {
        let push = params("--push-branch main --commit-message a --commit-message b --changed-file x --changed-file y");
        assert_eq!((push.branch.as_str(), push.is_pull_request()), ("main", false));
        assert_eq!(push.commit_messages, ["a", "b"]);
        assert_eq!(push.commit_paths.expect("known")[0].modified, ["x", "y"]);
        let pull_request = params("--pr-source f --draft --label ci --label-added x --comment go");
        assert!(pull_request.is_pull_request());
        assert_eq!(pull_request.pull_request_ready_state, Some(ReadyState::Draft));
        assert_eq!(params("--tag v1 --workflow w").workflow_id, "w");
    }

    #[test]
    fn what_contradicts_itself_is_wrong_usage() {
        for line in ["--push-branch a --tag b", "--pr-source a --tag b", "--draft --ready", "--push-branch a --app b"] {
            let words = ["postrider", "trigger", "test", "--config", "f"].into_iter().chain(line.split(' '));
            assert_eq!(Cli::try_parse_from(words).expect_err(line).exit_code(), 2, "{line}");
        }
        assert!(Cli::try_parse_from(["postrider", "trigger", "test", "--tag", "v1"]).is_err(), "no configuration");
    }
}
