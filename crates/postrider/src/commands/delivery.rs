//! `delivery`: the log.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::Context as _;
use domain::time::Timestamp;
use serde_json::Value;

use crate::cli::{DeliveryCommand, DeliveryFilter, Global};
use crate::client::Client;
use crate::output::{Column, Output};

const COLUMNS: &[Column] = &[
    ("ID", "id"),
    ("STARTED", "started_at"),
    ("EVENT", "event"),
    ("NO", "number"),
    ("OUTCOME", "outcome"),
    ("STATUS", "status"),
    ("MS", "duration_ms"),
    ("STATE", "state"),
    ("RETRY AT", "retry_at"),
];

/// How often `tail` asks.
const POLL: Duration = Duration::from_secs(1);
/// How many attempts `tail` looks at per poll.
const WINDOW: usize = 1_000;
/// An attempt enters the log when it is over, so one that began earlier may appear later: by its longest exchange,
/// 30 s, and the lag of a busy log.
const LAG: Duration = Duration::from_secs(90);

/// Lists, shows, redelivers or follows attempts.
pub(crate) async fn run(command: DeliveryCommand, global: &Global) -> anyhow::Result<()> {
    let client = Client::from_global(global)?;
    let output = Output::from_global(global);
    match command {
        DeliveryCommand::List { hook, filter, limit } => {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            output.list(client.list(&path(hook), &query_of(&filter), limit).await?, COLUMNS)
        }
        DeliveryCommand::Show { id } => output.one(&client.get(&format!("/api/v1/deliveries/{id}")).await?),
        DeliveryCommand::Redeliver { id } => {
            let path = format!("/api/v1/deliveries/{id}/redeliver");
            output.one(&client.post_raw(&path, http::HeaderMap::new(), bytes::Bytes::new()).await?)
        }
        DeliveryCommand::Tail { hook, filter } => tail(&client, output, hook, &filter).await,
    }
}

fn path(hook: i64) -> String {
    format!("/api/v1/hooks/{hook}/deliveries")
}

fn query_of(filter: &DeliveryFilter) -> Vec<(&'static str, &str)> {
    let texts = [("since", &filter.since), ("until", &filter.until), ("event", &filter.event), ("guid", &filter.guid)];
    let texts = texts.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
    texts.chain(filter.failed.then_some(("failed", "true"))).collect()
}

/// Polls until interrupted. Attempts already there are only shown with `--since`.
async fn tail(client: &Client, output: Output, hook: i64, filter: &DeliveryFilter) -> anyhow::Result<()> {
    let mut filter = filter.clone();
    let mut seen = HashSet::new();
    if let Some(since) = &mut filter.since {
        // In the server's form, so that texts compare as moments do.
        let moment = Timestamp::parse_rfc3339(since).context("--since must look like 2026-01-02T03:04:05Z")?;
        *since = moment.rfc3339_millis();
    } else {
        let newest = client.list(&path(hook), &query_of(&filter), 1).await?;
        filter.since = window_start(&newest);
        let window = client.list(&path(hook), &query_of(&filter), WINDOW).await?;
        seen = window.iter().filter_map(id_of).collect();
    }
    let mut titled = true;
    let mut ticks = tokio::time::interval(POLL);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            interrupted = tokio::signal::ctrl_c() => return Ok(interrupted?),
        }
        let window = client.list(&path(hook), &query_of(&filter), WINDOW).await?;
        for item in window.iter().rev().filter(|item| id_of(item).is_some_and(|id| !seen.contains(&id))) {
            output.row(item, COLUMNS, titled)?;
            titled = false;
        }
        if window.len() < WINDOW {
            // Only a whole window proves that what is not in it lies before it.
            seen.clear();
            filter.since = window_start(&window).max(filter.since);
        }
        seen.extend(window.iter().filter_map(id_of));
    }
}

fn id_of(item: &Value) -> Option<i64> {
    item.get("id")?.as_i64()
}

/// Where to look for what is still to come, given what is there.
fn window_start(items: &[Value]) -> Option<String> {
    let began = items.iter().filter_map(|item| Timestamp::parse_rfc3339(item.get("started_at")?.as_str()?));
    began.max().map(|latest| latest.minus(LAG).rfc3339_millis())
}
