//! OAuth applications' side door (docs/oauth.md): the authorization-code flow with PKCE and the device flow, in GitHub's
//! words, and the few pages on which people sign in and say yes or no.
//!
//! Programs ask `token` and `device_code` and are answered by `answer`; people see `authorize`, `device_page` and `login`,
//! drawn by `pages`. What a flow holds between its steps is in the store, hashed. The API part, `/applications/…`, is with
//! the REST API.

mod answer;
mod ask;
mod authorize;
mod client;
mod device_code;
mod device_page;
mod login;
mod metadata;
mod pages;
mod pkce;
mod request;
mod scopes;
mod session;
mod token;
mod user_code;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::header::{HeaderName, X_FRAME_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::map_response;
use axum::response::Response;
use axum::routing::{get, post};
use domain::flow::Ports;
use domain::id::AccountId;

use crate::ApiSettings;
use crate::http::Meter;

pub(crate) use client::basic_credentials;
pub(crate) use client::is_secret_of;

/// How long wrong user codes are held against a user.
const GUESS_WINDOW: Duration = Duration::from_secs(900);

/// How long typed tokens are held against where they came from.
const SIGN_IN_WINDOW: Duration = Duration::from_secs(60);

/// What every handler may use.
#[derive(Debug)]
pub(super) struct OAuth {
    /// The ports.
    ports: Ports,
    /// The settings.
    settings: ApiSettings,
    /// Wrong user codes, by who typed them (RFC 8628 section 5.1).
    guesses: Meter<AccountId>,
    /// Tokens typed at the sign-in page, by where from (U-6).
    sign_ins: Meter<Option<IpAddr>>,
}

/// All routes. They are on the site itself, never under the API's prefix or on an API host.
pub(crate) fn routes(ports: Ports, settings: ApiSettings) -> Router {
    let (guesses, sign_ins) = (Meter::new(GUESS_WINDOW), Meter::new(SIGN_IN_WINDOW));
    let oauth = OAuth { ports, settings, guesses, sign_ins };
    Router::new()
        .route("/login", get(login::page).post(login::sign_in))
        .route("/logout", post(login::sign_out))
        .route("/login/style.css", get(pages::style))
        .route("/login/oauth/authorize", get(authorize::page).post(authorize::decide))
        .route("/login/oauth/access_token", post(token::exchange))
        .route("/login/device/code", post(device_code::begin))
        .route("/login/device", get(device_page::page).post(device_page::submit))
        .route("/.well-known/oauth-authorization-server", get(metadata::show))
        .method_not_allowed_fallback(async || StatusCode::METHOD_NOT_ALLOWED)
        .layer(map_response(guarded))
        .with_state(Arc::new(oauth))
}

/// Headers for every answer that has none of its own: nothing here may be framed, kept, sniffed, or named to others.
async fn guarded(mut response: Response) -> Response {
    const DEFAULTS: [(HeaderName, &str); 5] = [
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in DEFAULTS {
        response.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    response
}

/// A fresh value of 256 random bits, in hex.
fn mint(ports: &Ports) -> String {
    let mut random = [0; 32];
    ports.entropy.fill(&mut random);
    crate::http::hex(&random)
}
