//! A sender that does what it is told, and a dialect as plain as can be.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use domain::attempt::{Exchange, HookFate, Outcome};
use domain::canonical::Happening;
use domain::delivery::Message;
use domain::dialect::{CounterNames, Dialect, Draft, Scene, Sending, WireRequest};
use domain::hook::{DialectName, Hook, HookScope};
use domain::ports::{FetchRequest, Fetched, SendRequest, Sender};
use domain::rules::target::TargetUrl;
use tokio::sync::{Notify, Semaphore};

/// What comes of a send.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// This exchange.
    With(Exchange),
    /// Nothing until [`Script::let_go`]; then 200.
    Hold,
    /// Nothing until [`Script::let_go`]; then this.
    HoldThen(Box<Reply>),
    /// A panic.
    Panic,
}

/// An answer of that status.
pub(crate) fn status(status: u16) -> Reply {
    Reply::With(Exchange {
        outcome: Outcome::Answered,
        status: Some(status),
        error: None,
        duration: Duration::from_millis(3),
        response_head: Bytes::from_static(b"Server: test\r\n"),
        response_body: Bytes::from_static(b"ok"),
        retry_after: None,
    })
}

/// An answer that asks for a pause.
pub(crate) fn later(code: u16, seconds: u64) -> Reply {
    let Reply::With(exchange) = status(code) else { unreachable!() };
    Reply::With(Exchange { retry_after: Some(Duration::from_secs(seconds)), ..exchange })
}

/// No answer in time.
pub(crate) fn timed_out() -> Reply {
    let Reply::With(exchange) = status(200) else { unreachable!() };
    let duration = Duration::from_secs(10);
    Reply::With(Exchange { outcome: Outcome::TimedOut, status: None, duration, ..exchange })
}

/// Held sends wait here.
struct Gate(Semaphore);

impl Default for Gate {
    fn default() -> Self {
        Self(Semaphore::new(0))
    }
}

/// The sender. Replies per URL, in order; 200 where the script says nothing.
#[derive(Default)]
pub(crate) struct Script {
    replies: Mutex<HashMap<String, VecDeque<Reply>>>,
    always: Mutex<HashMap<String, Reply>>,
    sent: Mutex<Vec<SendRequest>>,
    arrived: Notify,
    gate: Gate,
}

impl Script {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// The next send to `url` gets this.
    pub(crate) fn next(&self, url: &str, reply: Reply) -> &Self {
        self.replies.lock().expect("whole").entry(url.to_owned()).or_default().push_back(reply);
        self
    }

    /// Every send to `url` gets this.
    pub(crate) fn always(&self, url: &str, reply: Reply) -> &Self {
        self.always.lock().expect("whole").insert(url.to_owned(), reply);
        self
    }

    /// Ends the wait of this many held sends.
    pub(crate) fn let_go(&self, count: usize) {
        self.gate.0.add_permits(count);
    }

    /// What was sent to `url`.
    pub(crate) fn sent_to(&self, url: &str) -> Vec<SendRequest> {
        self.sent.lock().expect("whole").iter().filter(|request| request.url.as_str() == url).cloned().collect()
    }

    /// Waits until `count` requests were sent to `url`.
    pub(crate) async fn wait_for(&self, url: &str, count: usize) {
        loop {
            let arrived = self.arrived.notified();
            if self.sent_to(url).len() >= count {
                return;
            }
            arrived.await;
        }
    }
}

#[async_trait]
impl Sender for Script {
    async fn send(&self, request: SendRequest) -> Exchange {
        let url = request.url.as_str().to_owned();
        self.sent.lock().expect("whole").push(request);
        self.arrived.notify_waiters();
        let scripted = self.replies.lock().expect("whole").get_mut(&url).and_then(VecDeque::pop_front);
        let always = || self.always.lock().expect("whole").get(&url).cloned();
        let mut reply = scripted.or_else(always).unwrap_or_else(|| status(200));
        loop {
            reply = match reply {
                Reply::With(exchange) => return exchange,
                Reply::Panic => panic!("as the script says"),
                Reply::Hold => Reply::HoldThen(Box::new(status(200))),
                Reply::HoldThen(then) => {
                    self.gate.0.acquire().await.expect("never closed").forget();
                    *then
                }
            };
        }
    }

    async fn fetch(&self, _: FetchRequest) -> Fetched {
        panic!("nothing is fetched here")
    }

    async fn vet(&self, _: &TargetUrl) -> Result<(), String> {
        Ok(())
    }
}

/// The dialect: the body as it is; panics when the body says so.
pub(crate) struct Plain;

impl Dialect for Plain {
    fn name(&self) -> DialectName {
        DialectName("github")
    }

    fn knows_event(&self, _: &str, _: HookScope) -> bool {
        true
    }

    fn translate(&self, _: &Happening, _: &Scene<'_>, _: &dyn Fn(&str) -> bool) -> Vec<Draft> {
        Vec::new()
    }

    fn pass_through(&self, _: &str, _: &Bytes) -> Result<Draft, String> {
        Err("not needed here".to_owned())
    }

    fn encode(&self, _: &Hook, message: &Message, sending: &Sending<'_>) -> WireRequest {
        assert_ne!(message.body, "\"panic\"", "as the message says");
        let headers = vec![
            ("X-Number", sending.number.to_string()),
            ("X-GitHub-Delivery", message.uid.to_string()),
            ("Postrider-Hops", sending.hops.to_string()),
        ];
        WireRequest { headers, body: message.body.clone(), url: None }
    }

    fn vendor_delays(&self) -> &'static [u32] {
        &[]
    }

    fn when_gone(&self) -> HookFate {
        HookFate::SwitchedOff
    }

    fn max_payload(&self) -> usize {
        1_000
    }
}

/// What [`Counting`] calls its counters.
pub(crate) const NAMES: CounterNames = CounterNames {
    publishes: "counting_publishes",
    dispatches: "counting_dispatches",
    in_flight: "counting_in_flight",
    successes: "counting_successes",
    failures: "counting_failures",
    errors: "counting_errors",
    rejections: "counting_rejections",
    last_rejection: "counting_last_rejection",
};

/// As [`Plain`], with counters of its own.
pub(crate) struct Counting;

impl Counting {
    pub(crate) const NAME: DialectName = DialectName("counting");
}

impl Dialect for Counting {
    fn name(&self) -> DialectName {
        Self::NAME
    }

    fn knows_event(&self, kind: &str, scope: HookScope) -> bool {
        Plain.knows_event(kind, scope)
    }

    fn translate(&self, happening: &Happening, scene: &Scene<'_>, wanted: &dyn Fn(&str) -> bool) -> Vec<Draft> {
        Plain.translate(happening, scene, wanted)
    }

    fn pass_through(&self, kind: &str, data: &Bytes) -> Result<Draft, String> {
        Plain.pass_through(kind, data)
    }

    fn encode(&self, hook: &Hook, message: &Message, sending: &Sending<'_>) -> WireRequest {
        Plain.encode(hook, message, sending)
    }

    fn vendor_delays(&self) -> &'static [u32] {
        Plain.vendor_delays()
    }

    fn counters(&self) -> Option<&'static CounterNames> {
        Some(&NAMES)
    }

    fn when_gone(&self) -> HookFate {
        Plain.when_gone()
    }

    fn max_payload(&self) -> usize {
        Plain.max_payload()
    }
}
