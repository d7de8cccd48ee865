//! Bitrise's API (contract bitrise section 10). Tests are named after the check they make.

mod access;
mod apps;
mod bad_input;
mod builds;
mod deliveries;
mod hooks;
mod lists;
mod nonsense;
mod requests;
mod start;

use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use dialects::{ApiSettings, SurfaceSettings};
use domain::ci::CiApp;
use domain::hook::{DialectName, Hook, HookScope};
use serde_json::{Value, json};
use testkit::an_app;

use crate::world::{Answer, World};

/// A world with an app of `acme`, called `Rocket`, without a repository.
struct Bed {
    world: World,
    app: Arc<CiApp>,
}

impl Bed {
    async fn new() -> Self {
        Self::with(&SurfaceSettings::default()).await
    }

    async fn with(settings: &SurfaceSettings) -> Self {
        let world = World::with_surfaces(ApiSettings::default(), settings).await;
        let app = made(&world, |app| app.owner = world.app.owner).await;
        Self { world, app }
    }

    /// Where the app's hooks are.
    fn hooks(&self) -> String {
        format!("/v0.1/apps/{}/outgoing-webhooks", self.app.uid)
    }

    /// Where one of them is.
    fn hook_path(&self, hook: &Value) -> String {
        format!("{}/{}", self.hooks(), hook["slug"].as_str().expect("a slug"))
    }

    /// One request as alice.
    async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        self.world.ask(&self.world.token, method, path, body).await
    }

    /// What must be answered with 200.
    async fn get(&self, path: &str) -> Value {
        let answer = self.call("GET", path, Value::Null).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    /// Creates a hook that must be good.
    async fn hook(&self, body: Value) -> Value {
        let answer = self.call("POST", &self.hooks(), body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["data"].clone()
    }

    /// The app's hooks as they are stored.
    fn stored(&self) -> Vec<Arc<Hook>> {
        self.world.ports.directory().hooks_of(HookScope::App(self.app.id), DialectName("bitrise"))
    }

    /// One request with this `Authorization`, if it is not empty, and these other headers.
    async fn with_headers(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header("host", "postrider.test");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let text = if body.is_null() { String::new() } else { body.to_string() };
        self.world.send(request.body(Body::from(text)).expect("a request")).await
    }
}

/// Makes an app, changed like that before.
async fn made(world: &World, change: impl FnOnce(&mut domain::ci::NewCiApp)) -> Arc<CiApp> {
    let mut new = an_app().build();
    change(&mut new);
    world.ports.store.create_ci_app(new).await.expect("an app")
}

/// A body that is good.
fn simple(url: &str) -> Value {
    json!({"url": url, "events": ["build"]})
}

/// A refusal in this API's words: JSON with a message, ended by a newline.
fn assert_refused(answer: &Answer, status: u16, message: &str, label: &str) {
    assert_eq!(answer.status.as_u16(), status, "{label}: {}", answer.text);
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8", "{label}");
    assert_eq!(answer.text, format!("{}\n", json!({ "message": message })), "{label}");
}
