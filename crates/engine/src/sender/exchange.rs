//! One exchange: connection, request, response head, a little of the body (D-23, E-14).

use std::time::Duration;

use bytes::Bytes;
use domain::attempt::{Exchange, MAX_RESPONSE_BODY, Outcome};
use domain::ports::{FetchRequest, Fetched, SendMethod, SendRequest};
use domain::rules::target::{Refusal, Target, TargetUrl};
use domain::secret::Secret;
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use tokio::time::timeout;

use super::HttpSender;
use super::failure::{Failure, io_text};
use super::head;
use super::pool::{Lent, Pool, PoolKey, Wire};

/// How often somebody who waits to make a connection looks for one that came free.
const RECHECK: Duration = Duration::from_millis(10);

/// A request on its way out, and how much of the answer is wanted.
struct Order {
    url: TargetUrl,
    method: Method,
    headers: Vec<(&'static str, String)>,
    own_headers: Vec<(String, Secret)>,
    body: Bytes,
    insecure_tls: bool,
    /// For the whole exchange.
    budget: Duration,
    /// For the response's body, once its head is there.
    body_budget: Duration,
    /// The most that is read of the body, in bytes.
    max_body: usize,
}

/// One request with a body. Whatever happens is an [`Exchange`].
pub(super) async fn send(sender: &HttpSender, request: SendRequest) -> Exchange {
    let order = Order {
        url: request.url,
        method: match request.method {
            SendMethod::Post => Method::POST,
            SendMethod::Put => Method::PUT,
            SendMethod::Patch => Method::PATCH,
        },
        headers: request.headers,
        own_headers: request.own_headers,
        body: request.body,
        insecure_tls: request.insecure_tls,
        budget: request.timeout,
        body_budget: sender.settings.body_timeout,
        max_body: MAX_RESPONSE_BODY,
    };
    run(sender, order).await.0
}

/// One GET, whose body is what it is made for.
pub(super) async fn fetch(sender: &HttpSender, request: FetchRequest) -> Fetched {
    let order = Order {
        url: request.url,
        method: Method::GET,
        headers: request.headers,
        own_headers: Vec::new(),
        body: Bytes::new(),
        insecure_tls: false,
        budget: request.timeout,
        body_budget: request.timeout,
        max_body: request.max_body,
    };
    let (exchange, whole) = run(sender, order).await;
    Fetched { exchange, whole }
}

/// Runs one exchange. The flag says whether the response was read to its end.
async fn run(sender: &HttpSender, order: Order) -> (Exchange, bool) {
    let mut began = sender.clock.monotonic();
    match answer(sender, order, &mut began).await {
        Ok(answered) => answered,
        Err(failure) => (failure.into_exchange(sender.clock.monotonic().saturating_sub(began)), false),
    }
}

async fn answer(sender: &HttpSender, order: Order, began: &mut Duration) -> Result<(Exchange, bool), Failure> {
    let Order { url, method, headers, own_headers, body, insecure_tls, budget, body_budget, max_body } = order;
    let target = url.target().map_err(|_| Failure::Refused(Refusal::Url))?;
    let insecure = insecure_tls && target.tls;
    if insecure && !sender.settings.allow_insecure_tls {
        return Err(Failure::InsecureTls);
    }
    let mut request = head::request(target, method, headers, own_headers, body)?;
    let key = PoolKey { tls: target.tls, insecure, authority: target.authority.clone() };
    loop {
        let mut lent = obtain(sender, &key, target, budget, began).await?;
        let left = budget.saturating_sub(sender.clock.monotonic().saturating_sub(*began));
        let sent = timeout(left, put(&mut lent, request, target)).await;
        match sent.map_err(|_| Failure::TimedOut("waiting for the response"))?? {
            Sent::Answered(response) => {
                let took = sender.clock.monotonic().saturating_sub(*began);
                let keep = Keep { budget: budget.saturating_sub(took).min(body_budget), most: max_body };
                let (exchange, whole) = read(&mut lent.wire, response, took, keep, sender.clock.now()).await?;
                if whole {
                    sender.pool.give_back(&key, lent, sender.clock.monotonic());
                }
                return Ok((exchange, whole));
            }
            // Not a byte of it left this process, so this was no attempt (D-17): the receiver had closed the idle
            // connection a moment ago. Each turn uses up one connection.
            Sent::Returned(unsent) => request = unsent,
        }
    }
}

/// A connection: an idle one, or a new one as soon as the pace permits.
async fn obtain(
    sender: &HttpSender,
    key: &PoolKey,
    target: &Target,
    budget: Duration,
    began: &mut Duration,
) -> Result<Lent, Failure> {
    if let Some(lent) = sender.pool.take(key, sender.clock.monotonic()) {
        return Ok(lent);
    }
    {
        let turn = sender.connector.wait_for_turn();
        tokio::pin!(turn);
        while timeout(RECHECK, &mut turn).await.is_err() {
            if let Some(lent) = sender.pool.take(key, sender.clock.monotonic()) {
                *began = sender.clock.monotonic();
                return Ok(lent);
            }
        }
    }
    *began = sender.clock.monotonic();
    let generation = sender.pool.generation();
    let policy = sender.policy();
    let connected = timeout(budget, sender.connector.connect(target, key.insecure, &policy)).await;
    let wire = connected.map_err(|_| Failure::TimedOut("connect"))??;
    Ok(Pool::adopt(wire, sender.clock.monotonic(), generation))
}

/// What came of putting a request on a connection.
enum Sent {
    /// A response head.
    Answered(Response<Incoming>),
    /// The connection was closed before any of the request was written.
    Returned(Request<Full<Bytes>>),
}

/// Puts the request on the connection and waits for the response head.
async fn put(lent: &mut Lent, mut request: Request<Full<Bytes>>, target: &Target) -> Result<Sent, Failure> {
    let reused = lent.reused;
    let result = match &mut lent.wire {
        Wire::Http1(connection) => {
            if request.version() == http::Version::HTTP_2 {
                head::for_http1(&mut request, target)?;
            }
            connection.send(request).await
        }
        Wire::Http2(sender) => {
            head::for_http2(&mut request, target)?;
            sender.try_send_request(request).await
        }
    };
    match result {
        Ok(response) => Ok(Sent::Answered(response)),
        Err(mut error) => match error.take_message() {
            Some(unsent) if reused => Ok(Sent::Returned(unsent)),
            Some(_) => Err(closed()),
            None => Err(Failure::Broken(hyper_text(error.error()))),
        },
    }
}

fn closed() -> Failure {
    Failure::Broken("connection closed before the request was sent".to_owned())
}

/// How much of a body is read, and for how long.
struct Keep {
    budget: Duration,
    /// In bytes.
    most: usize,
}

/// Reads what is kept of the response. Returns whether it was read to its end, so that the connection can be used again.
async fn read(
    wire: &mut Wire,
    response: Response<Incoming>,
    took: Duration,
    keep: Keep,
    now: domain::time::Timestamp,
) -> Result<(Exchange, bool), Failure> {
    let (parts, body) = response.into_parts();
    let response_head = head::render(&parts.headers)?;
    let reading = read_body(body, keep);
    let (response_body, whole) = match wire {
        Wire::Http1(connection) => connection.run(reading).await,
        Wire::Http2(_) => reading.await,
    };
    let exchange = Exchange {
        outcome: Outcome::Answered,
        status: Some(parts.status.as_u16()),
        error: None,
        duration: took,
        response_head,
        response_body,
        retry_after: head::retry_after(&parts.headers, now),
    };
    Ok((exchange, whole))
}

/// Reads the body up to its cap (E-14). The status line has decided already: a broken body only ends what is kept.
async fn read_body(mut body: Incoming, keep: Keep) -> (Bytes, bool) {
    if body.is_end_stream() {
        return (Bytes::new(), true);
    }
    let mut kept = Vec::new();
    let reading = async {
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else { return false };
            let Some(data) = frame.data_ref() else { continue };
            let room = keep.most - kept.len();
            kept.extend_from_slice(&data[..data.len().min(room)]);
            if data.len() > room {
                return false;
            }
        }
        true
    };
    let whole = timeout(keep.budget, reading).await.unwrap_or(false);
    (Bytes::from(kept), whole)
}

/// An error of hyper's in words without addresses.
pub(super) fn hyper_text(error: &hyper::Error) -> String {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<std::io::Error>());
    match source {
        Some(io) => io_text(io),
        None if error.is_parse_too_large() => "the response head is too large".to_owned(),
        None if error.is_parse() => "the response is not HTTP".to_owned(),
        None if error.is_incomplete_message() => "connection closed before the response".to_owned(),
        None => error.to_string(),
    }
}
