//! `git-account`: accounts at git hosts.

use std::io::Read as _;

use anyhow::Context as _;
use serde_json::json;

use crate::cli::{GitAccountCommand, GitToken, Global, NewGitAccount};
use crate::client::{Client, segment};
use crate::output::{Column, Output};

/// Most that is read from standard input, in bytes.
const MAX_INPUT: u64 = 64 * 1024;

const COLUMNS: &[Column] =
    &[("OWNER", "owner"), ("HOST", "host"), ("API", "api"), ("USER", "user"), ("CREATED", "created_at")];

/// Connects, lists or forgets accounts.
pub(crate) async fn run(command: GitAccountCommand, global: &Global) -> anyhow::Result<()> {
    let client = Client::from_global(global)?;
    let output = Output::from_global(global);
    match command {
        GitAccountCommand::Set(new) => {
            let NewGitAccount { owner, host, user, token } = new;
            let body = json!({"owner": owner, "host": host, "user": user, "token": read(token)?});
            output.one(&client.put_json("/api/v1/git-accounts", &body).await?)
        }
        GitAccountCommand::List { owner } => {
            let query: Vec<_> = owner.iter().map(|owner| ("owner", owner.as_str())).collect();
            output.list(client.list("/api/v1/git-accounts", &query, usize::MAX).await?, COLUMNS)
        }
        GitAccountCommand::Remove { owner, host } => {
            client.delete(&format!("/api/v1/git-accounts/{}/{host}", segment(&owner))).await?;
            output.done(&format!("forgot {owner} at {host}"))
        }
    }
}

fn read(token: GitToken) -> anyhow::Result<String> {
    if let Some(token) = token.git_token {
        return Ok(token);
    }
    let mut text = String::new();
    std::io::stdin().take(MAX_INPUT).read_to_string(&mut text).context("cannot read the token from standard input")?;
    Ok(text.trim().to_owned())
}
