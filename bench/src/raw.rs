//! The raw limit: bare HTTP/1.1 connections posting the same body to the same sink, with nothing in between.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::clock::{nanos, seconds_since};
use crate::sink::Sink;

/// Posts over `connections` connections for `time`; returns POSTs per second.
pub(crate) async fn run(sink: &Arc<Sink>, body: Bytes, connections: usize, time: Duration) -> anyhow::Result<f64> {
    let before = sink.received();
    let start = nanos();
    let mut posting = Vec::new();
    for _ in 0..connections {
        let (port, body) = (sink.port, body.clone());
        posting.push(tokio::spawn(async move { post(port, body, start, time).await }));
    }
    for task in posting {
        task.await??;
    }
    let elapsed = seconds_since(start);
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^53")]
    let posts = (sink.received() - before) as f64;
    Ok(posts / elapsed)
}

async fn post(port: u16, body: Bytes, start: u64, time: Duration) -> anyhow::Result<()> {
    let socket = TcpStream::connect(("127.0.0.1", port)).await?;
    socket.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(socket)).await?;
    tokio::spawn(connection);
    while seconds_since(start) < time.as_secs_f64() {
        let request = hyper::Request::post("/raw")
            .header("host", "127.0.0.1")
            .header("content-type", "application/json")
            .body(Full::new(body.clone()))?;
        let response = sender.send_request(request).await?;
        response.into_body().collect().await?;
    }
    Ok(())
}
