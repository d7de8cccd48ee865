//! The receiver: as little HTTP as a keep-alive POST needs, so that what is measured is the sender.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::clock::nanos;
use crate::line::message_length;

/// What every request is answered with.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
/// What requests to `/down` are answered with.
const DOWN: &[u8] = b"HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";
/// How long requests to `/hung` wait for their answer.
const HANG: Duration = Duration::from_secs(30);

/// A receiver on a loopback port.
#[derive(Debug)]
pub(crate) struct Sink {
    /// Where it listens.
    pub port: u16,
    received: AtomicU64,
    /// Note send-to-arrival times of requests to anything but `/hung`?
    timing: AtomicBool,
    latencies: Mutex<Vec<u64>>,
    progress: Notify,
}

impl Sink {
    /// Starts it; it lives as long as the process.
    pub(crate) async fn start() -> anyhow::Result<Arc<Self>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let sink = Arc::new(Self {
            port: listener.local_addr()?.port(),
            received: AtomicU64::new(0),
            timing: AtomicBool::new(false),
            latencies: Mutex::new(Vec::new()),
            progress: Notify::new(),
        });
        let serving = sink.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let sink = serving.clone();
                tokio::spawn(async move {
                    // A sender that goes away is no news.
                    let _ = sink.serve(socket).await;
                });
            }
        });
        Ok(sink)
    }

    /// Requests received so far, without those to `/hung` and `/down`.
    pub(crate) fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Waits until `count` requests have been received, at most for `limit`.
    pub(crate) async fn wait_for(&self, count: u64, limit: Duration) -> anyhow::Result<()> {
        let waiting = async {
            while self.received() < count {
                let _ = tokio::time::timeout(Duration::from_millis(5), self.progress.notified()).await;
            }
        };
        let waited = tokio::time::timeout(limit, waiting).await;
        waited.map_err(|_| anyhow::anyhow!("only {} of {count} deliveries arrived in {limit:?}", self.received()))
    }

    /// Starts (or stops) noting latencies, and takes what was noted.
    pub(crate) fn take_latencies(&self, timing: bool) -> Vec<u64> {
        self.timing.store(timing, Ordering::Relaxed);
        std::mem::take(&mut *self.latencies.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    async fn serve(&self, mut socket: TcpStream) -> std::io::Result<()> {
        socket.set_nodelay(true)?;
        let mut buf = Vec::with_capacity(16 * 1024);
        loop {
            let Some((head, total)) = message_length(&buf) else {
                if socket.read_buf(&mut buf).await? == 0 {
                    return Ok(());
                }
                continue;
            };
            while buf.len() < total {
                if socket.read_buf(&mut buf).await? == 0 {
                    return Ok(());
                }
            }
            let is_down = buf.starts_with(b"POST /down");
            if buf.starts_with(b"POST /hung") {
                tokio::time::sleep(HANG).await;
            } else if !is_down {
                self.note(&buf[head..total]);
            }
            buf.drain(..total);
            socket.write_all(if is_down { DOWN } else { ANSWER }).await?;
        }
    }

    fn note(&self, body: &[u8]) {
        if self.timing.load(Ordering::Relaxed)
            && let Some(sent) = sent_at(body)
        {
            let latency = nanos().saturating_sub(sent);
            self.latencies.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(latency);
        }
        self.received.fetch_add(1, Ordering::Relaxed);
        self.progress.notify_one();
    }
}

/// The `"t":` member that the publisher put in front.
fn sent_at(body: &[u8]) -> Option<u64> {
    let rest = body.strip_prefix(b"{\"t\":")?;
    let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()
}
