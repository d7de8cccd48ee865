//! An endpoint on loopback that records what it gets and misbehaves on request.
//!
//! It speaks HTTP/1.1 by hand, because most of what it must be able to do (drip, stall, break off, lie) is what HTTP
//! libraries prevent.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// A request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// `POST`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// Header lines in order, names as sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
    /// Which connection it came on, from 0.
    pub connection: usize,
}

impl Received {
    /// The value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// What to do with a request.
#[derive(Clone, Debug)]
pub enum Behaviour {
    /// Answer with this status and no body.
    Status(u16),
    /// Answer with this status, these header lines and this body.
    Answer(u16, Vec<(String, String)>, Bytes),
    /// Answer with 200 after this long.
    After(Duration),
    /// Never answer.
    Hang,
    /// Send the response head one byte at a time with this pause between.
    DripHead(Duration),
    /// Answer 200 and promise this many bytes, then send the body one byte at a time with this pause between.
    DripBody(usize, Duration),
    /// Answer 200 and never end the body.
    EndlessBody,
    /// Answer with a head that never ends.
    EndlessHead,
    /// Close the connection instead of answering.
    Close,
    /// Answer 200, then close the connection without having said so.
    AnswerThenClose,
    /// Send these bytes instead of an answer, then close.
    Raw(Bytes),
}

/// The receiver. Stops when dropped.
pub struct Receiver {
    address: SocketAddr,
    state: Arc<State>,
    _tasks: JoinSet<()>,
}

struct State {
    log: Mutex<Log>,
    arrived: Notify,
}

struct Log {
    received: Vec<Received>,
    script: VecDeque<Behaviour>,
    otherwise: Behaviour,
    connections: usize,
}

impl State {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Receiver {
    /// Listens on a free port of 127.0.0.1 and answers 200.
    pub async fn start() -> Self {
        Self::start_wrapped(|stream| async { Ok(stream) }).await
    }

    /// As [`start`](Self::start), each connection wrapped first: for TLS.
    pub async fn start_wrapped<W, F, S>(wrap: W) -> Self
    where
        W: Fn(TcpStream) -> F + Send + Sync + 'static,
        F: Future<Output = io::Result<S>> + Send + 'static,
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback can be bound");
        let address = listener.local_addr().expect("it was just bound");
        let log =
            Log { received: Vec::new(), script: VecDeque::new(), otherwise: Behaviour::Status(200), connections: 0 };
        let state = Arc::new(State { log: Mutex::new(log), arrived: Notify::new() });
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, state.clone(), wrap));
        Self { address, state, _tasks: tasks }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, with this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Does this with every request the script does not cover.
    pub fn always(&self, behaviour: Behaviour) {
        self.state.log().otherwise = behaviour;
    }

    /// Does this with the next request the script does not cover yet.
    pub fn then(&self, behaviour: Behaviour) -> &Self {
        self.state.log().script.push_back(behaviour);
        self
    }

    /// What has arrived.
    pub fn received(&self) -> Vec<Received> {
        self.state.log().received.clone()
    }

    /// How many connections were made.
    pub fn connections(&self) -> usize {
        self.state.log().connections
    }

    /// Waits until `count` requests have arrived, and returns them.
    pub async fn wait_for(&self, count: usize) -> Vec<Received> {
        loop {
            let arrived = self.state.arrived.notified();
            let received = self.received();
            if received.len() >= count {
                return received;
            }
            arrived.await;
        }
    }
}

async fn accept<W, F, S>(listener: TcpListener, state: Arc<State>, wrap: W)
where
    W: Fn(TcpStream) -> F,
    F: Future<Output = io::Result<S>> + Send + 'static,
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        // Small writes are the point of dripping.
        let _ = stream.set_nodelay(true);
        let number = {
            let mut log = state.log();
            log.connections += 1;
            log.connections - 1
        };
        let (wrapping, state) = (wrap(stream), state.clone());
        connections.spawn(async move {
            if let Ok(stream) = wrapping.await {
                // A client that goes away is part of most tests.
                let _ = serve(stream, &state, number).await;
            }
        });
    }
}

/// Serves one connection until either side ends it.
async fn serve<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, state: &State, connection: usize) -> io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let Some(received) = read_request(&mut stream, &mut buffer, connection).await? else { return Ok(()) };
        let behaviour = {
            let mut log = state.log();
            log.received.push(received);
            log.script.pop_front().unwrap_or_else(|| log.otherwise.clone())
        };
        state.arrived.notify_waiters();
        if !behave(&mut stream, behaviour).await? {
            return Ok(());
        }
    }
}

/// Reads one request; `None` at the end of the connection.
async fn read_request<S: AsyncRead + Unpin>(
    stream: &mut S,
    buffer: &mut Vec<u8>,
    connection: usize,
) -> io::Result<Option<Received>> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        // Something else than HTTP, a TLS greeting perhaps: hang up, as servers do.
        if stream.read_buf(buffer).await? == 0 || !buffer[0].is_ascii_alphabetic() {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers: Vec<_> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = length.and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    while buffer.len() < head_end + length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    let body = Bytes::copy_from_slice(&buffer[head_end..head_end + length]);
    buffer.drain(..head_end + length);
    Ok(Some(Received { method, path, headers, body, connection }))
}

/// Does what the script says. Returns whether the connection goes on.
async fn behave<S: AsyncWrite + Unpin>(stream: &mut S, behaviour: Behaviour) -> io::Result<bool> {
    const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    match behaviour {
        Behaviour::Status(status) => {
            stream.write_all(format!("HTTP/1.1 {status} Status\r\nContent-Length: 0\r\n\r\n").as_bytes()).await?;
        }
        Behaviour::Answer(status, headers, body) => {
            let mut head = format!("HTTP/1.1 {status} Status\r\n");
            for (name, value) in headers {
                head.extend([name.as_str(), ": ", value.as_str(), "\r\n"]);
            }
            head.push_str("Content-Length: ");
            head.push_str(&body.len().to_string());
            head.push_str("\r\n\r\n");
            stream.write_all(&[head.as_bytes(), &body].concat()).await?;
        }
        Behaviour::After(pause) => {
            tokio::time::sleep(pause).await;
            stream.write_all(OK).await?;
        }
        Behaviour::Hang => std::future::pending().await,
        Behaviour::DripHead(pause) => drip(stream, OK, pause).await?,
        Behaviour::DripBody(length, pause) => {
            stream.write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").as_bytes()).await?;
            drip(stream, &vec![b'.'; length], pause).await?;
        }
        Behaviour::EndlessBody => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await?;
            loop {
                stream.write_all(&[b'.'; 4096]).await?;
            }
        }
        Behaviour::EndlessHead => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n").await?;
            loop {
                stream.write_all(format!("X-More: {}\r\n", ".".repeat(1024)).as_bytes()).await?;
            }
        }
        Behaviour::Close => return Ok(false),
        Behaviour::AnswerThenClose => {
            stream.write_all(OK).await?;
            stream.shutdown().await?;
            return Ok(false);
        }
        Behaviour::Raw(bytes) => {
            stream.write_all(&bytes).await?;
            stream.shutdown().await?;
            return Ok(false);
        }
    }
    stream.flush().await?;
    Ok(true)
}

async fn drip<S: AsyncWrite + Unpin>(stream: &mut S, bytes: &[u8], pause: Duration) -> io::Result<()> {
    for byte in bytes {
        stream.write_all(&[*byte]).await?;
        stream.flush().await?;
        tokio::time::sleep(pause).await;
    }
    Ok(())
}
