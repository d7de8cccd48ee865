//! `oauth-app`: OAuth applications.

use serde_json::{Value, json};

use crate::cli::{Global, NewOAuthApp, OAuthAppCommand};
use crate::client::{Client, segment};
use crate::output::{Column, Output};

const COLUMNS: &[Column] = &[
    ("CLIENT ID", "client_id"),
    ("NAME", "name"),
    ("OWNER", "owner"),
    ("REDIRECT URIS", "redirect_uris"),
    ("DEVICE FLOW", "device_flow"),
    ("CREATED", "created_at"),
];

/// Registers, lists or deletes applications, or renews a secret.
pub(crate) async fn run(command: OAuthAppCommand, global: &Global) -> anyhow::Result<()> {
    let client = Client::from_global(global)?;
    let output = Output::from_global(global);
    match command {
        OAuthAppCommand::Create(new) => output.one(&client.post_json("/api/v1/oauth-apps", &body(&new)).await?),
        OAuthAppCommand::List { owner } => {
            let query: Vec<_> = owner.iter().map(|owner| ("owner", owner.as_str())).collect();
            output.list(client.list("/api/v1/oauth-apps", &query, usize::MAX).await?, COLUMNS)
        }
        OAuthAppCommand::Delete { client_id } => {
            client.delete(&path(&client_id)).await?;
            output.done(&format!("deleted {client_id}"))
        }
        OAuthAppCommand::Secret { client_id } => {
            output.one(&client.post_json(&format!("{}/secret", path(&client_id)), &json!({})).await?)
        }
    }
}

fn body(new: &NewOAuthApp) -> Value {
    json!({
        "owner": new.owner,
        "name": new.name,
        "redirect_uris": new.redirect_uris,
        "homepage": new.homepage,
        "device_flow": new.device_flow,
    })
}

fn path(client_id: &str) -> String {
    format!("/api/v1/oauth-apps/{}", segment(client_id))
}
