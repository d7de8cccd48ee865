//! `hub`: topics, subscriptions and the hub's log.

use crate::cli::{Global, HubCommand};
use crate::client::Client;
use crate::output::{Column, Output};

const TOPICS: &[Column] =
    &[("ID", "id"), ("URL", "url"), ("KIND", "kind"), ("SUBSCRIPTIONS", "subscriptions"), ("SINCE", "created_at")];
const SUBSCRIPTIONS: &[Column] = &[
    ("ID", "id"),
    ("CALLBACK HOST", "callback_host"),
    ("CALLBACK", "callback_hash"),
    ("SIGNED", "signed"),
    ("RENEWED", "renewed_at"),
    ("EXPIRES", "expires_at"),
];
const LOG: &[Column] = &[
    ("AT", "at"),
    ("JOB", "job"),
    ("MODE", "mode"),
    ("TOPIC", "topic"),
    ("CALLBACK HOST", "callback_host"),
    ("OUTCOME", "outcome"),
    ("STATUS", "status"),
    ("REASON", "reason"),
];

/// Lists topics, subscriptions or the log, or ends a subscription.
pub(crate) async fn run(command: HubCommand, global: &Global) -> anyhow::Result<()> {
    let client = Client::from_global(global)?;
    let output = Output::from_global(global);
    match command {
        HubCommand::Topics => output.list(client.list("/api/v1/hub/topics", &[], usize::MAX).await?, TOPICS),
        HubCommand::Subscriptions { topic } => {
            let query = [("topic", topic.as_str())];
            output.list(client.list("/api/v1/hub/subscriptions", &query, usize::MAX).await?, SUBSCRIPTIONS)
        }
        HubCommand::Log { topic, limit } => {
            let query: Vec<_> = topic.iter().map(|topic| ("topic", topic.as_str())).collect();
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            output.list(client.list("/api/v1/hub/log", &query, limit).await?, LOG)
        }
        HubCommand::Unsubscribe { id } => {
            client.delete(&format!("/api/v1/hub/subscriptions/{id}")).await?;
            output.done(&format!("ended {id}"))
        }
    }
}
