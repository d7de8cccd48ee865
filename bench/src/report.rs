//! What is printed.

use std::io::{Seek, SeekFrom, Write};
use std::path::Path;

use crate::clock::nanos;
use crate::incoming::Pushes;
use crate::publish::Throughput;

/// The machine and its disk: 100 syncs of 4 KiB.
pub(crate) fn machine(folder: Option<&Path>) -> anyhow::Result<()> {
    let mut file = folder.map_or_else(tempfile::tempfile, tempfile::tempfile_in)?;
    let mut syncs = Vec::with_capacity(100);
    for _ in 0..100 {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&[7; 4096])?;
        let start = nanos();
        file.sync_data()?;
        syncs.push(nanos() - start);
    }
    syncs.sort_unstable();
    let cores = std::thread::available_parallelism()?;
    println!(
        "{cores} cores; sync of 4 KiB: p50 {}, p99 {}",
        millis(quantile(&syncs, 50)),
        millis(quantile(&syncs, 99))
    );
    Ok(())
}

/// One throughput run.
pub(crate) fn run(round: usize, name: &str, raw: f64, measured: Throughput, resident: u64) {
    println!(
        "round {round}  {name:<26} raw {raw:>8.0}/s  deliveries {:>8.0}/s  ratio {:.3}  accepts {:>7.0}/s  {} MiB",
        measured.deliveries,
        measured.deliveries / raw,
        measured.accepts,
        resident / 1024,
    );
}

/// All throughput runs, for the closing table.
#[derive(Debug, Default)]
pub(crate) struct Throughputs(Vec<Row>);

#[derive(Debug)]
struct Row {
    name: &'static str,
    ratios: Vec<f64>,
    rates: Vec<f64>,
    resident: u64,
    gate: f64,
    goal: f64,
}

impl Throughputs {
    /// Adds a run.
    pub(crate) fn add(
        &mut self,
        name: &'static str,
        raw: f64,
        measured: Throughput,
        resident: u64,
        gate: f64,
        goal: f64,
    ) {
        if !self.0.iter().any(|row| row.name == name) {
            self.0.push(Row { name, ratios: Vec::new(), rates: Vec::new(), resident: 0, gate, goal });
        }
        if let Some(row) = self.0.iter_mut().find(|row| row.name == name) {
            row.ratios.push(measured.deliveries / raw);
            row.rates.push(measured.deliveries);
            row.resident = row.resident.max(resident);
        }
    }

    /// Medians over the rounds, beside gate and goal.
    pub(crate) fn print(&self) {
        println!(
            "\n{:<26} {:>12} {:>7} {:>6} {:>6} {:>8}",
            "median", "deliveries/s", "ratio", "gate", "goal", "memory"
        );
        for row in &self.0 {
            let (ratio, rate) = (median(&row.ratios), median(&row.rates));
            let memory = row.resident / 1024;
            println!("{:<26} {rate:>12.0} {ratio:>7.3} {:>6.2} {:>6.2} {memory:>4} MiB", row.name, row.gate, row.goal);
        }
        println!();
    }
}

/// One run of incoming pushes.
pub(crate) fn pushes(round: usize, hooks: u64, raw: f64, pushes: &Pushes, resident: u64) {
    println!(
        "round {round}  incoming pushes, {hooks} outgoing hooks  raw {raw:>8.0}/s  builds {:>7.0}/s  ratio {:.3}  p50 {}, p99 {}  \
         last delivery after {:.0} ms  {} MiB",
        pushes.per_second,
        pushes.per_second / raw,
        millis(quantile(&pushes.times, 50)),
        millis(quantile(&pushes.times, 99)),
        pushes.drained * 1e3,
        resident / 1024,
    );
}

/// A latency run; times in nanoseconds, sorted.
pub(crate) fn latencies(name: &str, times: &[u64]) {
    let at = |percent| millis(quantile(times, percent));
    let max = millis(times.last().copied().unwrap_or(0));
    println!("{name}: n {}, p50 {}, p90 {}, p99 {}, max {max}", times.len(), at(50), at(90), at(99));
}

/// The healthy receiver's p99 with and without a hung neighbour.
#[expect(clippy::cast_precision_loss, reason = "nanoseconds far below 2^53")]
pub(crate) fn isolation(alone: u64, beside: u64) {
    println!("healthy p99 beside a hung receiver: {:.2} of the run without it", beside as f64 / alone.max(1) as f64);
}

/// The value below which `percent` of the sorted values lie.
pub(crate) fn quantile(sorted: &[u64], percent: usize) -> u64 {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or(0)
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

#[expect(clippy::cast_precision_loss, reason = "nanoseconds far below 2^53")]
fn millis(nanos: u64) -> String {
    format!("{:.2} ms", nanos as f64 / 1e6)
}
