//! The server, its clients, and somebody to deliver to.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use dialects::{ApiSettings, SurfaceSettings, surfaces};
use domain::account::Scopes;
use domain::dialect::Dialects;
use domain::flow::Ports;
use domain::ports::NewAccount;
use domain::rules::target::EgressPolicy;
use engine::{EgressSettings, Engine, EngineSettings, HttpSender};
use metrics_exporter_prometheus::PrometheusBuilder;
use serde_json::Value;
use tempfile::TempDir;
use testkit::{FakeClock, SeededEntropy, a_repository, a_token, a_user, an_organization};

/// The administrator's token.
const TOKEN: &str = "token-of-mira";

/// A server with the user `mira`, her organization `air` and its repository `kite`.
pub(crate) struct World {
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) ports: Ports,
    pub(crate) engine: Engine,
    service: web::Service,
    _recorder: metrics::LocalRecorderGuard<'static>,
    _dir: TempDir,
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }
}

impl World {
    pub(crate) async fn new(settings: EngineSettings, surface_settings: &SurfaceSettings) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(FakeClock::default());
        let entropy = Arc::new(SeededEntropy::new(7));
        // Everything runs on the test's own thread, so its recorder is the test's own, too.
        let recorder = Box::leak(Box::new(PrometheusBuilder::new().build_recorder()));
        let handle = recorder.handle();
        let recording = metrics::set_default_local_recorder(recorder);
        let surfaces = surfaces(surface_settings);
        let dialects = Dialects::new(surfaces.iter().filter_map(|surface| surface.dialect()));
        let url = format!("sqlite:{}", dir.path().join("test.db").display());
        let names = dialects.iter().map(|dialect| dialect.name()).collect();
        let keyring = store::Keyring::single(&[7; 32]);
        let store = store::open(store::Options::new(url, keyring, names, clock.clone(), entropy.clone()));
        let store = store.expect("a store");
        let allow = vec![EgressPolicy::parse_allow("loopback").expect("a rule")];
        let policy = EgressPolicy { allow, ..EgressPolicy::default() };
        let sender = HttpSender::new(EgressSettings { policy, ..EgressSettings::default() }, clock.clone());
        let ports = Ports {
            store: store.clone(),
            dialects,
            clock: clock.clone(),
            entropy,
            sender: Arc::new(sender),
            public_url: "http://postrider.test".into(),
        };
        let engine = Engine::start(ports.clone(), settings);
        engine.started().await;
        let operations = web::Operations::new(store, handle);
        let service = web::assemble(&surfaces, &ports, &ApiSettings::default(), operations);
        let world = Self { clock, ports, engine, service, _recorder: recording, _dir: dir };
        world.populate().await;
        world
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

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.service.call(request).await;
        let status = response.status();
        let bytes = to_bytes(response.into_body(), usize::MAX).await.expect("a body in memory");
        Answer { status, text: String::from_utf8(bytes.to_vec()).expect("UTF-8") }
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
