//! The publisher: keep-alive connections that post CloudEvents as fast as they are accepted, or at a steady pace.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::{nanos, seconds_since};
use crate::line::Line;
use crate::product::Product;
use crate::sink::Sink;

/// What to publish, and how.
#[derive(Clone, Debug)]
pub(crate) struct Load {
    /// Repository of `acme`.
    pub repository: String,
    /// Bytes of one event's data.
    pub size: usize,
    /// Hooks that get each event.
    pub fan_out: u64,
    /// Events in one request; 1 uses binary mode, more use batch mode.
    pub batch: u64,
    /// Publishing connections.
    pub connections: usize,
    /// How many deliveries may be outstanding before the publishers pause.
    pub window: u64,
}

/// What a run came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Throughput {
    /// Deliveries received per second, from the first publish to the last arrival.
    pub deliveries: f64,
    /// Events accepted per second, while publishing.
    pub accepts: f64,
}

static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Publishes for `time`, then waits for the last delivery.
pub(crate) async fn flat_out(
    product: &Product,
    sink: &Arc<Sink>,
    load: &Load,
    time: Duration,
) -> anyhow::Result<Throughput> {
    let before = sink.received();
    let sent = Arc::new(AtomicU64::new(0));
    let start = nanos();
    let mut publishing = Vec::new();
    for _ in 0..load.connections {
        let mut publisher = Publisher::open(product, load).await?;
        let (load, sink, sent) = (load.clone(), sink.clone(), sent.clone());
        publishing.push(tokio::spawn(async move {
            while seconds_since(start) < time.as_secs_f64() {
                let outstanding =
                    (sent.load(Ordering::Relaxed) * load.fan_out).saturating_sub(sink.received() - before);
                if outstanding > load.window {
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    continue;
                }
                sent.fetch_add(load.batch, Ordering::Relaxed);
                publisher.publish().await?;
            }
            anyhow::Ok(())
        }));
    }
    for task in publishing {
        task.await??;
    }
    let accepted_in = seconds_since(start);
    let events = sent.load(Ordering::Relaxed);
    sink.wait_for(before + events * load.fan_out, Duration::from_secs(60)).await?;
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    let (events, deliveries) = (events as f64, (events * load.fan_out) as f64);
    Ok(Throughput { deliveries: deliveries / seconds_since(start), accepts: events / accepted_in })
}

/// Publishes that many events on one connection; the last request may bring fewer than a whole batch.
pub(crate) async fn count(product: &Product, load: &Load, events: u64) -> anyhow::Result<()> {
    let mut left = events;
    while left > 0 {
        let batch = load.batch.min(left);
        Publisher::open(product, &Load { batch, ..load.clone() }).await?.publish().await?;
        left -= batch;
    }
    Ok(())
}

/// Publishes `per_second` events a second for `time`, each on time whether or not the one before was answered; returns
/// send-to-arrival times in nanoseconds, sorted.
pub(crate) async fn paced(
    product: &Product,
    sink: &Arc<Sink>,
    load: &Load,
    per_second: u32,
    time: Duration,
) -> anyhow::Result<Vec<u64>> {
    sink.take_latencies(true);
    let before = sink.received();
    let mut publishers = Vec::new();
    for _ in 0..load.connections {
        publishers.push(Publisher::open(product, load).await?);
    }
    let (give, take) = tokio::sync::mpsc::channel::<()>(1_024);
    let take = Arc::new(tokio::sync::Mutex::new(take));
    let mut publishing = Vec::new();
    for mut publisher in publishers {
        let take = take.clone();
        publishing.push(tokio::spawn(async move {
            while take.lock().await.recv().await.is_some() {
                publisher.publish().await?;
            }
            anyhow::Ok(())
        }));
    }
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / per_second);
    let events = u64::from(per_second) * time.as_secs();
    for _ in 0..events {
        ticks.tick().await;
        give.send(()).await?;
    }
    drop(give);
    for task in publishing {
        task.await??;
    }
    sink.wait_for(before + events * load.fan_out, Duration::from_secs(60)).await?;
    let mut latencies = sink.take_latencies(false);
    latencies.sort_unstable();
    Ok(latencies)
}

/// One publishing connection.
struct Publisher {
    line: Line,
    head: String,
    load: Load,
    request: Vec<u8>,
}

impl Publisher {
    async fn open(product: &Product, load: &Load) -> anyhow::Result<Self> {
        let head = format!(
            "POST /api/v1/events HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n",
            product.address, product.token
        );
        Ok(Self { line: Line::open(product).await?, head, load: load.clone(), request: Vec::new() })
    }

    async fn publish(&mut self) -> anyhow::Result<()> {
        self.write_request();
        self.line.post(&self.request, 202).await
    }

    fn write_request(&mut self) {
        let source = format!("/repos/acme/{}", self.load.repository);
        let number = || NUMBER.fetch_add(1, Ordering::Relaxed);
        let (headers, body) = if self.load.batch == 1 {
            let headers = format!(
                "content-type: application/json\r\nce-specversion: 1.0\r\nce-type: github.push\r\nce-source: {source}\r\nce-id: {}\r\n",
                number()
            );
            (headers, data(self.load.size))
        } else {
            let mut items = Vec::with_capacity(usize::try_from(self.load.batch).unwrap_or(0));
            for _ in 0..self.load.batch {
                let data = data(self.load.size);
                items.push(format!(
                    r#"{{"specversion":"1.0","type":"github.push","source":"{source}","id":"{}","data":{data}}}"#,
                    number()
                ));
            }
            ("content-type: application/cloudevents-batch+json\r\n".to_owned(), format!("[{}]", items.join(",")))
        };
        self.request.clear();
        self.request.extend_from_slice(self.head.as_bytes());
        self.request.extend_from_slice(headers.as_bytes());
        self.request.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
        self.request.extend_from_slice(body.as_bytes());
    }
}

/// A JSON object of `size` bytes with the present moment in front.
pub(crate) fn data(size: usize) -> String {
    let mut text = format!("{{\"t\":{},\"pad\":\"", nanos());
    let pad = size.saturating_sub(text.len() + 2);
    text.extend(std::iter::repeat_n('x', pad));
    text.push_str("\"}");
    text
}
