//! How many 1 KiB POSTs per second the sender makes to a sink on loopback, beside hyper-util's pooled client doing the
//! same, in alternating runs on one machine (design section 10).
//!
//! `cargo run --release -p engine --example sender_throughput -- [SECONDS PER RUN] [CONCURRENCY]`

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use domain::ports::{Clock, SendMethod, SendRequest, Sender};
use domain::rules::target::{EgressPolicy, TargetUrl};
use domain::time::Timestamp;
use engine::{EgressSettings, HttpSender};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Runs of each kind.
const ROUNDS: usize = 3;
/// Bytes of each body.
const BODY: usize = 1_024;

struct MachineClock;

impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "this is the Clock port")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    fn monotonic(&self) -> Duration {
        self.now().since(Timestamp::default())
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1).filter_map(|argument| argument.parse::<u64>().ok());
    let seconds = Duration::from_secs(arguments.next().unwrap_or(3).clamp(1, 60));
    let concurrency = arguments.next().unwrap_or(64).clamp(1, 250);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    tokio::spawn(sink(listener));

    let sender = Arc::new(sender());
    let client: Client<HttpConnector, Full<Bytes>> = Client::builder(TokioExecutor::new()).build_http();
    let mut out = std::io::stdout();
    for _ in 0..ROUNDS {
        let raw = measure(seconds, concurrency, |done| pooled(client.clone(), address, done)).await;
        let ours = measure(seconds, concurrency, |done| guarded(sender.clone(), address, done)).await;
        for (name, (rate, cost)) in [("hyper-util", raw), ("sender", ours)] {
            writeln!(out, "{name:<10} {rate:>8.0}/s {cost:>6.2} us of processor each, the sink's share included")?;
        }
    }
    Ok(())
}

/// Processor time of this process so far, in seconds; Linux only.
fn processor_time() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    // utime and stime, in hundredths of a second.
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// Runs `concurrency` workers for that long; requests per second, and microseconds of processor time for each.
async fn measure<F: Future<Output = ()> + Send + 'static>(
    duration: Duration,
    concurrency: u64,
    worker: impl Fn(Arc<AtomicU64>) -> F,
) -> (f64, f64) {
    let done = Arc::new(AtomicU64::new(0));
    let mut workers = JoinSet::new();
    for _ in 0..concurrency {
        workers.spawn(worker(done.clone()));
    }
    // Connections are made in the first moments.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = done.load(Ordering::Relaxed);
    let clock = MachineClock;
    let (began, spent) = (clock.monotonic(), processor_time());
    tokio::time::sleep(duration).await;
    let made = f64::from(u32::try_from(done.load(Ordering::Relaxed) - before).unwrap_or(u32::MAX));
    let rate = made / clock.monotonic().saturating_sub(began).as_secs_f64();
    let cost = (processor_time() - spent) * 1e6 / made;
    workers.shutdown().await;
    (rate, cost)
}

fn sender() -> HttpSender {
    let allow = EgressPolicy::parse_allow("loopback").into_iter().collect();
    let policy = EgressPolicy { allow, ..EgressPolicy::default() };
    let settings = EgressSettings { policy, connects_per_second: 1_000_000, ..EgressSettings::default() };
    HttpSender::new(settings, Arc::new(MachineClock))
}

/// The headers of a signed delivery.
fn headers() -> Vec<(&'static str, String)> {
    vec![
        ("Accept", "*/*".to_owned()),
        ("Content-Type", "application/json".to_owned()),
        ("User-Agent", "GitHub-Hookshot/0123456".to_owned()),
        ("X-GitHub-Delivery", "01234567-89ab-cdef-0123-456789abcdef".to_owned()),
        ("X-GitHub-Event", "push".to_owned()),
        ("X-GitHub-Hook-ID", "123456789".to_owned()),
        ("X-Hub-Signature", format!("sha1={}", "0".repeat(40))),
        ("X-Hub-Signature-256", format!("sha256={}", "0".repeat(64))),
    ]
}

async fn guarded(sender: Arc<HttpSender>, address: SocketAddr, done: Arc<AtomicU64>) {
    let Ok(url) = TargetUrl::parse(&format!("http://{address}/hook")) else { return };
    let body = Bytes::from(vec![b'x'; BODY]);
    loop {
        let request = SendRequest {
            method: SendMethod::Post,
            url: url.clone(),
            headers: headers(),
            own_headers: Vec::new(),
            body: body.clone(),
            insecure_tls: false,
            timeout: Duration::from_secs(10),
        };
        if sender.send(request).await.status == Some(200) {
            done.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn pooled(client: Client<HttpConnector, Full<Bytes>>, address: SocketAddr, done: Arc<AtomicU64>) {
    let body = Bytes::from(vec![b'x'; BODY]);
    let url = format!("http://{address}/hook");
    loop {
        let mut request = http::Request::post(&url);
        for (name, value) in headers() {
            request = request.header(name, value);
        }
        let Ok(request) = request.body(Full::new(body.clone())) else { return };
        let Ok(response) = client.request(request).await else { return };
        if response.into_body().collect().await.is_ok() {
            done.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Answers 200 to everything, as cheaply as can be.
async fn sink(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(answer(stream));
    }
}

async fn answer(mut stream: TcpStream) {
    const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let mut buffer = Vec::with_capacity(4_096);
    loop {
        let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n") else {
            if !matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {
                return;
            }
            continue;
        };
        let whole = head + 4 + BODY;
        while buffer.len() < whole {
            if !matches!(stream.read_buf(&mut buffer).await, Ok(1..)) {
                return;
            }
        }
        buffer.drain(..whole);
        if stream.write_all(OK).await.is_err() {
            return;
        }
    }
}
