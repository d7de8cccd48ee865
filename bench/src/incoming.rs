//! Pushes of a git host that come in, each of which becomes a build before it is answered.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context, ensure};
use bytes::Bytes;
use serde_json::{Value, json};

use crate::clock::{nanos, seconds_since};
use crate::line::Line;
use crate::product::Product;
use crate::sink::Sink;
use crate::{raw, report};

/// Connections of the git host.
const CONNECTIONS: usize = 32;
/// Builds whose deliveries may be outstanding before the host pauses.
const WINDOW: u64 = 2_000;
/// The app's triggers: one workflow for pushes to one branch.
const CONFIG: &str = "trigger_map:\n- push_branch: main\n  workflow: ci\nworkflows:\n  ci: {}\n";

/// What a run came to.
#[derive(Debug)]
pub(crate) struct Pushes {
    /// Pushes answered per second, each a build on the disk.
    pub per_second: f64,
    /// From sending a push to its answer, in nanoseconds, sorted.
    pub times: Vec<u64>,
    /// From the last answer to the last `build/triggered` at the receiver, in seconds; without hooks 0.
    pub drained: f64,
}

/// Measures without outgoing hooks and with one, each beside the raw limit for the same body.
pub(crate) async fn run(
    binary: &Path,
    folder: Option<&Path>,
    sink: &Arc<Sink>,
    rounds: usize,
    time: Duration,
) -> anyhow::Result<()> {
    for round in 1..=rounds {
        for hooks in [0, 1] {
            let raw = raw::run(sink, Bytes::from(push()), CONNECTIONS, time).await?;
            let product = Product::start(binary, folder).await?;
            let path = set_up(&product, sink.port, hooks).await?;
            flat_out(&product, sink, &path, hooks, crate::WARM_UP).await?;
            let pushes = flat_out(&product, sink, &path, hooks, time).await?;
            report::pushes(round, hooks, raw, &pushes, product.resident_kib()?);
        }
    }
    Ok(())
}

/// Makes an app with that many signed outgoing hooks; returns the path hooks of a git host call.
async fn set_up(product: &Product, port: u16, hooks: u64) -> anyhow::Result<String> {
    let app = json!({"title": "bench", "repo_url": "https://github.com/acme/bench.git", "config": CONFIG});
    let (status, answer) = product.call("/api/v1/apps", &app).await?;
    ensure!(status == 201, "cannot create the app: {status} {answer}");
    let app: Value = serde_json::from_str(&answer)?;
    let slug = app["slug"].as_str().context("an app has a slug")?;
    for hook in 0..hooks {
        let hook = json!({
            "url": format!("http://127.0.0.1:{port}/build{hook}"), "events": ["build"], "secret": "It's a Secret to Everybody",
        });
        let (status, answer) = product.call(&format!("/v0.1/apps/{slug}/outgoing-webhooks"), &hook).await?;
        ensure!(status == 201, "cannot create the hook: {status} {answer}");
    }
    let url = app["incoming_url"].as_str().context("an app has a URL for hooks")?;
    let path = url.splitn(4, '/').nth(3).context("a URL has a path")?;
    Ok(format!("/{path}"))
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

async fn flat_out(
    product: &Product,
    sink: &Arc<Sink>,
    path: &str,
    hooks: u64,
    time: Duration,
) -> anyhow::Result<Pushes> {
    let before = sink.received();
    let sent = Arc::new(AtomicU64::new(0));
    let start = nanos();
    let mut pushing = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let mut line = Line::open(product).await?;
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\nx-github-event: push\r\n",
            product.address
        );
        let (sink, sent, body) = (sink.clone(), sent.clone(), push());
        pushing.push(tokio::spawn(async move {
            let mut times = Vec::new();
            while seconds_since(start) < time.as_secs_f64() {
                let outstanding = (sent.load(Ordering::Relaxed) * hooks).saturating_sub(sink.received() - before);
                if outstanding > WINDOW {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    continue;
                }
                sent.fetch_add(1, Ordering::Relaxed);
                let id = NUMBER.fetch_add(1, Ordering::Relaxed);
                let length = body.len();
                let request = format!("{head}x-github-delivery: {id}\r\ncontent-length: {length}\r\n\r\n{body}");
                let sent_at = nanos();
                line.post(request.as_bytes(), 201).await?;
                times.push(nanos() - sent_at);
            }
            anyhow::Ok(times)
        }));
    }
    let mut times = Vec::new();
    for task in pushing {
        times.append(&mut task.await??);
    }
    let pushed_in = seconds_since(start);
    times.sort_unstable();
    let pushes = sent.load(Ordering::Relaxed);
    let answered = nanos();
    sink.wait_for(before + pushes * hooks, Duration::from_secs(60)).await?;
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    let per_second = pushes as f64 / pushed_in;
    Ok(Pushes { per_second, times, drained: if hooks == 0 { 0.0 } else { seconds_since(answered) } })
}

/// A push of one commit in GitHub's form, about 1 KiB.
fn push() -> String {
    let commit = json!({
        "id": "c".repeat(40), "message": "Trim the sails", "distinct": true, "added": ["sail"], "removed": [], "modified": [],
    });
    json!({
        "ref": "refs/heads/main", "head_commit": commit, "commits": [commit], "pusher": {"name": "alice"},
        "repository": {"private": false, "clone_url": "https://github.com/acme/bench.git", "owner": {"login": "acme"}},
        "pad": "x".repeat(500),
    })
    .to_string()
}
