//! The frame around every request: who asks, how often, and the headers of every answer (contract github sections 0.1
//! and 0.2).

use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::account::Principal;

use super::app::App;
use super::applications;
use super::conditional::{Conditions, apply};
use super::errors::{ApiError, Refused};
use super::operations::{OTHER, Operation, operation};
use crate::http::{Credentials, MAX_MANAGEMENT_BODY, Reading, authenticate};

/// The media type of every body.
pub(super) const JSON: &str = "application/json; charset=utf-8";

/// The API version used unless the caller names one.
const DEFAULT_VERSION: &str = "2022-11-28";

/// Headers that are the same on every answer.
const FIXED: &[(&str, &str)] = &[
    ("access-control-allow-origin", "*"),
    (
        "access-control-expose-headers",
        "ETag, Link, Location, Retry-After, X-GitHub-OTP, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Used, \
         X-RateLimit-Resource, X-RateLimit-Reset, X-OAuth-Scopes, X-Accepted-OAuth-Scopes, X-Poll-Interval, \
         X-GitHub-Media-Type, X-GitHub-SSO, X-GitHub-Request-Id, Deprecation, Sunset",
    ),
    ("vary", "Accept, Authorization, Cookie, X-GitHub-OTP"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "deny"),
    ("content-security-policy", "default-src 'none'"),
    ("referrer-policy", "origin-when-cross-origin, strict-origin-when-cross-origin"),
];

/// What a browser may send after a preflight.
const PREFLIGHT: &[(&str, &str)] = &[
    ("access-control-allow-methods", "GET, POST, PATCH, PUT, DELETE"),
    (
        "access-control-allow-headers",
        "Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since, Accept-Encoding, \
         X-GitHub-OTP, X-Requested-With, User-Agent, GraphQL-Features, X-GitHub-Api-Version",
    ),
    ("access-control-max-age", "86400"),
];

/// What the frame remembers of the request while the handler has it.
struct Facts {
    operation: Operation,
    media_type: String,
    version: String,
    conditions: Conditions,
    /// The path has credentials of its own.
    by_client: bool,
    principal: Option<Principal>,
    reading: Option<Reading>,
}

/// Wraps every route of this surface.
pub(super) async fn frame(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let mut facts = Facts::of(&app, &request);
    let response = if request.method() == Method::OPTIONS {
        preflight()
    } else {
        match facts.admit(&app, &mut request) {
            Ok(()) => next.run(request).await,
            Err(refusal) => refusal.into_response(),
        }
    };
    let response = match response.extensions().get::<Refused>() {
        Some(Refused(error)) => error.respond(facts.operation),
        None => apply(&facts.conditions, response).await,
    };
    facts.dress(&app, response)
}

fn preflight() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    insert_all(response.headers_mut(), PREFLIGHT);
    response
}

impl Facts {
    fn of(app: &App, request: &Request) -> Self {
        let headers = request.headers();
        let pattern = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let pattern = pattern.strip_prefix(app.prefix).unwrap_or_default();
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        Self {
            operation: if pattern.is_empty() { OTHER } else { operation(request.method(), pattern) },
            media_type: media_type(text(ACCEPT.as_str()).unwrap_or_default()),
            version: text("x-github-api-version").unwrap_or(DEFAULT_VERSION).to_owned(),
            conditions: Conditions::of(request.method(), headers),
            by_client: pattern.starts_with(applications::PATTERN),
            principal: None,
            reading: None,
        }
    }

    /// Lets the request in, or says why not. Leaves the caller's credentials with the request.
    fn admit(&mut self, app: &App, request: &mut Request) -> Result<(), ApiError> {
        if !is_version(&self.version) {
            return Err(ApiError::UnknownVersion(std::mem::replace(&mut self.version, DEFAULT_VERSION.to_owned())));
        }
        let credentials = if self.by_client { Credentials::None } else { authenticate(&app.ports, request.headers()) };
        match &credentials {
            Credentials::Bad => return Err(ApiError::BadCredentials),
            Credentials::Good(principal) => self.principal = Some(principal.clone()),
            Credentials::None => {}
        }
        let free = request.uri().path().strip_prefix(app.prefix) == Some("/rate_limit");
        self.reading = self.count(app, free)?;
        let announced = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        if announced.is_some_and(|length: usize| length > MAX_MANAGEMENT_BODY) {
            return Err(ApiError::TooLarge);
        }
        request.extensions_mut().insert(credentials);
        Ok(())
    }

    /// Counts the request against its token; anonymous ones, which see only public things, are not counted.
    fn count(&mut self, app: &App, free: bool) -> Result<Option<Reading>, ApiError> {
        let (limit, now) = (app.settings.requests_per_hour, app.ports.clock.now());
        if limit == 0 {
            return Ok(None);
        }
        let token = self.principal.as_ref().map(|principal| principal.token);
        let Some(token) = token.filter(|_| !free) else { return Ok(Some(app.meters.requests.read(token, limit, now))) };
        match app.meters.requests.count(token, limit, now) {
            Ok(reading) => Ok(Some(reading)),
            Err(reading) => {
                self.reading = Some(reading);
                Err(ApiError::RateLimited)
            }
        }
    }

    /// Puts the headers on an answer.
    fn dress(mut self, app: &App, mut response: Response) -> Response {
        if response.status() == StatusCode::NOT_MODIFIED {
            self.forgive(app);
        }
        let cache = self.cache_control(response.status());
        let headers = response.headers_mut();
        insert_all(headers, FIXED);
        headers.insert("cache-control", HeaderValue::from_static(cache));
        insert(headers, "x-github-media-type", &self.media_type);
        insert(headers, "x-github-api-version-selected", &self.version);
        insert(headers, "x-github-request-id", &request_id(app));
        if let Some(principal) = &self.principal {
            insert(headers, "x-oauth-scopes", &principal.scopes.to_string());
            let client = principal.app.and_then(|id| app.ports.directory().application_by_id(id));
            if let Some(client) = client {
                insert(headers, "x-oauth-client-id", &client.client_id);
            }
            insert(headers, "x-accepted-oauth-scopes", self.operation.scopes);
            if let Some(end) = principal.expires_at {
                let end = end.rfc3339_seconds().replace('T', " ").replace('Z', " UTC");
                insert(headers, "github-authentication-token-expiration", &end);
            }
        }
        if let Some(permission) = self.operation.permission {
            insert(headers, "x-accepted-github-permissions", permission);
        }
        if let Some(reading) = self.reading {
            insert(headers, "x-ratelimit-limit", &reading.limit.to_string());
            insert(headers, "x-ratelimit-remaining", &reading.remaining().to_string());
            insert(headers, "x-ratelimit-reset", &reading.reset.to_string());
            insert(headers, "x-ratelimit-used", &reading.used.to_string());
            insert(headers, "x-ratelimit-resource", "core");
        }
        if response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json") {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        }
        if matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
            response.headers_mut().remove(CONTENT_TYPE);
        }
        response
    }

    /// A 304 does not count.
    fn forgive(&mut self, app: &App) {
        if let (Some(principal), Some(reading)) = (&self.principal, &mut self.reading) {
            *reading = app.meters.requests.forgive(principal.token, reading.limit, app.ports.clock.now());
        }
    }

    /// Good answers may be kept for a minute, as GitHub allows; those with tokens in them, and anything else, not at all.
    fn cache_control(&self, status: StatusCode) -> &'static str {
        match (status.is_success() || status == StatusCode::NOT_MODIFIED, &self.principal) {
            _ if self.by_client => "no-store",
            (false, _) => "no-cache",
            (true, Some(_)) => "private, max-age=60, s-maxage=60",
            (true, None) => "public, max-age=60, s-maxage=60",
        }
    }
}

fn insert_all(headers: &mut HeaderMap, lines: &[(&'static str, &'static str)]) {
    for (name, value) in lines {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

/// Inserts a header unless its value cannot be one.
fn insert(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Versions are dates, past or future: all of them get the same answers.
fn is_version(text: &str) -> bool {
    let shape = |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
    text.len() == 10 && text.bytes().enumerate().all(shape)
}

/// `X-GitHub-Media-Type` for an `Accept`: `github.v3; format=json`, or the named version or preview instead of `v3`.
fn media_type(accept: &str) -> String {
    let vendor = accept.split(',').find_map(|range| range.trim().strip_prefix("application/vnd.github"));
    let named = vendor.and_then(|rest| rest.split(['+', ';', ' ']).next()).and_then(|rest| rest.strip_prefix('.'));
    let safe = |name: &&str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    match named.filter(safe).map(|name| name.split_once('.').unwrap_or((name, ""))) {
        None => "github.v3; format=json".to_owned(),
        Some((name, "")) => format!("github.{name}; format=json"),
        Some((name, param)) => format!("github.{name}; param={param}; format=json"),
    }
}

/// Five groups of hex, as `X-GitHub-Request-Id` looks: `DBC6:2ACD:2423FD6:25F0977:614D690E`.
fn request_id(app: &App) -> String {
    let mut random = [0; 16];
    app.ports.entropy.fill(&mut random);
    let bits = u128::from_le_bytes(random);
    let group = |shift: u32, digits: u32| (bits >> shift) & ((1 << (4 * digits)) - 1);
    format!("{:04X}:{:04X}:{:07X}:{:07X}:{:08X}", group(0, 4), group(16, 4), group(32, 7), group(60, 7), group(88, 8))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_type_echoes_what_was_asked_for() {
        let table = [
            ("", "github.v3; format=json"),
            ("*/*", "github.v3; format=json"),
            ("application/json", "github.v3; format=json"),
            ("application/vnd.github+json", "github.v3; format=json"),
            ("application/vnd.github.v3+json", "github.v3; format=json"),
            ("application/vnd.github.v3.full+json", "github.v3; param=full; format=json"),
            ("application/vnd.github.polaris-preview+json", "github.polaris-preview; format=json"),
            ("text/html, application/vnd.github.beta+json", "github.beta; format=json"),
            ("application/vnd.github.<x>+json", "github.v3; format=json"),
        ];
        for (accept, echoed) in table {
            assert_eq!(media_type(accept), echoed, "{accept}");
        }
    }

    #[test]
    fn a_version_is_a_date() {
        assert!(is_version("2022-11-28") && is_version("2026-03-10"));
        for bad in ["", "v3", "2022-11-2x", "2022/11/28", "2022-11-281"] {
            assert!(!is_version(bad), "{bad}");
        }
    }
}
