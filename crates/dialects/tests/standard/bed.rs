//! A server without sockets: all surfaces over SQLite in a temporary directory.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use bytes::Bytes;
use dialects::{ApiSettings, SurfaceSettings, surfaces};
use domain::account::Scopes;
use domain::dialect::Dialects;
use domain::flow::Ports;
use domain::ports::{Clock, Entropy, NewAccount, NewToken, Store};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use store::{Keyring, Options};
use tempfile::TempDir;
use testkit::{FakeClock, RecordingSender, SeededEntropy, a_token, a_user};
use tower::ServiceExt as _;

/// Every scope.
pub(crate) const ALL: &str =
    "repo,delete_repo,admin:repo_hook,admin:org_hook,admin:org,site_admin,events:write,events:read";

/// The site admin's token.
pub(crate) const ROOT: &str = "root-token";

/// See the module.
pub(crate) struct Bed {
    pub(crate) ports: Ports,
    pub(crate) clock: Arc<FakeClock>,
    router: Router,
    _dir: TempDir,
}

/// An answer: its JSON is null if there is no body, a text if that is plain text.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
}

impl Answer {
    /// The status as a number.
    pub(crate) fn status(&self) -> u16 {
        self.status.as_u16()
    }

    /// Status, code and field of an error.
    pub(crate) fn fault(&self) -> (u16, &str, &str) {
        let text = |name: &str| self.json["error"][name].as_str().unwrap_or_default();
        assert!(!text("message").is_empty(), "an error says what is wrong: {self:?}");
        (self.status(), text("code"), text("field"))
    }
}

impl Bed {
    /// The site admin `root`.
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let clock = Arc::new(FakeClock::default());
        let entropy: Arc<dyn Entropy> = Arc::new(SeededEntropy::new(11));
        let surfaces = surfaces(&SurfaceSettings::default());
        let dialects = Dialects::new(surfaces.iter().filter_map(|surface| surface.dialect()));
        let names = dialects.iter().map(|dialect| dialect.name()).collect();
        let url = format!("sqlite:{}", dir.path().join("db").display());
        let options = Options::new(url, Keyring::single(&[1; 32]), names, clock.clone(), entropy.clone());
        let store: Arc<dyn Store> = store::open(options).expect("opens");
        let sender = Arc::new(RecordingSender::default());
        let public_url = "http://postrider.test".into();
        let ports = Ports { store, dialects, clock: clock.clone(), entropy, sender, public_url };
        let settings = ApiSettings { max_hooks_per_event: 3, ..ApiSettings::default() };
        let routers = surfaces.iter().map(|surface| surface.routes(ports.clone(), settings.clone()));
        let router = routers.fold(Router::new(), Router::merge);
        let bed = Self { ports, clock, router, _dir: dir };
        bed.user("root", true, ROOT, ALL).await;
        bed
    }

    /// Repository `acme/widgets` of an organization that `owner` owns, `ann` belongs to, and `bob` does not. Tokens are
    /// named `owner-token` and so on, and carry all scopes but `site_admin`.
    pub(crate) async fn acme() -> Self {
        let bed = Self::new().await;
        for login in ["owner", "ann", "bob"] {
            bed.user(login, false, &format!("{login}-token"), &ALL.replace("site_admin,", "")).await;
        }
        bed.post("owner-token", "/api/v1/orgs", json!({"login": "acme"})).await;
        let member = json!({"role": "member"});
        assert_eq!(bed.ask("owner-token", "PUT", "/api/v1/orgs/acme/members/ann", Some(member)).await.status(), 204);
        for (name, private) in [("widgets", false), ("secret", true)] {
            let body = json!({"owner": "acme", "name": name, "private": private});
            assert_eq!(bed.post("owner-token", "/api/v1/repos", body).await.status(), 201);
        }
        bed
    }

    async fn user(&self, login: &str, site_admin: bool, token: &str, scopes: &str) {
        let new = NewAccount { site_admin, ..a_user(login) };
        self.ports.store.create_account(new).await.expect("created");
        self.token(login, token, scopes).await;
    }

    /// One more token of a user.
    pub(crate) async fn token(&self, login: &str, token: &str, scopes: &str) {
        let user = self.ports.directory().account(login).expect("exists").id;
        let scopes = Scopes::parse(scopes).expect("known");
        let new = NewToken { created_at: self.clock.now(), ..a_token(token, user, scopes) };
        self.ports.store.create_token(new).await.expect("created");
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.expect("infallible");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("a body").to_bytes();
        let plain = parts.headers.get("content-type").is_some_and(|value| value == "text/plain; charset=utf-8");
        let json = match body.as_ref() {
            b"" => Value::Null,
            text if plain => Value::String(String::from_utf8(text.to_vec()).expect("text")),
            json => serde_json::from_slice(json).expect("JSON"),
        };
        Answer { status: parts.status, headers: parts.headers, json }
    }

    /// Sends a request with JSON or nothing.
    pub(crate) async fn ask(&self, token: &str, method: &str, path: &str, body: Option<Value>) -> Answer {
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = Request::builder().method(method).uri(path).header("authorization", format!("Bearer {token}"));
        self.send(request.header("content-type", "application/json").body(body).expect("a request")).await
    }

    pub(crate) async fn get(&self, token: &str, path: &str) -> Answer {
        self.ask(token, "GET", path, None).await
    }

    pub(crate) async fn post(&self, token: &str, path: &str, body: Value) -> Answer {
        self.ask(token, "POST", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, token: &str, path: &str) -> Answer {
        self.ask(token, "DELETE", path, None).await
    }

    /// Publishes with these headers and bytes.
    pub(crate) async fn publish(&self, token: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Answer {
        let request = Request::post("/api/v1/events").header("authorization", format!("Bearer {token}"));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request.body(Body::from(body.into())).expect("a request")).await
    }

    /// Publishes a structured event.
    pub(crate) async fn publish_json(&self, token: &str, event: Value) -> Answer {
        self.publish(token, &[("content-type", "application/cloudevents+json")], event.to_string()).await
    }

    /// A GitHub hook on `acme/widgets`; its number.
    pub(crate) async fn hook(&self, url: &str) -> i64 {
        let body = json!({"scope": "/repos/acme/widgets", "dialect": "github", "url": url});
        let answer = self.post("owner-token", "/api/v1/hooks", body).await;
        assert_eq!(answer.status(), 201, "{answer:?}");
        answer.json["id"].as_i64().expect("a number")
    }
}

/// A structured event from `acme/widgets`.
pub(crate) fn event(id: &str, kind: &str, data: &Value) -> Value {
    json!({"specversion": "1.0", "id": id, "source": "/repos/acme/widgets", "type": kind, "data": data})
}
