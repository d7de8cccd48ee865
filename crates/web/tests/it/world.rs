//! The server, its clients, and somebody to deliver to.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use dialects::{ApiSettings, SurfaceSettings, surfaces};
use domain::account::Scopes;
use domain::dialect::Dialects;
use domain::flow::Ports;
use domain::ports::NewAccount;
use domain::rules::target::EgressPolicy;
use engine::{EgressSettings, Engine, EngineSettings, HttpSender, Resolver};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::Value;
use tempfile::TempDir;
use testkit::{FakeClock, SeededEntropy, a_repository, a_token, a_user, an_organization};

/// The administrator's token.
pub(crate) const TOKEN: &str = "token-of-mira";

/// How a server is set up.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) engine: EngineSettings,
    pub(crate) surfaces: SurfaceSettings,
    pub(crate) api: ApiSettings,
    /// Where the server may call.
    pub(crate) policy: EgressPolicy,
    /// Looks names up; `None`: the system does.
    pub(crate) resolver: Option<Arc<dyn Resolver>>,
}

impl Default for Setup {
    fn default() -> Self {
        let allow = vec![EgressPolicy::parse_allow("loopback").expect("a rule")];
        Self {
            engine: EngineSettings::default(),
            surfaces: SurfaceSettings::default(),
            api: ApiSettings::default(),
            policy: EgressPolicy { allow, ..EgressPolicy::default() },
            resolver: None,
        }
    }
}

/// A server with the user `mira`, her organization `air` and its repository `kite`.
pub(crate) struct World {
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) ports: Ports,
    pub(crate) engine: Engine,
    service: web::Service,
    setup: Setup,
    _recorder: metrics::LocalRecorderGuard<'static>,
    dir: TempDir,
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }
}

impl World {
    pub(crate) async fn new(settings: EngineSettings, surface_settings: &SurfaceSettings) -> Self {
        Self::with(Setup { engine: settings, surfaces: surface_settings.clone(), ..Setup::default() }).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let world = Self::start(setup, dir, Arc::new(FakeClock::default()), 7).await;
        world.populate().await;
        world
    }

    /// A server on the database in that directory.
    async fn start(setup: Setup, dir: TempDir, clock: Arc<FakeClock>, seed: u64) -> Self {
        let entropy = Arc::new(SeededEntropy::new(seed));
        // Everything runs on the test's own thread, so its recorder is the test's own, too.
        let recorder = Box::leak(Box::new(PrometheusBuilder::new().build_recorder()));
        let handle = recorder.handle();
        let recording = metrics::set_default_local_recorder(recorder);
        let surfaces = surfaces(&setup.surfaces);
        let dialects = Dialects::new(surfaces.iter().filter_map(|surface| surface.dialect()));
        let url = format!("sqlite:{}", dir.path().join("test.db").display());
        let names: Vec<_> = dialects.iter().map(|dialect| dialect.name()).collect();
        let keyring = || store::Keyring::single(&[7; 32]);
        // What a crash left behind may take a moment to be gone.
        let store = eventually(|| async {
            store::open(store::Options::new(url.clone(), keyring(), names.clone(), clock.clone(), entropy.clone())).ok()
        });
        let store = store.await;
        let egress = EgressSettings { policy: setup.policy.clone(), ..EgressSettings::default() };
        let sender = match setup.resolver.clone() {
            Some(resolver) => HttpSender::with_resolver(egress, clock.clone(), resolver),
            None => HttpSender::new(egress, clock.clone()),
        };
        let ports = Ports {
            store: store.clone(),
            dialects,
            clock: clock.clone(),
            entropy,
            sender: Arc::new(sender),
            public_url: "http://postrider.test".into(),
        };
        let engine = Engine::start(ports.clone(), setup.engine.clone());
        engine.started().await;
        let operations = web::Operations::new(store, handle);
        let service = web::assemble(&surfaces, &ports, &setup.api, operations);
        Self { clock, ports, engine, service, setup, _recorder: recording, dir }
    }

    /// Ends the server where it stands, and starts another on its database.
    pub(crate) async fn crash(self) -> Self {
        self.engine.abort().await;
        let Self { clock, ports, engine, service, setup, _recorder: recorder, dir } = self;
        drop((ports, engine, service, recorder));
        // Other randomness: the clock stands still, and ids must differ.
        Self::start(setup, dir, clock, 8).await
    }

    /// The whole server, for a listener.
    pub(crate) fn service(&self) -> web::Service {
        self.service.clone()
    }

    /// The database's directory.
    pub(crate) fn dir(&self) -> &std::path::Path {
        self.dir.path()
    }

    async fn populate(&self) {
        let store = &self.ports.store;
        let mira = NewAccount {
            name: Some("Mira Ito".to_owned()),
            email: Some("mira@example.com".to_owned()),
            site_admin: true,
            ..a_user("mira")
        };
        let mira = store.create_account(mira).await.expect("a user");
        let air = NewAccount { name: Some("Airborne".to_owned()), ..an_organization("air", mira.id) };
        let air = store.create_account(air).await.expect("an organization");
        store.create_repository(a_repository(air.id, "kite")).await.expect("a repository");
        store.create_token(a_token(TOKEN, mira.id, Scopes::all())).await.expect("a token");
    }

    /// One request by mira; the body is JSON unless it is null.
    pub(crate) async fn call(&self, method: &str, path: &str, body: &Value) -> Answer {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "postrider.test")
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/json");
        self.send(request.body(Body::from(text)).expect("a request")).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &Value::Null).await
    }

    /// As [`call`](Self::call), for what must succeed.
    pub(crate) async fn must(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.call(method, path, body).await;
        assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
        if answer.text.is_empty() { Value::Null } else { answer.json() }
    }

    /// Publishes a canonical event of `air/kite`.
    pub(crate) async fn publish(&self, id: &str, kind: &str, data: &str) -> Value {
        let request = Request::builder()
            .method("POST")
            .uri("/api/v1/events")
            .header("host", "postrider.test")
            .header("authorization", format!("Bearer {TOKEN}"))
            .header("content-type", "application/json")
            .header("ce-specversion", "1.0")
            .header("ce-id", id)
            .header("ce-source", "/repos/air/kite")
            .header("ce-type", kind);
        let answer = self.send(request.body(Body::from(data.to_owned())).expect("a request")).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{answer:?}");
        answer.json()
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        Self::answer(self.service.call(request).await).await
    }

    /// As [`send`](Self::send), from that address.
    pub(crate) async fn send_from(&self, source: &str, request: Request<Body>) -> Answer {
        Self::answer(self.service.call_from(source.parse().expect("an address"), request).await).await
    }

    async fn answer(response: axum::response::Response) -> Answer {
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body in memory");
        Answer { status, headers, text: String::from_utf8(bytes.to_vec()).expect("UTF-8") }
    }

    /// Moves the clock, and has the engine look at what is due.
    pub(crate) async fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.engine.tick().await.expect("ticks");
    }

    /// The value of a counter, exactly as its line begins; 0 if it is not there.
    pub(crate) async fn counter(&self, line: &str) -> u64 {
        let text = self.get("/metrics").await.text;
        let found = text.lines().find_map(|other| other.strip_prefix(line)?.strip_prefix(' ')?.parse().ok());
        found.unwrap_or(0)
    }
}

/// Asks until the answer is what it should be.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(mut ask: impl FnMut() -> F) -> T {
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
