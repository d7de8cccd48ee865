//! Measures Postrider beside the raw limit of the machine, in alternating runs (docs/performance.md).
//!
//! Publisher, product and sink share the machine's cores; all traffic stays on 127.0.0.1; every run is bounded.

mod clock;
mod held;
mod incoming;
mod line;
mod product;
mod publish;
mod raw;
mod report;
mod sink;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use clap::Parser;

use product::Product;
use publish::Load;
use sink::Sink;

/// Measure Postrider beside the raw limit of this machine.
#[derive(Debug, Parser)]
struct Args {
    /// The server to measure; target/release/postrider unless given
    #[arg(long, value_name = "FILE")]
    bin: Option<PathBuf>,
    /// Seconds for each throughput run
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Alternating rounds
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Bytes of event data
    #[arg(long, default_value_t = 1_024)]
    size: usize,
    /// Publishing connections
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Folder for the databases; its disk's syncs are measured too
    #[arg(long, value_name = "DIR")]
    folder: Option<PathBuf>,
    /// Hooks of receivers that are down, for the part `held`
    #[arg(long, default_value_t = 10_000)]
    held_hooks: u64,
    /// Deliveries to be held, for the part `held`
    #[arg(long, default_value_t = 1_000_000)]
    held: u64,
    /// Only these parts: throughput, incoming, latency, isolation, held
    #[arg(long, value_delimiter = ',', default_value = "throughput,incoming,latency,isolation")]
    parts: Vec<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    let binary = args.bin.clone().map_or_else(beside, Ok)?;
    let sink = Sink::start().await?;
    report::machine(args.folder.as_deref())?;
    if args.parts.iter().any(|part| part == "throughput") {
        throughput(&args, &binary, &sink).await?;
    }
    if args.parts.iter().any(|part| part == "incoming") {
        let time = Duration::from_secs(args.seconds);
        incoming::run(&binary, args.folder.as_deref(), &sink, args.rounds, time).await?;
    }
    if args.parts.iter().any(|part| part == "latency") {
        latency(&args, &binary, &sink).await?;
    }
    if args.parts.iter().any(|part| part == "isolation") {
        isolation(&args, &binary, &sink).await?;
    }
    if args.parts.iter().any(|part| part == "held") {
        held::run(&binary, args.folder.as_deref(), sink.port, args.held_hooks, args.held).await?;
    }
    Ok(())
}

/// The server built in the same profile, in the same folder as this program.
fn beside() -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("postrider");
    path.is_file().then_some(path).context("no postrider beside this program: cargo build --release first")
}

/// Before a throughput run: connections to a receiver are opened at a slowly rising pace after a start (D-22).
const WARM_UP: Duration = Duration::from_secs(4);

/// One case of the throughput table: name, fan-out, events per request, gate and goal as parts of the raw limit.
const CASES: [(&str, u64, u64, f64, f64); 3] = [
    ("fan-out 10", 10, 1, 0.30, 0.60),
    ("fan-out 1", 1, 1, 0.12, 0.25),
    ("fan-out 1, batches of 100", 1, 100, 0.30, 0.50),
];

async fn throughput(args: &Args, binary: &std::path::Path, sink: &Arc<Sink>) -> anyhow::Result<()> {
    let time = Duration::from_secs(args.seconds);
    let mut table = report::Throughputs::default();
    for round in 1..=args.rounds {
        for (name, fan_out, batch, gate, goal) in CASES {
            let body = Bytes::from(publish::data(args.size));
            let raw = raw::run(sink, body, args.connections, time).await?;
            let product = Product::start(binary, args.folder.as_deref()).await?;
            let urls: Vec<_> = (0..fan_out).map(|hook| format!("http://127.0.0.1:{}/h{hook}", sink.port)).collect();
            let before = sink.received();
            product.set_up("bench", &urls).await?;
            // Each new hook is pinged; those are not to be counted.
            sink.wait_for(before + fan_out, Duration::from_secs(10)).await?;
            let connections = if batch == 1 { args.connections } else { 4 };
            let load = Load {
                repository: "bench".into(),
                size: args.size,
                fan_out,
                batch,
                connections,
                window: 2_000 * fan_out,
            };
            publish::flat_out(&product, sink, &load, WARM_UP).await?;
            let measured = publish::flat_out(&product, sink, &load, time).await?;
            let resident = product.resident_kib()?;
            report::run(round, name, raw, measured, resident);
            table.add(name, raw, measured, resident, gate, goal);
        }
    }
    table.print();
    Ok(())
}

async fn latency(args: &Args, binary: &std::path::Path, sink: &Arc<Sink>) -> anyhow::Result<()> {
    let product = Product::start(binary, args.folder.as_deref()).await?;
    let before = sink.received();
    product.set_up("bench", &[format!("http://127.0.0.1:{}/h0", sink.port)]).await?;
    sink.wait_for(before + 1, Duration::from_secs(10)).await?;
    let load =
        Load { repository: "bench".into(), size: args.size, fan_out: 1, batch: 1, connections: 4, window: u64::MAX };
    publish::paced(&product, sink, &load, 100, Duration::from_secs(3)).await?;
    let times = publish::paced(&product, sink, &load, 100, Duration::from_secs(10)).await?;
    report::latencies("100 events/s, publish sent to delivery arrived", &times);
    Ok(())
}

async fn isolation(args: &Args, binary: &std::path::Path, sink: &Arc<Sink>) -> anyhow::Result<()> {
    let healthy = format!("http://127.0.0.1:{}/healthy", sink.port);
    let hung = format!("http://127.0.0.1:{}/hung", sink.port);
    let load =
        Load { repository: "bench".into(), size: args.size, fan_out: 1, batch: 1, connections: 4, window: u64::MAX };
    let mut medians = Vec::new();
    for (name, urls) in [("alone", vec![healthy.clone()]), ("beside a hung one", vec![healthy, hung])] {
        let product = Product::start(binary, args.folder.as_deref()).await?;
        let before = sink.received();
        product.set_up("bench", &urls).await?;
        sink.wait_for(before + 1, Duration::from_secs(10)).await?;
        let times = publish::paced(&product, sink, &load, 50, Duration::from_secs(30)).await?;
        report::latencies(&format!("50 events/s for 30 s, healthy receiver {name}"), &times);
        medians.push(report::quantile(&times, 99));
    }
    report::isolation(medians[0], medians[1]);
    Ok(())
}
