//! `token`: access tokens.

use serde_json::{Value, json};

use crate::cli::{Global, NewToken, TokenCommand};
use crate::client::Client;
use crate::output::{self, Column, Output};

const COLUMNS: &[Column] = &[
    ("ID", "id"),
    ("USER", "user"),
    ("APPLICATION", "oauth_app"),
    ("SCOPES", "scopes"),
    ("NOTE", "note"),
    ("EXPIRES", "expires_at"),
    ("LAST USED", "last_used_at"),
];

/// Creates, lists or revokes tokens.
pub(crate) async fn run(command: TokenCommand, global: &Global) -> anyhow::Result<()> {
    let client = Client::from_global(global)?;
    let output = Output::from_global(global);
    match command {
        TokenCommand::Create(new) => create(&client, new, global.json).await,
        TokenCommand::List { user } => {
            let query: Vec<_> = user.iter().map(|user| ("user", user.as_str())).collect();
            output.list(client.list("/api/v1/tokens", &query, usize::MAX).await?, COLUMNS)
        }
        TokenCommand::Delete { id } => {
            client.delete(&format!("/api/v1/tokens/{id}")).await?;
            output.done(&format!("revoked {id}"))
        }
    }
}

/// Prints the token alone, also into a pipe: `TOKEN=$(postrider token create …)`. `--json` asks for more.
async fn create(client: &Client, new: NewToken, json: bool) -> anyhow::Result<()> {
    let mut body = json!({"scopes": new.scopes});
    if let Some(user) = new.user {
        body["user"] = user.into();
    }
    if let Some(client_id) = new.oauth_app {
        body["oauth_app"] = client_id.into();
    }
    if let Some(note) = new.note {
        body["note"] = note.into();
    }
    if let Some(expires) = new.expires {
        body["expires_in"] = expires.as_secs().into();
    }
    let answer = client.post_json("/api/v1/tokens", &body).await?;
    if json {
        return output::print(&format!("{answer:#}\n"));
    }
    let token = answer.get("token").and_then(Value::as_str).unwrap_or_default();
    output::print(&(output::visible(token) + "\n"))
}
