//! `user`: people and robots.

use serde_json::json;

use crate::cli::{Global, UserCommand};
use crate::client::{Client, segment};
use crate::output::{Column, Output};

const COLUMNS: &[Column] =
    &[("ID", "id"), ("LOGIN", "login"), ("NAME", "name"), ("SITE ADMIN", "site_admin"), ("CREATED", "created_at")];

/// Creates, lists or deletes users.
pub(crate) async fn run(command: UserCommand, global: &Global) -> anyhow::Result<()> {
    let client = Client::from_global(global)?;
    let output = Output::from_global(global);
    match command {
        UserCommand::Create { login, site_admin, name, email } => {
            let body = json!({"login": login, "site_admin": site_admin, "name": name, "email": email});
            output.one(&client.post_json("/api/v1/users", &body).await?)
        }
        UserCommand::List => output.list(client.list("/api/v1/users", &[], usize::MAX).await?, COLUMNS),
        UserCommand::Delete { login } => {
            client.delete(&format!("/api/v1/users/{}", segment(&login))).await?;
            output.done(&format!("deleted {login}"))
        }
    }
}
