//! `repo`: repositories and their collaborators.

use clap::ValueEnum as _;
use serde_json::json;

use crate::cli::{CollaboratorCommand, Global, RepoCommand, RepoName};
use crate::client::{Client, segment};
use crate::output::{Column, Output};

const COLUMNS: &[Column] = &[
    ("ID", "id"),
    ("NAME", "full_name"),
    ("PRIVATE", "private"),
    ("BRANCH", "default_branch"),
    ("CREATED", "created_at"),
];

/// Creates, lists or deletes repositories, adds and removes collaborators.
pub(crate) async fn run(command: RepoCommand, global: &Global) -> anyhow::Result<()> {
    let client = Client::from_global(global)?;
    let output = Output::from_global(global);
    match command {
        RepoCommand::Create { repository, private, description, default_branch } => {
            let mut body = json!({"owner": repository.owner, "name": repository.name, "private": private});
            let optional = [("description", description), ("default_branch", default_branch)];
            for (name, value) in optional.into_iter().filter_map(|(name, value)| Some((name, value?))) {
                body[name] = value.into();
            }
            output.one(&client.post_json("/api/v1/repos", &body).await?)
        }
        RepoCommand::List { owner } => {
            let query: Vec<_> = owner.iter().map(|owner| ("owner", owner.as_str())).collect();
            output.list(client.list("/api/v1/repos", &query, usize::MAX).await?, COLUMNS)
        }
        RepoCommand::Delete { repository } => {
            client.delete(&path(&repository)).await?;
            output.done(&format!("deleted {repository}"))
        }
        RepoCommand::Collaborator(CollaboratorCommand::Add { repository, user, permission }) => {
            let level = permission.to_possible_value().map(|value| value.get_name().to_owned());
            client.put_json(&collaborator_path(&repository, &user), &json!({"permission": level})).await?;
            output.done(&format!("{user} collaborates on {repository}"))
        }
        RepoCommand::Collaborator(CollaboratorCommand::Remove { repository, user }) => {
            client.delete(&collaborator_path(&repository, &user)).await?;
            output.done(&format!("{user} no longer collaborates on {repository}"))
        }
    }
}

fn path(repository: &RepoName) -> String {
    format!("/api/v1/repos/{}/{}", segment(&repository.owner), segment(&repository.name))
}

fn collaborator_path(repository: &RepoName, user: &str) -> String {
    format!("{}/collaborators/{}", path(repository), segment(user))
}
