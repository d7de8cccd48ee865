//! `build`: builds, their logs, and how to start and stop them.

use std::io::IsTerminal as _;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use crate::cli::{BuildCommand, Global, NewBuild};
use crate::client::{Client, segment, with_query};
use crate::output::{self, Column, Output};

const COLUMNS: &[Column] = &[
    ("NUMBER", "number"),
    ("SLUG", "slug"),
    ("STATUS", "status"),
    ("STAGE", "stage"),
    ("WORKFLOW", "workflow"),
    ("BRANCH", "branch"),
    ("TRIGGERED", "triggered_at"),
    ("FINISHED", "finished_at"),
    ("REASON", "reason"),
];

/// How often `log --follow` asks.
const POLL: Duration = Duration::from_secs(1);

/// Starts, lists, shows, stops builds, or prints a log.
pub(crate) async fn run(command: BuildCommand, global: &Global) -> anyhow::Result<()> {
    let client = Client::from_global(global)?;
    let output = Output::from_global(global);
    match command {
        BuildCommand::Trigger(new) => trigger(&client, output, &new).await,
        BuildCommand::List { app, branch, workflow, status, limit } => {
            let texts = [("branch", &branch), ("workflow", &workflow), ("status", &status)];
            let mut query = vec![("app", app.as_str())];
            query.extend(texts.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))));
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            output.list(client.list("/api/v1/builds", &query, limit).await?, COLUMNS)
        }
        BuildCommand::Show { build } => output.one(&client.get(&path(&build)).await?),
        BuildCommand::Log { build, follow } => log(&client, &build, follow, global.json).await,
        BuildCommand::Abort { build, reason, as_success } => {
            let body = json!({"reason": reason, "success": as_success});
            output.one(&client.post_json(&format!("{}/abort", path(&build)), &body).await?)
        }
    }
}

fn path(build: &str) -> String {
    format!("/api/v1/builds/{}", segment(build))
}

async fn trigger(client: &Client, output: Output, new: &NewBuild) -> anyhow::Result<()> {
    let answer = client.post_json("/api/v1/builds", &body_of(new)?).await?;
    let builds = answer.get("builds").and_then(Value::as_array).cloned().unwrap_or_default();
    if builds.is_empty() {
        // It comes from a fork, and somebody has to approve it.
        return output.one(&answer);
    }
    output.list(builds, COLUMNS)
}

fn body_of(new: &NewBuild) -> anyhow::Result<Value> {
    let mut params = Map::new();
    for (name, value) in [
        ("branch", &new.branch),
        ("tag", &new.tag),
        ("commit_hash", &new.commit),
        ("commit_message", &new.message),
        ("workflow_id", &new.workflow),
        ("pipeline_id", &new.pipeline),
    ] {
        if let Some(value) = value {
            params.insert(name.to_owned(), value.as_str().into());
        }
    }
    let variables = new.environment.iter().map(|given| {
        let (name, value) = given.split_once('=').with_context(|| format!("--env {given}: must be NAME=VALUE"))?;
        Ok(json!({"mapped_to": name, "value": value}))
    });
    let variables = variables.collect::<anyhow::Result<Vec<_>>>()?;
    if !variables.is_empty() {
        params.insert("environments".to_owned(), variables.into());
    }
    Ok(json!({"app": new.app, "params": params}))
}

/// Prints the log as it is into pipes; for terminals without what they would obey, colours aside. With `--json` one
/// object for each answer of the server.
async fn log(client: &Client, build: &str, follow: bool, json: bool) -> anyhow::Result<()> {
    let terminal = std::io::stdout().is_terminal();
    let mut position = 0;
    loop {
        let from = position.to_string();
        let query = [("from", from.as_str()), ("format", "json")];
        let answer = client.get(&with_query(&format!("{}/log", path(build)), &query)).await?;
        let text = answer.get("text").and_then(Value::as_str).unwrap_or_default();
        if json {
            output::print(&format!("{answer}\n"))?;
        } else if terminal {
            output::print(&output::visible_log(text))?;
        } else {
            output::print(text)?;
        }
        position = answer.get("position").and_then(Value::as_u64).unwrap_or(position);
        let ended = answer.get("ended").and_then(Value::as_bool).unwrap_or(true);
        if ended || !follow {
            return Ok(());
        }
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            interrupted = tokio::signal::ctrl_c() => return Ok(interrupted?),
        }
    }
}
