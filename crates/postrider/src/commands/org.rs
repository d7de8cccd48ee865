//! `org`: organizations and their members.

use clap::ValueEnum as _;
use serde_json::{Map, Value, json};

use crate::cli::{Global, MemberCommand, OrgCommand};
use crate::client::{Client, segment};
use crate::output::{Column, Output};

const COLUMNS: &[Column] = &[("ID", "id"), ("LOGIN", "login"), ("NAME", "name"), ("CREATED", "created_at")];

/// Creates, lists or deletes organizations, adds and removes members.
pub(crate) async fn run(command: OrgCommand, global: &Global) -> anyhow::Result<()> {
    let client = Client::from_global(global)?;
    let output = Output::from_global(global);
    match command {
        OrgCommand::Create { login, owner, name, project_key } => {
            let mut body = Map::from_iter([("login".to_owned(), Value::from(login))]);
            body.extend(owner.map(|owner| ("owner".to_owned(), owner.into())));
            body.extend(name.map(|name| ("name".to_owned(), name.into())));
            body.extend(project_key.map(|key| ("project_key".to_owned(), key.into())));
            output.one(&client.post_json("/api/v1/orgs", &body).await?)
        }
        OrgCommand::List => output.list(client.list("/api/v1/orgs", &[], usize::MAX).await?, COLUMNS),
        OrgCommand::Delete { login } => {
            client.delete(&format!("/api/v1/orgs/{}", segment(&login))).await?;
            output.done(&format!("deleted {login}"))
        }
        OrgCommand::Member(MemberCommand::Add { org, user, role }) => {
            let role = role.to_possible_value().map(|value| value.get_name().to_owned());
            client.put_json(&member_path(&org, &user), &json!({"role": role})).await?;
            output.done(&format!("{user} belongs to {org}"))
        }
        OrgCommand::Member(MemberCommand::Remove { org, user }) => {
            client.delete(&member_path(&org, &user)).await?;
            output.done(&format!("{user} no longer belongs to {org}"))
        }
    }
}

fn member_path(org: &str, user: &str) -> String {
    format!("/api/v1/orgs/{}/members/{}", segment(org), segment(user))
}
