//! Every surface behind one door.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use dialects::http::Peer;
use dialects::{ApiSettings, Surface};
use domain::flow::Ports;
use ipnet::IpNet;
use tower::ServiceExt;

use crate::operations::{self, Operations};

/// The whole server as one service. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Service {
    main: Router,
    /// What answers when the `Host` is `api.*` (contract github section 0).
    api_host: Router,
    trusted_proxies: Arc<[IpNet]>,
}

impl Service {
    /// Any router as the whole server.
    #[cfg(test)]
    pub(crate) fn for_tests(main: Router) -> Self {
        Self { api_host: main.clone(), main, trusted_proxies: Arc::new([]) }
    }

    /// Answers one request that came from `connected`.
    pub async fn call_from(&self, connected: IpAddr, mut request: Request<Body>) -> Response {
        let peer = Peer::behind(connected, request.headers(), &self.trusted_proxies);
        request.extensions_mut().insert(peer);
        self.call(request).await
    }

    /// Answers one request.
    pub async fn call(&self, request: Request<Body>) -> Response {
        let router = if is_api_host(&request) { &self.api_host } else { &self.main };
        match router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }
}

/// Puts all surfaces and the operations' routes together.
pub fn assemble(
    surfaces: &[Box<dyn Surface>],
    ports: &Ports,
    settings: &ApiSettings,
    operations: Operations,
) -> Service {
    let mut main = Router::new()
        .route("/healthz", get(operations::healthz))
        .route("/readyz", get(operations::readyz))
        .route("/metrics", get(operations::metrics))
        .with_state(operations)
        .fallback(nothing_here);
    let mut api_host = Router::new();
    for surface in surfaces {
        main = main.merge(surface.routes(ports.clone(), settings.clone()));
        if let Some(routes) = surface.api_host_routes(ports, settings) {
            api_host = api_host.merge(routes);
        }
    }
    Service { main, api_host, trusted_proxies: settings.trusted_proxies.clone() }
}

async fn nothing_here() -> Response {
    let body = r#"{"error":{"code":"not_found","message":"There is nothing at this path."}}"#;
    (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn is_api_host(request: &Request<Body>) -> bool {
    let named = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let host = named.or_else(|| request.uri().host());
    host.is_some_and(|host| host.len() > 4 && host.as_bytes()[..4].eq_ignore_ascii_case(b"api."))
}
