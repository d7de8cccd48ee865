//! OAuth applications: both flows, the pages, and what attackers try (RFC 6749, 7636, 8252, 8628, 9207, 9700). Tests are
//! named after the rule they show.

mod applications;
mod attacks;
mod browser;
mod code_flow;
mod consent;
mod device_flow;
mod device_page;
mod nonsense;
mod pkce;
mod sign_in;

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use dialects::ApiSettings;
use domain::application::{Application, NewApplication};
use serde_json::Value;
use testkit::an_application;

use crate::world::{Answer, World};
use browser::Browser;

/// Where the application `ferry` takes its users back.
const CALLBACK: &str = "https://ferry.test/callback";
/// `CALLBACK` as a query has it.
const ENCODED: &str = "https%3A%2F%2Fferry.test%2Fcallback";
/// Its client secret.
const SECRET: &str = "secret of ferry";

/// alice's application `ferry`, and mallory's `pirate`.
struct Scene {
    world: World,
    ferry: Arc<Application>,
    pirate: Arc<Application>,
}

impl Scene {
    async fn new() -> Self {
        Self::with(ApiSettings::default()).await
    }

    async fn with(settings: ApiSettings) -> Self {
        let world = World::with(settings).await;
        let id = |login: &str| world.ports.directory().account(login).expect("exists").id;
        let ferry = NewApplication { name: "Ferry <Deluxe>".to_owned(), ..an_application("ferry", id("alice")) };
        let ferry = world.ports.store.create_application(ferry).await.expect("created");
        let pirate = world.ports.store.create_application(an_application("pirate", id("mallory"))).await;
        Self { ferry, pirate: pirate.expect("created"), world }
    }

    /// An application with these redirect URLs.
    async fn register(&self, client_id: &str, redirect_urls: &[&str]) -> Arc<Application> {
        let redirect_urls = redirect_urls.iter().map(|url| (*url).to_owned()).collect();
        let new = NewApplication { redirect_urls, ..an_application(client_id, self.ferry.owner) };
        self.world.ports.store.create_application(new).await.expect("created")
    }

    /// alice's browser, signed in with all her scopes.
    async fn alice(&self) -> Browser<'_> {
        Browser::signed_in(&self.world, &self.world.token).await
    }

    /// The browser of a user, signed in with a fresh token of these scopes.
    async fn signed_in(&self, login: &str, scopes: &str) -> Browser<'_> {
        Browser::signed_in(&self.world, &self.world.token_for(login, scopes).await).await
    }

    /// A code for `ferry` that alice gives, asked for with these further parameters.
    async fn code(&self, scope: &str, more: &str) -> String {
        let mut alice = self.alice().await;
        let path = format!("/login/oauth/authorize?client_id=ferry&scope={scope}{more}");
        back(&alice.allow(&path).await)["code"].clone()
    }

    /// A program's form, answered in JSON.
    async fn program(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.world.send(form(path, fields).header("accept", "application/json").body_of(fields)).await
    }

    /// Exchanges a code as `ferry`; more fields win.
    async fn exchange(&self, code: &str, more: &[(&str, &str)]) -> Value {
        let mut fields = vec![("client_id", "ferry"), ("client_secret", SECRET), ("code", code)];
        fields.retain(|(name, _)| more.iter().all(|(other, _)| name != other));
        fields.extend(more);
        let answer = self.program("/login/oauth/access_token", &fields).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// What an API call with that token is answered.
    async fn whoami(&self, token: &str) -> Answer {
        self.world.call_as(token, "GET", "/user", Value::Null).await
    }

    /// Is the token good?
    async fn works(&self, token: &Value) -> bool {
        self.whoami(token.as_str().expect("a token")).await.status == 200
    }
}

/// A request under construction whose body will be a form.
struct FormRequest(axum::http::request::Builder);

fn form(path: &str, _: &[(&str, &str)]) -> FormRequest {
    let builder = Request::post(path).header("host", "postrider.test");
    FormRequest(builder.header("content-type", "application/x-www-form-urlencoded"))
}

impl FormRequest {
    fn header(self, name: &str, value: &str) -> Self {
        Self(self.0.header(name, value))
    }

    fn body_of(self, fields: &[(&str, &str)]) -> Request<Body> {
        self.0.body(Body::from(encoded(fields))).expect("a request")
    }
}

/// `a=1&b=2`.
fn encoded(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| -> String {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
    };
    fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
}

/// The query of the URL an answer redirects to.
fn back(answer: &Answer) -> HashMap<String, String> {
    assert_eq!(answer.status, 303, "{}", answer.text);
    let url = url::Url::parse(answer.header("location")).expect("a URL");
    url.query_pairs().into_owned().collect()
}

/// The error a program got.
fn error(answer: &Value) -> &str {
    assert!(answer["error_description"].as_str().is_some_and(|text| !text.is_empty()), "{answer}");
    assert!(answer["error_uri"].as_str().is_some_and(|text| text.starts_with("https://")), "{answer}");
    answer["error"].as_str().expect("an error")
}
