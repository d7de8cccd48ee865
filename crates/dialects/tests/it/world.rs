//! A registry with a few people in it, and a way to ask it things.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use bytes::Bytes;
use dialects::{ApiSettings, SurfaceSettings, surfaces};
use domain::account::{OrgRole, Permission, Repository, Scopes};
use domain::attempt::{Attempt, Exchange, HookFate, Next, Settlement};
use domain::delivery::{DeliveryState, Work};
use domain::dialect::Dialects;
use domain::flow::Ports;
use domain::id::{AppId, HookId};
use domain::ports::{ClaimDue, Clock, NewAccount, NewRepository, NewToken};
use serde_json::Value;
use testkit::{
    FakeClock, RecordingSender, SeededEntropy, a_repository, a_token, a_user, an_application, an_organization,
};
use tower::ServiceExt;

/// Everything with hooks and repositories.
pub(crate) const ALL: &str = "repo,delete_repo,admin:org";

/// alice owns the organization `acme` and its repositories `app` and `other`, and her own `secret` one; mallory is
/// nobody.
pub(crate) struct World {
    pub(crate) clock: Arc<FakeClock>,
    pub(crate) ports: Ports,
    pub(crate) sender: Arc<RecordingSender>,
    pub(crate) router: Router,
    pub(crate) api_host: Router,
    pub(crate) app: Arc<Repository>,
    pub(crate) token: String,
    tokens: std::sync::atomic::AtomicUsize,
    _dir: tempfile::TempDir,
}

/// An answer, whole.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    /// The body as JSON; null when empty.
    pub(crate) fn json(&self) -> Value {
        if self.text.is_empty() { Value::Null } else { serde_json::from_str(&self.text).expect("a JSON body") }
    }

    /// A header's text; empty when absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("ASCII"))
    }
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(ApiSettings::default()).await
    }

    pub(crate) async fn with(settings: ApiSettings) -> Self {
        Self::with_surfaces(settings, &SurfaceSettings::default()).await
    }

    pub(crate) async fn with_surfaces(settings: ApiSettings, of_surfaces: &SurfaceSettings) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(FakeClock::default());
        let entropy = Arc::new(SeededEntropy::new(7));
        let surfaces = surfaces(of_surfaces);
        let dialects = Dialects::new(surfaces.iter().filter_map(|surface| surface.dialect()));
        let url = format!("sqlite:{}", dir.path().join("test.db").display());
        let names = dialects.iter().map(|dialect| dialect.name()).collect();
        let keyring = store::Keyring::single(&[7; 32]);
        let store = store::open(store::Options::new(url, keyring, names, clock.clone(), entropy.clone()));
        let store = store.expect("a store");
        let sender = Arc::new(RecordingSender::default());
        let public_url = "http://postrider.test".into();
        let ports = Ports { store, dialects, clock: clock.clone(), entropy, sender: sender.clone(), public_url };
        let router =
            surfaces.iter().fold(Router::new(), |all, one| all.merge(one.routes(ports.clone(), settings.clone())));
        let api_hosts = surfaces.iter().filter_map(|one| one.api_host_routes(&ports, &settings));
        let api_host = api_hosts.fold(Router::new(), Router::merge);
        let made = async |new| ports.store.create_account(new).await.expect("an account");
        let alice = made(a_user("alice")).await;
        made(a_user("mallory")).await;
        made(NewAccount { site_admin: true, ..a_user("admin") }).await;
        let acme = made(an_organization("acme", alice.id)).await;
        let made = async |new| ports.store.create_repository(new).await.expect("a repository");
        let app = made(a_repository(acme.id, "app")).await;
        made(a_repository(acme.id, "other")).await;
        made(NewRepository { private: true, ..a_repository(alice.id, "secret") }).await;
        let tokens = std::sync::atomic::AtomicUsize::new(0);
        let mut world = Self { clock, ports, sender, router, api_host, app, token: String::new(), tokens, _dir: dir };
        world.token = world.token_for("alice", ALL).await;
        world
    }

    /// A fresh token.
    pub(crate) async fn token_for(&self, login: &str, scopes: &str) -> String {
        self.token_through(None, login, scopes).await
    }

    /// A fresh token that the user gave an OAuth application, if one is named. Applications are registered as needed.
    pub(crate) async fn token_through(&self, app: Option<&str>, login: &str, scopes: &str) -> String {
        let number = self.tokens.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let value = format!("token-{number}");
        let user = self.ports.directory().account(login).expect("the user");
        let scopes = Scopes::parse(scopes).expect("known scopes");
        let app = match app {
            Some(client_id) => Some(self.application(client_id).await),
            None => None,
        };
        let new = NewToken { app, created_at: self.clock.now(), ..a_token(&value, user.id, scopes) };
        self.ports.store.create_token(new).await.expect("a token");
        value
    }

    async fn application(&self, client_id: &str) -> AppId {
        let owner = self.ports.directory().account("mallory").expect("mallory").id;
        match self.ports.directory().application(client_id) {
            Some(known) => known.id,
            None => self.ports.store.create_application(an_application(client_id, owner)).await.expect("registered").id,
        }
    }

    /// Gives a user a permission on `acme/app`.
    pub(crate) async fn collaborate(&self, login: &str, level: Permission) {
        let user = self.ports.directory().account(login).expect("the user");
        self.ports.store.set_collaborator(self.app.id, user.id, Some(level)).await.expect("set");
    }

    /// Gives a user a role in `acme`.
    pub(crate) async fn join(&self, login: &str, role: OrgRole) {
        let user = self.ports.directory().account(login).expect("the user");
        self.ports.store.set_membership(self.app.owner, user.id, Some(role)).await.expect("set");
    }

    /// One request to the router.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        answer(self.router.clone(), request).await
    }

    /// With that token, unless it is empty, and a JSON body, unless it is null.
    pub(crate) async fn ask(&self, token: &str, method: &str, path: &str, body: Value) -> Answer {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.send(request(token, method, path, text.into_bytes())).await
    }

    /// Asks GitHub's API as alice.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        self.call_as(&self.token, method, path, body).await
    }

    /// Asks GitHub's API.
    pub(crate) async fn call_as(&self, token: &str, method: &str, path: &str, body: Value) -> Answer {
        self.ask(token, method, &format!("/api/v3{path}"), body).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, Value::Null).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.call("PATCH", path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, Value::Null).await
    }

    /// Everything due for a hook.
    pub(crate) async fn due(&self, hook: HookId) -> Vec<Work> {
        let now = self.clock.now();
        let claim = ClaimDue { now, lanes: vec![(hook, 100)], lease_until: now.plus(Duration::from_secs(60)) };
        self.ports.store.claim_due(claim).await.expect("claimed")
    }

    /// Plays the engine: everything due for a hook is sent, and ends as `exchange` says.
    pub(crate) async fn deliver(&self, hook: HookId, exchange: &Exchange) -> usize {
        let work = self.due(hook).await;
        let batch: Vec<Settlement> = work.iter().map(|work| self.settled(work, exchange)).collect();
        let count = batch.len();
        self.ports.store.settle(batch).await.expect("settled");
        self.clock.advance(Duration::from_millis(10));
        count
    }

    pub(crate) fn settled(&self, work: &Work, exchange: &Exchange) -> Settlement {
        let succeeded = matches!(exchange.status, Some(200..=299));
        let message = work.message();
        let dialect = self.ports.dialects.get(message.dialect.0).expect("a known dialect");
        let state = if succeeded { DeliveryState::Succeeded } else { DeliveryState::Failed };
        Settlement {
            attempt: Attempt {
                id: self.ports.store.attempt_id(self.clock.now()),
                delivery: work.delivery,
                event: work.outgoing.event,
                hook: work.hook,
                message: work.message,
                number: 1,
                redelivery: work.redelivery,
                recovered: false,
                started_at: self.clock.now(),
                request_head: Bytes::from_static(b"Accept: */*\r\nX-GitHub-Event: ping\r\n"),
                exchange: Some(exchange.clone()),
            },
            next: Next::Ended { state, reason: None },
            lease: work.lease,
            hook: HookFate::Stays,
            tally: dialect.tallies().then(|| message.kind.clone()),
            breaker: None,
        }
    }
}

/// A request as curl would send it.
pub(crate) fn request(token: &str, method: &str, path: &str, body: Vec<u8>) -> Request<Body> {
    let mut builder = Request::builder().method(Method::from_bytes(method.as_bytes()).expect("a method")).uri(path);
    builder = builder.header("host", "postrider.test");
    if !token.is_empty() {
        builder = builder.header("authorization", format!("token {token}"));
    }
    builder.body(Body::from(body)).expect("a request")
}

/// One request to a router.
pub(crate) async fn answer(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.expect("routers do not fail");
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.expect("a body in memory");
    Answer { status: parts.status, headers: parts.headers, text: String::from_utf8(bytes.to_vec()).expect("UTF-8") }
}
