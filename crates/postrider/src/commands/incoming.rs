//! `incoming`: requests that hooks of git hosts have sent.

use crate::cli::{Global, IncomingCommand, IncomingFilter};
use crate::client::{Client, segment};
use crate::output::{Column, Output};

const COLUMNS: &[Column] = &[
    ("UID", "uid"),
    ("RECEIVED", "received_at"),
    ("PROVIDER", "provider"),
    ("EVENT", "event"),
    ("VERDICT", "verdict"),
    ("STATUS", "status"),
    ("REPEATS", "repeats"),
    ("REPLAY OF", "replay_of"),
];

/// Lists, shows or replays requests.
pub(crate) async fn run(command: IncomingCommand, global: &Global) -> anyhow::Result<()> {
    let client = Client::from_global(global)?;
    let output = Output::from_global(global);
    match command {
        IncomingCommand::List { app, filter, limit } => {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            output.list(client.list(&path(&app), &query_of(&filter), limit).await?, COLUMNS)
        }
        IncomingCommand::Show { app, uid } => output.one(&client.get(&one(&app, &uid)).await?),
        IncomingCommand::Replay { app, uid } => {
            let path = format!("{}/replay", one(&app, &uid));
            output.one(&client.post_raw(&path, http::HeaderMap::new(), bytes::Bytes::new()).await?)
        }
    }
}

fn path(app: &str) -> String {
    format!("/api/v1/apps/{}/incoming", segment(app))
}

fn one(app: &str, uid: &str) -> String {
    format!("{}/{}", path(app), segment(uid))
}

fn query_of(filter: &IncomingFilter) -> Vec<(&'static str, &str)> {
    let texts = [("provider", &filter.provider), ("verdict", &filter.verdict), ("status", &filter.status)];
    texts.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
}
