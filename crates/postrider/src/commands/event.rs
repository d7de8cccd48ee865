//! `event`: publish and look up.

use std::io::{IsTerminal as _, Read as _};
use std::path::Path;

use anyhow::Context as _;
use bytes::Bytes;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, HeaderValue};

use crate::cli::{EventCommand, Global, PublishArgs};
use crate::client::{Client, ce_header};
use crate::output::{Column, Output};

const COLUMNS: &[Column] =
    &[("ID", "id"), ("ACCEPTED", "accepted_at"), ("SOURCE", "source"), ("TYPE", "type"), ("SUBJECT", "subject")];

/// Publishes, lists or shows events.
pub(crate) async fn run(command: EventCommand, global: &Global) -> anyhow::Result<()> {
    let client = Client::from_global(global)?;
    let output = Output::from_global(global);
    match command {
        EventCommand::Publish(args) => {
            let data = data_of(&args)?;
            output.one(&client.post_raw("/api/v1/events", headers_of(&args)?, data).await?)
        }
        EventCommand::List { source, limit } => {
            let query: Vec<_> = source.iter().map(|source| ("source", source.as_str())).collect();
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            output.list(client.list("/api/v1/events", &query, limit).await?, COLUMNS)
        }
        EventCommand::Show { id } => output.one(&client.get(&format!("/api/v1/events/{id}")).await?),
    }
}

fn data_of(args: &PublishArgs) -> anyhow::Result<Bytes> {
    if let Some(data) = &args.data {
        return Ok(Bytes::copy_from_slice(data.as_bytes()));
    }
    if let Some(file) = args.file.as_deref().filter(|file| *file != Path::new("-")) {
        let data = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        return Ok(data.into());
    }
    let mut stdin = std::io::stdin();
    if stdin.is_terminal() {
        eprintln!("reading the event's data from the terminal, up to Ctrl-D");
    }
    let mut data = Vec::new();
    stdin.read_to_end(&mut data).context("cannot read standard input")?;
    Ok(data.into())
}

/// CloudEvents binary mode: the data is the body, byte for byte.
fn headers_of(args: &PublishArgs) -> anyhow::Result<HeaderMap> {
    let id = args.id.clone().map_or_else(fresh_id, Ok)?;
    let mut headers = HeaderMap::new();
    headers.extend([
        ce_header("ce-specversion", "1.0"),
        ce_header("ce-id", &id),
        ce_header("ce-source", &args.source),
        ce_header("ce-type", &args.kind),
    ]);
    headers.extend(args.subject.as_ref().map(|subject| ce_header("ce-subject", subject)));
    headers.extend(args.time.as_ref().map(|time| ce_header("ce-time", time)));
    anyhow::ensure!(
        !args.content_type.to_ascii_lowercase().starts_with("application/cloudevents"),
        "--content-type names the data's type, not that of an event"
    );
    headers.insert(CONTENT_TYPE, HeaderValue::try_from(&args.content_type).context("--content-type")?);
    Ok(headers)
}

/// A random UUID (version 4).
fn fresh_id() -> anyhow::Result<String> {
    let mut random = [0; 16];
    aws_lc_rs::rand::fill(&mut random).map_err(|_| anyhow::anyhow!("the system gives no random numbers"))?;
    Ok(uuid::Builder::from_random_bytes(random).into_uuid().to_string())
}
