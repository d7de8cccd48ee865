//! A web server on loopback that subscribes and publishes: it writes down what it gets, and answers by path.

use std::collections::{HashMap, VecDeque};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use url::form_urlencoded;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// The query, as sent.
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    /// The only value of a header; `None` if it is not there.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next()?;
        assert!(values.next().is_none(), "{name} comes more than once: {:?}", self.headers);
        Some(first.to_str().expect("ASCII"))
    }

    /// The last value of a query parameter, decoded.
    pub(crate) fn param(&self, name: &str) -> Option<String> {
        let pairs = form_urlencoded::parse(self.query.as_bytes()).filter(|(key, _)| key == name);
        pairs.last().map(|(_, value)| value.into_owned())
    }

    /// What the hub wants: `subscribe`, `denied` …
    pub(crate) fn mode(&self) -> String {
        self.param("hub.mode").unwrap_or_default()
    }
}

/// What to answer.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// The challenge between these texts, with 200.
    Echo(&'static str, &'static str),
    /// This status and nothing else.
    Status(u16),
    /// This status, these header lines, this body.
    Full(u16, Vec<(&'static str, String)>, Bytes),
    /// The latter, once the semaphore lets one more pass.
    Held(Arc<Semaphore>, Box<Reply>),
}

/// The challenge, which confirms.
pub(crate) const CONFIRM: Reply = Reply::Echo("", "");

/// A topic that the site publishes.
#[derive(Clone, Debug)]
struct Document {
    content_type: String,
    body: Bytes,
    links: bool,
    edition: usize,
}

/// The site. Stops when dropped.
pub(crate) struct Site {
    address: SocketAddr,
    state: Arc<State>,
    _tasks: JoinSet<()>,
}

#[derive(Default)]
struct State {
    log: Mutex<Log>,
    arrived: Notify,
}

#[derive(Default)]
struct Log {
    seen: Vec<Seen>,
    script: HashMap<String, VecDeque<Reply>>,
    always: HashMap<String, Reply>,
    documents: HashMap<String, Document>,
    connections: usize,
}

impl State {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().expect("whole")
    }
}

impl Site {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("loopback can be bound");
        let address = listener.local_addr().expect("it was just bound");
        let state = Arc::new(State::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, address, state.clone()));
        Self { address, state, _tasks: tasks }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Answers the next requests to this path like this, one after the other.
    pub(crate) fn next(&self, path: &str, replies: impl IntoIterator<Item = Reply>) {
        self.state.log().script.entry(path.to_owned()).or_default().extend(replies);
    }

    /// Answers all other requests to this path like this. Without it, challenges are echoed, documents served, and
    /// everything else gets 200.
    pub(crate) fn always(&self, path: &str, reply: Reply) {
        self.state.log().always.insert(path.to_owned(), reply);
    }

    /// From now on the topic at this path has that content, and names its hub in `Link`.
    pub(crate) fn publish(&self, path: &str, content_type: &str, body: impl Into<Bytes>) {
        self.put(path, content_type, body.into(), true);
    }

    /// As [`publish`](Self::publish), without naming a hub.
    pub(crate) fn publish_unlinked(&self, path: &str, content_type: &str, body: impl Into<Bytes>) {
        self.put(path, content_type, body.into(), false);
    }

    fn put(&self, path: &str, content_type: &str, body: Bytes, links: bool) {
        let mut log = self.state.log();
        let edition = log.documents.get(path).map_or(1, |old| old.edition + 1);
        let content_type = content_type.to_owned();
        log.documents.insert(path.to_owned(), Document { content_type, body, links, edition });
    }

    /// Everything that came to this path.
    pub(crate) fn seen(&self, path: &str) -> Vec<Seen> {
        self.state.log().seen.iter().filter(|seen| seen.path == path).cloned().collect()
    }

    /// The deliveries among them.
    pub(crate) fn posts(&self, path: &str) -> Vec<Seen> {
        self.seen(path).into_iter().filter(|seen| seen.method == Method::POST).collect()
    }

    /// The questions and denials among them.
    pub(crate) fn gets(&self, path: &str) -> Vec<Seen> {
        self.seen(path).into_iter().filter(|seen| seen.method == Method::GET).collect()
    }

    /// How many connections were made to it.
    pub(crate) fn connections(&self) -> usize {
        self.state.log().connections
    }

    /// Waits until that many requests have come to this path.
    pub(crate) async fn wait_for(&self, path: &str, count: usize) -> Vec<Seen> {
        loop {
            let arrived = self.state.arrived.notified();
            let seen = self.seen(path);
            if seen.len() >= count {
                return seen;
            }
            arrived.await;
        }
    }
}

async fn accept(listener: TcpListener, address: SocketAddr, state: Arc<State>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        state.log().connections += 1;
        let state = state.clone();
        connections.spawn(async move {
            let service = service_fn(|request| answer(request, address, state.clone()));
            let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // A client that goes away is part of some tests.
            let _ = connection.await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    address: SocketAddr,
    state: Arc<State>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let path = parts.uri.path().to_owned();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let seen = Seen { method: parts.method, path, query, headers: parts.headers, body };
    let mut reply = {
        let mut log = state.log();
        let scripted = log.script.get_mut(&seen.path).and_then(VecDeque::pop_front);
        let reply = scripted.or_else(|| log.always.get(&seen.path).cloned());
        let reply = reply.unwrap_or_else(|| otherwise(&seen, address, log.documents.get(&seen.path)));
        log.seen.push(seen.clone());
        reply
    };
    state.arrived.notify_waiters();
    while let Reply::Held(semaphore, then) = reply {
        semaphore.acquire().await.expect("open").forget();
        reply = *then;
    }
    Ok(written(reply, &seen))
}

/// The answer to what the script does not cover.
fn otherwise(seen: &Seen, address: SocketAddr, document: Option<&Document>) -> Reply {
    match document {
        Some(document) if seen.method == Method::GET => {
            let etag = format!("\"{}\"", document.edition);
            if seen.header("if-none-match") == Some(etag.as_str()) {
                return Reply::Status(304);
            }
            let mut headers = vec![("etag", etag), ("content-type", document.content_type.clone())];
            if document.links {
                headers.push(("link", links(&format!("http://{address}{}", seen.path))));
            }
            Reply::Full(200, headers, document.body.clone())
        }
        _ if seen.param("hub.challenge").is_some() => CONFIRM,
        _ => Reply::Status(200),
    }
}

/// A `Link` header that names the topic and the hub under test.
pub(crate) fn links(topic: &str) -> String {
    format!("<{}>; rel=\"hub\", <{topic}>; rel=\"self\"", super::hub::HUB)
}

fn written(reply: Reply, seen: &Seen) -> Response<Full<Bytes>> {
    let (status, headers, body) = match reply {
        Reply::Echo(before, after) => {
            let challenge = seen.param("hub.challenge").unwrap_or_default();
            let headers = vec![("content-type", "application/octet-stream".to_owned())];
            (200, headers, Bytes::from(format!("{before}{challenge}{after}")))
        }
        Reply::Status(status) => (status, Vec::new(), Bytes::new()),
        Reply::Full(status, headers, body) => (status, headers, body),
        Reply::Held(..) => unreachable!("let go before"),
    };
    let response = Response::builder().status(status);
    let response = headers.into_iter().fold(response, |response, (name, value)| response.header(name, value));
    response.body(Full::new(body)).expect("a response")
}
