//! `doctor`: checks the installation, through the running server or, when there is none, on the database itself.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::ensure;
use serde_json::{Value, json};

use crate::cli::{Global, ServeArgs, ServerArgs};
use crate::client::{self, Client, ClientError};
use crate::commands::serve;
use crate::config::Config;
use crate::output::Output;
use crate::wire;

/// Prints one line for each check; fails if one of them does.
pub(crate) fn run(args: ServerArgs, global: &Global) -> anyhow::Result<()> {
    let serve_args = ServeArgs { server_args: args, ..ServeArgs::default() };
    let config = serve::load(&serve_args, global)?;
    client::run(async {
        let checks = examine(&config, global).await?;
        let failed = checks.iter().filter(|check| check["result"] == "failed").count();
        Output::from_global(global).list(checks, &[("RESULT", "result"), ("CHECK", "check"), ("DETAIL", "detail")])?;
        ensure!(failed == 0, "{failed} of the checks failed");
        Ok(())
    })
}

async fn examine(config: &Config, global: &Global) -> anyhow::Result<Vec<Value>> {
    let folder = &config.server.data_dir;
    let mut checks = vec![
        verdict("configuration", Ok("valid".to_owned())),
        verdict("data directory is private", private(folder)),
        verdict("keys are private", private(&folder.join("keys"))),
    ];
    let client = Client::from_global(global)?;
    match client.get("/api/v1/doctor").await {
        Ok(report) => {
            checks.push(verdict("server", Ok(format!("version {}", text(&report["version"])))));
            let problem = report["store"]["problem"].as_str().map(ToOwned::to_owned);
            checks.push(verdict("store commits", problem.map_or(Ok("yes".to_owned()), Err)));
            checks.push(conservation(&report["conservation"]));
        }
        Err(error @ ClientError::Unreachable { .. }) => {
            checks.push(json!({"result": "note", "check": "server", "detail": error.to_string()}));
            checks.push(without_server(config).await);
        }
        Err(error) => checks.push(verdict("server", Err(error.to_string()))),
    }
    Ok(checks)
}

/// Counts in the database itself.
async fn without_server(config: &Config) -> Value {
    let counted = async {
        let store = wire::open_alone(config).await?;
        let counts = store.conservation().await?;
        store.close().await;
        let states = counts.by_state.iter().map(|(state, count)| (state.as_str().to_owned(), Value::from(*count)));
        let mut report: serde_json::Map<_, _> = states.collect();
        report.insert("planned".to_owned(), counts.planned.into());
        report.insert("holds".to_owned(), counts.holds().into());
        anyhow::Ok(Value::Object(report))
    };
    match counted.await {
        Ok(report) => conservation(&report),
        Err(error) => verdict("database", Err(format!("{error:#}"))),
    }
}

/// P3: every delivery ever planned is in exactly one state.
fn conservation(report: &Value) -> Value {
    let counts = report.as_object().into_iter().flatten().filter(|(name, _)| *name != "holds");
    let detail = counts.map(|(name, count)| format!("{name} {count}")).collect::<Vec<_>>().join(", ");
    let holds = report["holds"].as_bool().unwrap_or(false);
    verdict("every planned delivery is accounted for", if holds { Ok(detail) } else { Err(detail) })
}

fn private(path: &Path) -> Result<String, String> {
    let mode = std::fs::metadata(path).map_err(|error| format!("{}: {error}", path.display()))?.permissions().mode();
    let shown = format!("{} has mode {:o}", path.display(), mode & 0o777);
    if mode.trailing_zeros() >= 6 { Ok(shown) } else { Err(shown) }
}

fn verdict(check: &str, result: Result<String, String>) -> Value {
    let (name, detail) = match result {
        Ok(detail) => ("ok", detail),
        Err(detail) => ("failed", detail),
    };
    json!({"result": name, "check": check, "detail": detail})
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("unknown")
}
