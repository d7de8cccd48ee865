use axum::Router;
use axum::body::Bytes;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;

/// A server that echoes bodies and panics on request.
struct Server {
    address: std::net::SocketAddr,
    stop: CancellationToken,
    serving: tokio::task::JoinHandle<()>,
}

async fn boom() -> &'static str {
    panic!("on request")
}

impl Server {
    async fn start() -> Self {
        let router = Router::new()
            .route("/", get(|| async { "hello" }))
            .route("/echo", post(|body: Bytes| async { body }))
            .route("/boom", get(boom));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let stop = CancellationToken::new();
        let service = Service::for_tests(router);
        let serving = tokio::spawn(serve(listener, service, Limits::default(), stop.clone()));
        Self { address, stop, serving }
    }

    /// Sends bytes and returns everything that comes back until the server closes.
    async fn exchange(&self, request: &[u8]) -> String {
        let mut socket = TcpStream::connect(self.address).await.expect("connects");
        socket.write_all(request).await.expect("is sent");
        socket.shutdown().await.expect("is finished");
        let mut answer = Vec::new();
        // A reset after the answer is as good as an end.
        let _ = socket.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}

#[tokio::test]
async fn h2_ambiguous_framing_never_reaches_a_handler() {
    let server = Server::start().await;
    for request in [
        "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ncontent-length: 5\r\n\r\nabcde",
        "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ncontent-length: 4\r\n\r\nabcd",
        "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: +4\r\n\r\nabcd",
        "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: -4\r\n\r\nabcd",
        "POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /echo HTTP/1.1\r\nhost: x\r\ntransfer-encoding: gzip\r\n\r\nabcd",
        "POST /echo HTTP/1.1\r\nhost: x\r\nx-folded: a\r\n b\r\ncontent-length: 4\r\n\r\nabcd",
        "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length : 4\r\n\r\nabcd",
    ] {
        let answer = server.exchange(request.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{request:?} was answered {answer:?}");
    }
}

#[tokio::test]
async fn h3_heads_are_limited_in_lines_and_bytes() {
    let server = Server::start().await;
    let many = "x-h: 1\r\n".repeat(MAX_HEADERS + 1);
    let answer = server.exchange(format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    let long = "y".repeat(MAX_HEAD);
    let answer = server.exchange(format!("GET / HTTP/1.1\r\nhost: x\r\nx-h: {long}\r\n\r\n").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn h4_a_panic_costs_one_request() {
    let server = Server::start().await;
    let both = "GET /boom HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let answer = server.exchange(both.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 500") && answer.ends_with("hello"), "{answer}");
}

#[tokio::test]
async fn n8_shutdown_ends_idle_connections_and_returns() {
    let server = Server::start().await;
    let mut idle = TcpStream::connect(server.address).await.expect("connects");
    idle.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.expect("is sent");
    let mut answer = [0; 512];
    assert!(idle.read(&mut answer).await.expect("is answered") > 0);
    server.stop.cancel();
    server.serving.await.expect("returns");
    assert_eq!(idle.read(&mut answer).await.unwrap_or(0), 0, "closed");
    assert!(TcpStream::connect(server.address).await.is_err(), "no longer listening");
}
