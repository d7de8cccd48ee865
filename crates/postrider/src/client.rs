//! A small client of the server's API (docs/api.md).

use std::io::IsTerminal as _;
use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use domain::secret::Secret;
use http::header::{AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::Value;

use crate::cli::{DEFAULT_DATA_DIR, Global};
use crate::output::visible;

/// How long a request may take, answer included.
const TIMEOUT: Duration = Duration::from_secs(30);
/// After this long a person at a terminal is told what is being waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// Largest answer read, in bytes: an event's data and its envelope.
const MAX_ANSWER: usize = 64 * 1024 * 1024;
/// Everything but what RFC 3986 leaves alone anywhere.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Why a request brought no result.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// No answer. It may or may not have been carried out if the connection broke late.
    #[error("no server answers at {server}: {cause}. Is it running? (--server, POSTRIDER_SERVER)")]
    Unreachable {
        /// The server's base URL.
        server: String,
        /// What went wrong.
        cause: String,
    },
    /// No complete answer within 30 s.
    #[error("{server} did not answer within 30 seconds")]
    TimedOut {
        /// The server's base URL.
        server: String,
    },
    /// The server said no.
    #[error("{message}")]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// For people, the field at fault included.
        message: String,
    },
    /// The answer is not what a Postrider server says.
    #[error("{server} does not answer as Postrider does: {detail}")]
    Garbled {
        /// The server's base URL.
        server: String,
        /// What is odd.
        detail: String,
    },
}

impl ClientError {
    /// May the same request succeed later? Away, overloaded, out of disk, or a fault of the server.
    pub(crate) fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } => true,
            Self::Refused { status, .. } => {
                let waits = [StatusCode::REQUEST_TIMEOUT, StatusCode::TOO_MANY_REQUESTS];
                status.is_server_error() && *status != StatusCode::LOOP_DETECTED || waits.contains(status)
            }
            Self::Garbled { .. } => false,
        }
    }
}

/// Talks to one server with one token.
#[derive(Debug)]
pub(crate) struct Client {
    http: hyper_util::client::legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    /// Base URL without a trailing slash.
    server: String,
    token: Option<Secret>,
}

impl Client {
    /// The server and token of the command line, or of `admin.token` in the data directory.
    pub(crate) fn from_global(global: &Global) -> anyhow::Result<Self> {
        Self::new(&global.server, find_token(global)?)
    }

    /// A client of `server`, a base URL.
    pub(crate) fn new(server: &str, token: Option<Secret>) -> anyhow::Result<Self> {
        let url = url::Url::parse(server).with_context(|| format!("the server URL {server:?} is not valid"))?;
        anyhow::ensure!(
            matches!(url.scheme(), "http" | "https") && url.has_host() && url.query().is_none(),
            "the server URL {server:?} must look like http://host:8017"
        );
        let mut roots = rustls::RootCertStore::empty();
        if url.scheme() == "https" {
            // Reading the system's certificates takes milliseconds, which plain http need not pay.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
        let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().build();
        let http = hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { http, server: url.as_str().trim_end_matches('/').to_owned(), token })
    }

    /// The answer to `GET path`.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, ClientError> {
        self.send(Method::GET, path, HeaderMap::new(), Bytes::new()).await
    }

    /// The answer to `POST path` with a JSON body.
    pub(crate) async fn post_json(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<Value, ClientError> {
        self.send_json(Method::POST, path, body).await
    }

    /// The answer to `PUT path` with a JSON body.
    pub(crate) async fn put_json(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<Value, ClientError> {
        self.send_json(Method::PUT, path, body).await
    }

    /// The answer to `PATCH path` with a JSON body.
    pub(crate) async fn patch_json(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<Value, ClientError> {
        self.send_json(Method::PATCH, path, body).await
    }

    /// `DELETE path`.
    pub(crate) async fn delete(&self, path: &str) -> Result<(), ClientError> {
        self.send(Method::DELETE, path, HeaderMap::new(), Bytes::new()).await.map(drop)
    }

    /// The answer to `POST path` with these headers and exactly these bytes.
    pub(crate) async fn post_raw(&self, path: &str, headers: HeaderMap, body: Bytes) -> Result<Value, ClientError> {
        self.send(Method::POST, path, headers, body).await
    }

    /// Up to `limit` items of a list, over as many pages as it takes.
    pub(crate) async fn list(&self, path: &str, query: &[(&str, &str)], limit: usize) -> anyhow::Result<Vec<Value>> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let size = (limit - items.len()).min(200).to_string();
            let mut pairs = query.to_vec();
            pairs.push(("limit", &size));
            pairs.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let mut page = self.get(&with_query(path, &pairs)).await?;
            let Some(Value::Array(found)) = page.get_mut("items").map(Value::take) else {
                return Err(self.garbled("a list has no items").into());
            };
            items.extend(found);
            cursor = page.get("next").and_then(Value::as_str).map(str::to_owned);
            if cursor.is_none() || items.len() >= limit {
                items.truncate(limit);
                return Ok(items);
            }
        }
    }

    async fn send_json(&self, method: Method, path: &str, body: &impl Serialize) -> Result<Value, ClientError> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        let body = serde_json::to_vec(body).map_err(|error| self.garbled(&error.to_string()))?;
        self.send(method, path, headers, body.into()).await
    }

    async fn send(&self, method: Method, path: &str, headers: HeaderMap, body: Bytes) -> Result<Value, ClientError> {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = method;
        *request.uri_mut() = format!("{}{path}", self.server)
            .parse()
            .map_err(|error: http::uri::InvalidUri| self.garbled(&error.to_string()))?;
        *request.headers_mut() = headers;
        let agent = concat!("postrider/", env!("CARGO_PKG_VERSION"));
        request.headers_mut().insert(USER_AGENT, HeaderValue::from_static(agent));
        if let Some(token) = &self.token {
            let value = HeaderValue::try_from(format!("Bearer {}", token.expose()));
            let mut value = value.map_err(|_| self.garbled("the token contains characters no token has"))?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        let exchange = tokio::time::timeout(TIMEOUT, self.exchange(request));
        match self.tell_if_slow(exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(ClientError::TimedOut { server: self.server.clone() }),
        }
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Value, ClientError> {
        let broken = |error: &(dyn std::error::Error + 'static)| ClientError::Unreachable {
            server: self.server.clone(),
            cause: root_cause(error),
        };
        let answer = self.http.request(request).await.map_err(|error| broken(&error))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_ANSWER).collect().await.map_err(|error| broken(&*error))?;
        self.understand(status, &body.to_bytes())
    }

    fn understand(&self, status: StatusCode, body: &[u8]) -> Result<Value, ClientError> {
        if status.is_success() && body.is_empty() {
            return Ok(Value::Null);
        }
        let value = serde_json::from_slice::<Value>(body);
        if status.is_success() {
            return value.map_err(|error| self.garbled(&error.to_string()));
        }
        let error = value.ok().and_then(|mut value| value.get_mut("error").map(Value::take));
        let text = |name| error.as_ref().and_then(|error| error.get(name)).and_then(Value::as_str);
        let Some(said) = text("message") else {
            return Err(self.garbled(&format!("status {status} without a reason")));
        };
        let message = text("field").map_or_else(|| said.to_owned(), |field| format!("{field}: {said}"));
        let message = match status {
            StatusCode::UNAUTHORIZED => {
                format!("{message} (give a token: --token-file, POSTRIDER_TOKEN, or --data-dir for admin.token)")
            }
            _ => message,
        };
        // It may quote what somebody sent, and is on its way to a terminal (U-1).
        Err(ClientError::Refused { status, message: visible(&message) })
    }

    /// Waits; a person at a terminal sees what for.
    async fn tell_if_slow<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        tokio::select! {
            done = &mut work => return done,
            () = tokio::time::sleep(PATIENCE) => {}
        }
        let watched = std::io::stderr().is_terminal();
        if watched {
            eprint!("waiting for {} …", self.server);
        }
        let done = work.await;
        if watched {
            eprint!("\r\x1b[K");
        }
        done
    }

    fn garbled(&self, detail: &str) -> ClientError {
        ClientError::Garbled { server: self.server.clone(), detail: detail.to_owned() }
    }
}

/// `text` as one segment of a path, or as a query value.
pub(crate) fn segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// `path` with a query.
pub(crate) fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={}", segment(value))).collect();
    if pairs.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) }
}

/// A CloudEvents attribute as a header of the HTTP binding's binary mode: `ce-id`, its value percent-encoded.
pub(crate) fn ce_header(name: &'static str, value: &str) -> (HeaderName, HeaderValue) {
    /// What the binding wants encoded: all but visible ASCII, and space, quote and percent.
    const VALUE: &AsciiSet = &percent_encoding::CONTROLS.add(b' ').add(b'"').add(b'%');
    let encoded = utf8_percent_encode(value, VALUE).to_string();
    let value = HeaderValue::try_from(encoded).expect("percent-encoding leaves visible ASCII alone");
    (HeaderName::from_static(name), value)
}

/// Runs the work of one client verb to its end.
pub(crate) fn run(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// The token of the command line, or that of `admin.token` in the data directory.
pub(crate) fn find_token(global: &Global) -> anyhow::Result<Option<Secret>> {
    if let Some(token) = &global.token {
        return Ok(Some(Secret::new(token.trim())));
    }
    if let Some(file) = &global.token_file {
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
        return Ok(Some(Secret::new(text.trim())));
    }
    let dir = global.data_dir.as_deref().unwrap_or(Path::new(DEFAULT_DATA_DIR));
    let text = std::fs::read_to_string(dir.join("admin.token")).ok();
    Ok(text.map(|text| Secret::new(text.trim())))
}

/// The innermost reason: `Connection refused (os error 111)`.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16) -> ClientError {
        ClientError::Refused { status: StatusCode::from_u16(status).expect("a status"), message: String::new() }
    }

    #[test]
    fn what_may_succeed_later_is_told_from_what_never_will() {
        for status in [408, 429, 500, 503, 507] {
            assert!(refused(status).is_temporary(), "{status}");
        }
        for status in [400, 401, 403, 404, 413, 422, 508] {
            assert!(!refused(status).is_temporary(), "{status}");
        }
    }

    #[test]
    fn names_cannot_leave_their_path_segment() {
        assert_eq!(segment("a/b?c#d %é"), "a%2Fb%3Fc%23d%20%25%C3%A9");
        assert_eq!(with_query("/x", &[("source", "/repos/a/b")]), "/x?source=%2Frepos%2Fa%2Fb");
        assert_eq!(with_query("/x", &[]), "/x");
    }

    #[test]
    fn attributes_become_headers_without_line_breaks() {
        assert_eq!(ce_header("ce-subject", "a\r\nb: \"ü\" 5%").1, "a%0D%0Ab:%20%22%C3%BC%22%205%25");
    }

    #[test]
    fn odd_server_urls_are_refused_at_once() {
        for bad in ["localhost:8017", "ftp://h", "", "http://h?x=1"] {
            assert!(Client::new(bad, None).is_err(), "{bad}");
        }
        assert_eq!(Client::new("http://h:1/prefix/", None).expect("fine").server, "http://h:1/prefix");
    }
}
