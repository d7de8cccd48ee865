//! Many hooks whose receivers answer 500: what a million held deliveries cost in memory, and how fast the server starts
//! with them (design section 10).

use std::path::Path;
use std::time::Duration;

use anyhow::ensure;
use serde_json::{Value, json};

use crate::clock::seconds_since;
use crate::product::Product;
use crate::publish::{self, Load};

/// Hooks of one repository: as many as may listen to one event.
const HOOKS_PER_REPOSITORY: u64 = 20;
/// Requests at once while setting up.
const AT_ONCE: usize = 32;
/// Makes `hooks` hooks of receivers that are down (`/down` of the sink at `port`), publishes until `deliveries` are held, and restarts the server.
pub(crate) async fn run(
    binary: &Path,
    folder: Option<&Path>,
    port: u16,
    hooks: u64,
    deliveries: u64,
) -> anyhow::Result<()> {
    let mut product = Product::start(binary, folder).await?;
    let empty = product.resident_kib()?;
    let repositories = hooks.div_ceil(HOOKS_PER_REPOSITORY);
    set_up(&product, repositories, port).await?;
    let with_hooks = product.resident_kib()?;
    let start = crate::clock::nanos();
    let events = deliveries / (repositories * HOOKS_PER_REPOSITORY);
    for repository in 0..repositories {
        let load = Load {
            repository: format!("held-{repository}"),
            size: 1_024,
            fan_out: HOOKS_PER_REPOSITORY,
            batch: events.min(100),
            connections: 1,
            window: u64::MAX,
        };
        publish::count(&product, &load, events).await?;
    }
    let published_in = seconds_since(start);
    let open = wait_until_held(&product).await?;
    let held = product.resident_kib()?;
    println!(
        "{} hooks of receivers that are down: published in {published_in:.0} s, {open} deliveries open; memory empty {} MiB, \
         with hooks {} MiB, holding {} MiB",
        repositories * HOOKS_PER_REPOSITORY,
        empty / 1024,
        with_hooks / 1024,
        held / 1024,
    );
    let start = crate::clock::nanos();
    product.restart(binary).await?;
    println!("start to ready with {open} open deliveries: {:.0} ms", seconds_since(start) * 1e3);
    tokio::time::sleep(Duration::from_secs(10)).await;
    println!("10 s after that start: {} MiB", product.resident_kib()? / 1024);
    Ok(())
}

async fn set_up(product: &Product, repositories: u64, port: u16) -> anyhow::Result<()> {
    product.call("/api/v1/orgs", &json!({"login": "acme"})).await?;
    for repository in 0..repositories {
        let name = format!("held-{repository}");
        let (status, answer) = product.call("/api/v1/repos", &json!({"owner": "acme", "name": name})).await?;
        ensure!(status == 201, "cannot create the repository: {status} {answer}");
        let mut making = Vec::with_capacity(AT_ONCE);
        for hook in 0..HOOKS_PER_REPOSITORY {
            let hook = json!({
                "scope": format!("/repos/acme/{name}"), "dialect": "github", "events": ["push"],
                "url": format!("http://127.0.0.1:{port}/down/{repository}/{hook}"),
            });
            making.push(async move { product.call("/api/v1/hooks", &hook).await });
        }
        for made in futures_util::future::join_all(making).await {
            let (status, answer) = made?;
            ensure!(status == 201, "cannot create the hook: {status} {answer}");
        }
    }
    Ok(())
}

/// Waits until nothing has waited in memory for a while; returns how many deliveries are open. Probes go on all the time.
async fn wait_until_held(product: &Product) -> anyhow::Result<u64> {
    let mut calm = 0;
    while calm < 5 {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let metrics = product.get("/metrics").await?;
        let value = |name: &str| {
            let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0)
        };
        calm = if value("postrider_lane_queued") < 100.0 { calm + 1 } else { 0 };
    }
    let doctor: Value = serde_json::from_str(&product.get("/api/v1/doctor").await?)?;
    ensure!(doctor["conservation"]["holds"] == true, "deliveries are missing: {doctor}");
    Ok(doctor["conservation"]["open"].as_u64().unwrap_or_default())
}
