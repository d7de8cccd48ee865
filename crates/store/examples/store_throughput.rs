//! Measures the store alone: `cargo run --release -p store --example store_throughput [DIRECTORY]`.
//!
//! Prints the disk's sync time, then accepts and settled deliveries per second and CPU time for each, at several
//! fan-outs. Everything is synced as in production; the directory is on the disk to be measured.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use domain::attempt::{Attempt, Exchange, HookFate, Next, Outcome, Settlement};
use domain::delivery::{DeliveryState, PlannedDelivery, Work};
use domain::hook::DialectName;
use domain::id::HookId;
use domain::ports::{Bell, Clock, Entropy, NewAccount, NewRepository, Store};
use domain::time::Timestamp;
use store::{Keyring, Options};
use testkit::{SeededEntropy, a_hook, a_repository, a_user, an_event};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Publishers at once.
const PUBLISHERS: usize = 128;
/// Settlements in a batch.
const BATCH: usize = 512;
/// How long each round lasts.
const ROUND: Duration = Duration::from_secs(4);

struct WallClock(Instant);

impl WallClock {
    #[expect(clippy::disallowed_methods, reason = "this program measures real time")]
    fn start() -> Self {
        Self(Instant::now())
    }
}

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_790_000_000_000_000).plus(self.monotonic())
    }

    fn monotonic(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Admits everything and hands it to the settling task.
struct Lanes(UnboundedSender<Vec<Work>>);

impl Bell for Lanes {
    fn admit(&self, deliveries: &[PlannedDelivery], _: usize) -> Vec<bool> {
        vec![true; deliveries.len()]
    }

    fn withdraw(&self, _: &[PlannedDelivery], _: usize, _: &[bool]) {}

    fn ring(&self, work: Vec<Work>, _: usize) {
        drop(self.0.send(work));
    }

    fn due(&self, _: HookId, _: Timestamp) {}
}

fn settlement(store: &dyn Store, work: &Work, now: Timestamp, head: &Bytes, answer: &Bytes) -> Settlement {
    let exchange = Exchange {
        outcome: Outcome::Answered,
        status: Some(200),
        error: None,
        duration: Duration::from_micros(830),
        response_head: answer.clone(),
        response_body: Bytes::from_static(b"ok"),
        retry_after: None,
    };
    Settlement {
        attempt: Attempt {
            id: store.attempt_id(now),
            delivery: work.delivery,
            event: work.outgoing.event,
            hook: work.hook,
            message: work.message,
            number: 1,
            redelivery: false,
            recovered: false,
            started_at: now,
            request_head: head.clone(),
            exchange: Some(exchange),
        },
        next: Next::Ended { state: DeliveryState::Succeeded, reason: None },
        lease: work.lease,
        hook: HookFate::Stays,
        tally: None,
        breaker: None,
    }
}

/// Settles what the lanes get, two batches under way at most; returns how many.
async fn settle_all(store: Arc<dyn Store>, mut lanes: UnboundedReceiver<Vec<Work>>, clock: Arc<WallClock>) -> usize {
    let head = Bytes::from("X-Header-Of-Usual-Length: with a value\r\n".repeat(11));
    let answer = Bytes::from("Content-Type: text/plain; charset=utf-8\r\n".repeat(3));
    let mut settled = 0;
    let mut batch = Vec::with_capacity(BATCH);
    let mut under_way: Option<tokio::task::JoinHandle<()>> = None;
    while let Some(works) = lanes.recv().await {
        let now = clock.now();
        batch.extend(works.iter().map(|work| settlement(&*store, work, now, &head, &answer)));
        while let Ok(more) = lanes.try_recv() {
            batch.extend(more.iter().map(|work| settlement(&*store, work, now, &head, &answer)));
            if batch.len() >= BATCH {
                break;
            }
        }
        settled += batch.len();
        if let Some(task) = under_way.take() {
            task.await.expect("settles");
        }
        let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
        let store = store.clone();
        under_way = Some(tokio::spawn(async move { store.settle(full).await.expect("settles") }));
    }
    if let Some(task) = under_way {
        task.await.expect("settles");
    }
    settled
}

/// CPU time of this process so far, in clock ticks of 10 ms.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let ticks: u64 = stat.split_whitespace().skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

fn resident() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM")).collect::<Vec<_>>().join(" ")
}

#[expect(clippy::cast_precision_loss, reason = "counts for people")]
async fn round(dir: &Path, fan_out: usize, body: usize) {
    let path = dir.join(format!("throughput-{fan_out}-{body}.db"));
    let clock = Arc::new(WallClock::start());
    let options = Options::new(
        format!("sqlite:{}", path.display()),
        Keyring::single(&[1; 32]),
        vec![DialectName("github")],
        clock.clone(),
        Arc::new(SeededEntropy::new(1)) as Arc<dyn Entropy>,
    );
    let store = store::open(options).expect("opens");
    let owner = NewAccount { created_at: clock.now(), ..a_user("octo") };
    let owner = store.create_account(owner).await.expect("created").id;
    let repository = NewRepository { created_at: clock.now(), ..a_repository(owner, "widgets") };
    store.create_repository(repository).await.expect("created");
    let mut hooks = Vec::new();
    for _ in 0..fan_out {
        let rule: domain::hook::SiblingRule = Arc::new(|_, _| Ok(()));
        hooks.push(store.create_hook(a_hook().build(), rule).await.expect("created").id);
    }
    store.recover(clock.now()).await.expect("recovers");
    let (bell, lanes) = unbounded_channel();
    store.set_bell(Arc::new(Lanes(bell)));

    let payload = "x".repeat(body);
    let (began, cpu_before) = (WallClock::start(), cpu());
    let settling = tokio::spawn(settle_all(store.clone(), lanes, clock.clone()));
    let mut publishers = Vec::new();
    for publisher in 0..PUBLISHERS {
        let (store, clock, hooks, payload) = (store.clone(), clock.clone(), hooks.clone(), payload.clone());
        publishers.push(tokio::spawn(async move {
            let mut accepted = 0_usize;
            while clock.monotonic() < ROUND {
                let mut event = an_event(&format!("{publisher}-{accepted}")).saying(&payload).for_hooks(&hooks).build();
                event.accepted_at = clock.now();
                event.moves_refs = true;
                store.accept(event).await.expect("accepted");
                accepted += 1;
            }
            accepted
        }));
    }
    let mut accepted = 0;
    for publisher in publishers {
        accepted += publisher.await.expect("publishes");
    }
    // Another bell: the lanes end when theirs is gone.
    let (last, _) = unbounded_channel();
    store.set_bell(Arc::new(Lanes(last)));
    let settled = settling.await.expect("settles");
    let (took, cpu) = (began.monotonic(), cpu().saturating_sub(cpu_before));
    let per_second = |count: usize| count as f64 / took.as_secs_f64();
    let wal = std::fs::metadata(path.with_extension("db-wal")).map_or(0, |file| file.len() / 1024 / 1024);
    println!(
        "fan-out {fan_out:>3}, {body} B: {:>7.0} accepts/s {:>7.0} settles/s; CPU {:.2} us per row, {:.2} cores; WAL {wal} MiB; {}",
        per_second(accepted),
        per_second(settled),
        cpu.as_secs_f64() * 1e6 / (accepted + settled) as f64,
        cpu.as_secs_f64() / took.as_secs_f64(),
        resident(),
    );
    assert!(store.conservation().await.expect("counts").holds(), "P3");
    store.close().await;
    let size = std::fs::metadata(&path).map_or(0, |file| file.len());
    println!("             database {} MiB, {} bytes per row", size / 1024 / 1024, size / (accepted + settled) as u64);
}

fn time_syncs(dir: &Path) -> Duration {
    use std::io::Write;
    let mut file = std::fs::File::create(dir.join("syncs")).expect("creates");
    let mut times = Vec::new();
    for _ in 0..50 {
        let began = WallClock::start();
        file.write_all(&[0; 4096]).expect("writes");
        file.sync_data().expect("syncs");
        times.push(began.monotonic());
    }
    times.sort_unstable();
    times[25]
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let given = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let dir = tempfile::tempdir_in(given).expect("a directory");
    println!("median sync {:?}", time_syncs(dir.path()));
    for (fan_out, body) in [(0, 1024), (1, 1024), (10, 1024), (100, 1024)] {
        round(dir.path(), fan_out, body).await;
    }
    println!("median sync {:?}", time_syncs(dir.path()));
}
