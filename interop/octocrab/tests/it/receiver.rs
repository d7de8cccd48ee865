//! A receiver on a free loopback port that answers every request with 200.

use std::collections::HashMap;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// How long a test waits before it takes something for lost. No measure of speed: a busy machine is slow.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// One request as it came; header names are in lower case.
pub struct Received {
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

/// Records what it is sent.
pub struct Receiver {
    pub url: String,
    requests: mpsc::Receiver<Received>,
}

impl Receiver {
    /// Listens until the test's runtime ends.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hook", listener.local_addr().expect("bound"));
        let (report, requests) = mpsc::channel(16);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, report.clone()));
            }
        });
        Self { url, requests }
    }

    /// The next request.
    pub async fn next(&mut self) -> Received {
        let next = tokio::time::timeout(PATIENCE, self.requests.recv()).await;
        next.expect("a request in time").expect("the receiver runs")
    }
}

/// Answers the requests of one connection. Deliveries have a `Content-Length` (contract section 3.1).
async fn answer(stream: TcpStream, report: mpsc::Sender<Received>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut headers = HashMap::new();
        let mut line = String::new();
        while stream.read_line(&mut line).await? > 2 {
            if let Some((name, value)) = line.split_once(": ") {
                headers.insert(name.to_ascii_lowercase(), value.trim_end().to_owned());
            }
            line.clear();
        }
        let Some(length) = headers.get("content-length") else { return Ok(()) };
        let mut body = vec![0; length.parse().expect("a number")];
        stream.read_exact(&mut body).await?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await?;
        if report.send(Received { headers, body }).await.is_err() {
            return Ok(());
        }
    }
}
