//! `hook`: who wants what, where.

use clap::ValueEnum as _;
use serde_json::{Value, json};

use super::input::secret_in;
use crate::cli::{Global, HookCommand, NewHook, Retries};
use crate::client::Client;
use crate::output::{Column, Output};

const COLUMNS: &[Column] = &[
    ("ID", "id"),
    ("DIALECT", "dialect"),
    ("URL", "url"),
    ("EVENTS", "events"),
    ("ACTIVE", "active"),
    ("SECRET", "secret_set"),
    ("QUEUED", "queued"),
    ("BREAKER", "/breaker/state"),
];

/// Creates, lists, shows, pings, heals or deletes hooks.
pub(crate) async fn run(command: HookCommand, global: &Global) -> anyhow::Result<()> {
    let client = Client::from_global(global)?;
    let output = Output::from_global(global);
    match command {
        HookCommand::Create(new) => output.one(&client.post_json("/api/v1/hooks", &body_of(&new)?).await?),
        HookCommand::List(target) => {
            let scope = target.scope();
            output.list(client.list("/api/v1/hooks", &[("scope", &scope)], usize::MAX).await?, COLUMNS)
        }
        HookCommand::Show { id } => output.one(&client.get(&format!("/api/v1/hooks/{id}")).await?),
        HookCommand::Ping { id } => {
            client.post_raw(&format!("/api/v1/hooks/{id}/pings"), http::HeaderMap::new(), bytes::Bytes::new()).await?;
            output.done(&format!("pinged {id}"))
        }
        HookCommand::CloseBreaker { id } => {
            let path = format!("/api/v1/hooks/{id}/breaker/close");
            client.post_raw(&path, http::HeaderMap::new(), bytes::Bytes::new()).await?;
            output.done(&format!("closed the breaker of {id}"))
        }
        HookCommand::Delete { id } => {
            client.delete(&format!("/api/v1/hooks/{id}")).await?;
            output.done(&format!("deleted {id}"))
        }
    }
}

fn body_of(new: &NewHook) -> anyhow::Result<Value> {
    let content_type = new.content_type.to_possible_value().map(|value| value.get_name().to_owned());
    let mut body = json!({
        "scope": new.target.scope(),
        "dialect": new.dialect,
        "url": new.url,
        "content_type": content_type,
        "insecure_ssl": new.insecure_ssl,
        "active": !new.inactive,
    });
    let secret = match &new.secret_file {
        Some(file) => Some(secret_in(file)?),
        None => new.secret.clone(),
    };
    if let Some(secret) = secret {
        body["secret"] = secret.into();
    }
    if let Some(events) = &new.events {
        body["events"] = events.as_slice().into();
    }
    if let Some(timeout) = new.timeout {
        body["timeout"] = timeout.into();
    }
    match &new.retries {
        Some(Retries::Preset(name)) => body["retries"] = name.as_str().into(),
        Some(Retries::Custom(delays)) => body["retries"] = delays.as_slice().into(),
        None => {}
    }
    Ok(body)
}
