//! What the tests share.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use domain::delivery::DeliveryState;
use domain::dialect::{Dialect, Dialects};
use domain::flow::Ports;
use domain::hook::NewHook;
use domain::id::{EventId, HookId};
use domain::ports::{AttemptFilter, AttemptRow, Clock, Conservation, SendMethod, SendRequest};
use domain::rules::target::{EgressPolicy, TargetUrl};
use domain::time::Timestamp;
use engine::{EgressSettings, Engine, EngineSettings, HttpSender, Snapshot};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use store::{Keyring, Options};
use tempfile::TempDir;
use testkit::{AnEvent, FakeClock, SeededEntropy, a_hook, a_repository, a_user, an_event};

use crate::script::{Counting, Plain, Script};

/// The machine's clock, for tests that talk to real sockets.
pub(crate) struct RealClock;

impl Clock for RealClock {
    #[expect(clippy::disallowed_methods, reason = "this is the Clock port")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        Timestamp::from_micros(i64::try_from(since.as_micros()).expect("before the year 292,000"))
    }

    fn monotonic(&self) -> Duration {
        self.now().since(Timestamp::default())
    }
}

/// A policy with these entries.
pub(crate) fn allowing(entries: &[&str]) -> EgressPolicy {
    let allow = entries.iter().map(|entry| EgressPolicy::parse_allow(entry).expect("an egress rule")).collect();
    EgressPolicy { allow, ..EgressPolicy::default() }
}

/// Settings that permit loopback and any number of connections, with short limits.
pub(crate) fn loopback() -> EgressSettings {
    EgressSettings { policy: allowing(&["loopback"]), connects_per_second: 1_000_000, ..EgressSettings::default() }
}

/// A sender with these settings.
pub(crate) fn sender(settings: EgressSettings) -> HttpSender {
    HttpSender::new(settings, Arc::new(RealClock))
}

/// A POST of `{}`.
pub(crate) fn post(url: &str) -> SendRequest {
    SendRequest {
        method: SendMethod::Post,
        url: TargetUrl::trusted(url.to_owned()),
        headers: vec![("Content-Type", "application/json".to_owned()), ("X-GitHub-Event", "push".to_owned())],
        own_headers: Vec::new(),
        body: Bytes::from_static(b"{}"),
        insecure_tls: false,
        timeout: Duration::from_secs(10),
    }
}

/// A store with user 1 `octo` and repository 1 `widgets`, a scripted sender, and an engine over both.
pub(crate) struct World {
    dir: TempDir,
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) script: Arc<Script>,
    pub(crate) ports: Ports,
    pub(crate) settings: EngineSettings,
    pub(crate) engine: Engine,
    events: AtomicUsize,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(EngineSettings::default()).await
    }

    pub(crate) async fn with(settings: EngineSettings) -> Self {
        Self::with_recorder(settings, &metrics::NoopRecorder).await
    }

    /// With the metrics of its engine.
    pub(crate) async fn recorded(settings: EngineSettings) -> (Self, PrometheusHandle) {
        let recorder = PrometheusBuilder::new().build_recorder();
        let handle = recorder.handle();
        (Self::with_recorder(settings, &recorder).await, handle)
    }

    async fn with_recorder(settings: EngineSettings, recorder: &dyn metrics::Recorder) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(FakeClock::default());
        let script = Script::new();
        let ports = ports(&dir, &clock, &script);
        let owner = ports.store.create_account(a_user("octo")).await.expect("created");
        ports.store.create_repository(a_repository(owner.id, "widgets")).await.expect("created");
        // The engine asks for its counters once, when it starts.
        let engine = metrics::with_local_recorder(recorder, || Engine::start(ports.clone(), settings.clone()));
        engine.started().await;
        Self { dir, clock, script, ports, settings, engine, events: AtomicUsize::new(0) }
    }

    /// A hook calling that URL.
    pub(crate) async fn hook(&self, url: &str) -> HookId {
        self.make(a_hook().calling(url).build()).await
    }

    pub(crate) async fn make(&self, new: NewHook) -> HookId {
        self.ports.store.create_hook(new, Arc::new(|_, _| Ok(()))).await.expect("created").id
    }

    /// Accepts an event for these hooks.
    pub(crate) async fn publish(&self, hooks: &[HookId]) -> EventId {
        self.accept(|event| event.for_hooks(hooks)).await
    }

    pub(crate) async fn accept(&self, build: impl FnOnce(AnEvent) -> AnEvent) -> EventId {
        let number = self.events.fetch_add(1, Ordering::Relaxed);
        let mut new = build(an_event(&format!("e{number}"))).build();
        new.accepted_at = self.clock.now();
        self.ports.store.accept(new).await.expect("accepted").id
    }

    /// Moves the clock, and has the engine look at what is due.
    pub(crate) async fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.engine.tick().await.expect("ticks");
    }

    /// The log of a hook, oldest first, once it has that many rows.
    pub(crate) async fn log(&self, hook: HookId, rows: usize) -> Vec<AttemptRow> {
        let filter = || AttemptFilter { with_unsent: true, ..AttemptFilter::default() };
        loop {
            let mut log = self.ports.store.attempts_of(hook, filter(), 10_000).await.expect("read");
            if log.len() >= rows {
                log.reverse();
                return log;
            }
            breathe().await;
        }
    }

    /// Waits until the condition holds.
    pub(crate) async fn until(&self, holds: impl Fn(&Snapshot) -> bool) -> Snapshot {
        loop {
            let snapshot = self.engine.snapshot();
            if holds(&snapshot) {
                return snapshot;
            }
            breathe().await;
        }
    }

    /// P3: nothing is open any more, and the sum holds.
    pub(crate) async fn finish(&self) -> Conservation {
        loop {
            let counts = self.ports.store.conservation().await.expect("counted");
            assert!(counts.holds(), "P3: {counts:?}");
            if counts.by_state.iter().all(|(state, count)| *state != DeliveryState::Open || *count == 0) {
                return counts;
            }
            breathe().await;
        }
    }

    /// Stops the engine and the store in order, and starts both again.
    pub(crate) async fn restart(self) -> Self {
        self.engine.shutdown().await;
        self.ports.store.close().await;
        self.start_again().await
    }

    /// Drops everything on the floor, and starts again.
    pub(crate) async fn crash(mut self) -> Self {
        self.engine.abort().await;
        self.script = Script::new();
        self.start_again().await
    }

    async fn start_again(self) -> Self {
        let Self { dir, clock, script, settings, events, ports: old, engine } = self;
        drop((old, engine));
        let ports = ports(&dir, &clock, &script);
        let engine = Engine::start(ports.clone(), settings.clone());
        engine.started().await;
        Self { dir, clock, script, ports, settings, engine, events }
    }
}

fn ports(dir: &TempDir, clock: &Arc<FakeClock>, script: &Arc<Script>) -> Ports {
    let entropy = Arc::new(SeededEntropy::new(7));
    let url = format!("sqlite:{}", dir.path().join("postrider.db").display());
    let keyring = Keyring::single(&[42; 32]);
    let options = Options::new(url, keyring, vec![Plain.name(), Counting::NAME], clock.clone(), entropy.clone());
    Ports {
        store: store::open(options).expect("opens"),
        dialects: Dialects::new([Arc::new(Plain) as Arc<dyn Dialect>, Arc::new(Counting)]),
        clock: clock.clone(),
        entropy,
        sender: script.clone(),
        public_url: "http://postrider.test".into(),
    }
}

/// Leaves the machine to others for a moment between two looks.
pub(crate) async fn breathe() {
    tokio::time::sleep(Duration::from_millis(1)).await;
}
