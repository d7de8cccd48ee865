//! `/healthz`, `/readyz`, `/metrics` (design section 8).

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::ports::Store;
use metrics_exporter_prometheus::PrometheusHandle;

/// The store must commit within this for the server to count as ready.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// What the operations' routes need. Cheap to clone.
#[derive(Clone)]
pub struct Operations {
    store: Arc<dyn Store>,
    metrics: PrometheusHandle,
    /// Shutdown began: not ready any more, still answering.
    leaving: Arc<AtomicBool>,
}

impl Operations {
    /// Over this store and recorder.
    pub fn new(store: Arc<dyn Store>, metrics: PrometheusHandle) -> Self {
        Self { store, metrics, leaving: Arc::default() }
    }

    /// From now on `/readyz` fails (N-8).
    pub fn leave(&self) {
        self.leaving.store(true, Ordering::Relaxed);
    }
}

impl fmt::Debug for Operations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operations").field("leaving", &self.leaving).finish_non_exhaustive()
    }
}

/// The process answers.
pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

/// The process answers, is not leaving, and the store can commit.
pub(crate) async fn readyz(State(operations): State<Operations>) -> Response {
    let unready = |why: String| (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")).into_response();
    if operations.leaving.load(Ordering::Relaxed) {
        return unready("shutting down".to_owned());
    }
    match tokio::time::timeout(READY_WITHIN, operations.store.check()).await {
        Ok(Ok(())) => "ready\n".into_response(),
        Ok(Err(error)) => unready(error.to_string()),
        Err(_) => unready("the store is slow to commit".to_owned()),
    }
}

/// Prometheus text.
pub(crate) async fn metrics(State(operations): State<Operations>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], operations.metrics.render())
}
