//! `app`: apps, what hooks of git hosts call, and their `bitrise.yml`.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::input::{secret_in, text_of};
use crate::cli::{AppCommand, AppEdit, Global, NewApp};
use crate::client::{Client, segment};
use crate::output::{self, Column, Output};

const COLUMNS: &[Column] = &[
    ("SLUG", "slug"),
    ("TITLE", "title"),
    ("OWNER", "owner"),
    ("PROVIDER", "provider"),
    ("REPOSITORY", "repo_url"),
    ("DISABLED", "is_disabled"),
    ("CREATED", "created_at"),
];

/// Registers, lists, shows, changes or deletes apps.
pub(crate) async fn run(command: AppCommand, global: &Global) -> anyhow::Result<()> {
    let client = Client::from_global(global)?;
    let output = Output::from_global(global);
    match command {
        AppCommand::Create(new) => output.one(&client.post_json("/api/v1/apps", &body_of(&new)?).await?),
        AppCommand::List { owner } => {
            let query: Vec<_> = owner.iter().map(|owner| ("owner", owner.as_str())).collect();
            output.list(client.list("/api/v1/apps", &query, usize::MAX).await?, COLUMNS)
        }
        AppCommand::Show { app } => output.one(&client.get(&path(&app)).await?),
        AppCommand::Edit(edit) => output.one(&client.patch_json(&path(&edit.app), &changes_of(&edit)?).await?),
        AppCommand::Delete { app } => {
            client.delete(&path(&app)).await?;
            output.done(&format!("deleted {app}"))
        }
        AppCommand::RotateToken { app } => {
            output.one(&client.post_json(&format!("{}/rotate-token", path(&app)), &json!({})).await?)
        }
        AppCommand::Config { app, set } => config(&client, output, &app, set.as_deref(), global.json).await,
    }
}

/// Prints the file as it is, also into a pipe: `postrider app config SLUG >bitrise.yml`. `--json` asks for more.
async fn config(client: &Client, output: Output, app: &str, set: Option<&Path>, json: bool) -> anyhow::Result<()> {
    let path = format!("{}/config", path(app));
    if let Some(file) = set {
        let answer = client.put_json(&path, &json!({"config": text_of(file)?})).await?;
        for warning in answer.get("warnings").and_then(Value::as_array).into_iter().flatten() {
            eprintln!("warning: {}", output::visible(warning.as_str().unwrap_or_default()));
        }
        return output.done(&format!("stored the configuration of {app}"));
    }
    let answer = client.get(&path).await?;
    match answer.get("config").and_then(Value::as_str) {
        _ if json => output.one(&answer),
        Some(text) => output::print(text),
        None => anyhow::bail!("the app has no configuration"),
    }
}

fn body_of(new: &NewApp) -> anyhow::Result<Value> {
    let mut body = json!({
        "owner": new.owner,
        "repository": new.repo.as_ref().map(ToString::to_string),
        "title": new.title,
        "repo_url": new.repo_url,
        "provider": new.provider,
        "project_type": new.project_type,
        "default_branch": new.default_branch,
        "relay": new.relay,
        "is_public": new.public,
        "manual_approval": !new.no_approval,
    });
    if let Some(file) = &new.config {
        body["config"] = text_of(file)?.into();
    }
    if new.webhook_secret_stdin {
        body["webhook_secret"] = secret_in(Path::new("-"))?.into();
    }
    Ok(body)
}

fn changes_of(edit: &AppEdit) -> anyhow::Result<Value> {
    let named = [
        ("title", edit.title.clone().map(Value::from)),
        ("repository", edit.repo.as_ref().map(|repo| repo.to_string().into())),
        ("repository", edit.no_repo.then_some(Value::Null)),
        ("repo_url", edit.repo_url.clone().map(Value::from)),
        ("provider", edit.provider.clone().map(Value::from)),
        ("project_type", edit.project_type.clone().map(Value::from)),
        ("default_branch", edit.default_branch.clone().map(Value::from)),
        ("relay", edit.relay.map(Value::from)),
        ("is_public", edit.public.map(Value::from)),
        ("is_disabled", edit.disabled.map(Value::from)),
        ("manual_approval", edit.approval.map(Value::from)),
        ("webhook_secret", edit.no_webhook_secret.then_some(Value::Null)),
    ];
    let named = named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let mut changes: Map<String, Value> = named.collect();
    if edit.webhook_secret_stdin {
        changes.insert("webhook_secret".to_owned(), secret_in(Path::new("-"))?.into());
    }
    anyhow::ensure!(!changes.is_empty(), "nothing to change was named");
    Ok(changes.into())
}

fn path(app: &str) -> String {
    format!("/api/v1/apps/{}", segment(app))
}
