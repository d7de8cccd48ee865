//! Probe: one request to a receiver that a person waits for. Not a delivery: no plan, no log row, no retry.

use std::time::Duration;

use crate::attempt::Exchange;
use crate::delivery::Message;
use crate::dialect::{Dialect, Sending, WireRequest};
use crate::event::Place;
use crate::flow::Ports;
use crate::hook::Hook;
use crate::ports::{SendMethod, SendRequest};

/// Longest a probe takes; the person waits.
pub const PROBE_TIMEOUT: Duration = Duration::from_secs(10);

/// Sends `message` as a delivery to `hook` would be sent, and returns what was sent and what came back. The hook need
/// not be stored.
pub async fn probe(
    ports: &Ports,
    dialect: &dyn Dialect,
    hook: &Hook,
    message: &Message,
    place: Place,
) -> (WireRequest, Exchange) {
    let sending = Sending {
        number: 1,
        earlier: 0,
        redelivery: false,
        now: ports.clock.now(),
        place,
        content_type: "application/json",
        hops: 1,
        public_url: &ports.public_url,
        directory: ports.directory(),
        entropy: &*ports.entropy,
    };
    let wire = dialect.encode(hook, message, &sending);
    let request = SendRequest {
        method: SendMethod::Post,
        url: wire.url.clone().unwrap_or_else(|| hook.url.clone()),
        headers: wire.headers.clone(),
        own_headers: hook.headers.clone(),
        body: wire.body.clone(),
        insecure_tls: hook.insecure_tls,
        timeout: hook.timeout.or_else(|| dialect.timeout()).map_or(PROBE_TIMEOUT, |limit| limit.min(PROBE_TIMEOUT)),
    };
    let exchange = ports.sender.send(request).await;
    (wire, exchange)
}
