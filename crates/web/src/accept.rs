//! The accept loop: connections, their limits, and an orderly end (H-1, H-3, N-8).

use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::framing;
use crate::router::Service;
use crate::slow::{Busy, TimedBody, TimedSocket};

/// Limits on connections and requests.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections served at once; further ones wait in the kernel's queue.
    pub connections: usize,
    /// Time for a request head.
    pub head: Duration,
    /// Time for a request body.
    pub body: Duration,
    /// Time a connection may do nothing.
    pub idle: Duration,
    /// Time for open requests to finish after shutdown began.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 8_192,
            head: Duration::from_secs(10),
            body: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            drain: Duration::from_secs(5),
        }
    }
}

/// Header lines accepted in a request (H-3).
const MAX_HEADERS: usize = 100;
/// Bytes of request head accepted (H-3).
const MAX_HEAD: usize = 32 * 1024;
/// How long to wait after `accept` failed for lack of descriptors or memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `shutdown`, then lets open requests finish within [`Limits::drain`].
pub async fn serve(listener: TcpListener, service: Service, limits: Limits, shutdown: CancellationToken) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).max_headers(MAX_HEADERS).max_buf_size(MAX_HEAD.max(16 * 1024));
    builder.http1().header_read_timeout(None).half_close(false);
    let header_list = u32::try_from(MAX_HEAD).unwrap_or(u32::MAX);
    builder.http2().timer(TokioTimer::new()).max_header_list_size(header_list);
    builder.http2().keep_alive_interval(limits.idle).keep_alive_timeout(limits.head);
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    loop {
        let next = async {
            let place = places.clone().acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = shutdown.cancelled() => break,
            next = next => next,
        };
        match accepted {
            Ok((socket, from)) => {
                let connection = handle(&builder, socket, from.ip(), service.clone(), limits);
                let watched = graceful.watch(connection);
                tokio::spawn(async move {
                    if let Err(error) = watched.await {
                        tracing::debug!(%error, "connection ended early");
                    }
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not finish in time");
    }
}

/// One connection, HTTP/1.1 or HTTP/2.
fn handle(
    builder: &Builder<TokioExecutor>,
    socket: TcpStream,
    from: IpAddr,
    service: Service,
    limits: Limits,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = Box<dyn std::error::Error + Send + Sync>> + use<> {
    // Answers are small and complete; waiting to fill a segment only adds latency.
    let _ = socket.set_nodelay(true);
    let busy = Busy::default();
    let io = TokioIo::new(TimedSocket::new(socket, busy.clone(), limits.head, limits.idle));
    let answer = service_fn(move |request: Request<Incoming>| {
        let (service, busy) = (service.clone(), busy.clone());
        busy.begin();
        async move {
            let request = request.map(|body| TimedBody::wrap(body, busy.clone(), limits.body));
            if let Some(refusal) = framing::refuse(&request, busy.lengths_seen.take()) {
                busy.end();
                return Ok(refusal);
            }
            // A panic costs this request, not the connection or the process (H-4).
            let answered = AssertUnwindSafe(service.call_from(from, request)).catch_unwind().await;
            busy.end();
            Ok::<_, Infallible>(answered.unwrap_or_else(|_| panicked()))
        }
    });
    builder.serve_connection(io, answer).into_owned()
}

fn panicked() -> Response {
    tracing::error!("a request handler panicked");
    let body = r#"{"message":"Internal Server Error"}"#;
    (hyper::StatusCode::INTERNAL_SERVER_ERROR, [("content-type", "application/json")], body).into_response()
}

#[cfg(test)]
mod tests;
