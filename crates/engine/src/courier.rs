//! One delivery: hook → encode → sign → send → decide → settle.

use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::attempt::{Attempt, BreakerStep, Exchange, HookFate, Next, Outcome, Settlement};
use domain::delivery::{DeliveryState, Message, Reason, Work};
use domain::dialect::{Dialect, Sending, WireRequest};
use domain::flow::Ports;
use domain::hook::{Hook, HookScope};
use domain::ports::{SendMethod, SendRequest};
use domain::rules::breaker::Observation;
use domain::rules::decide::{Circumstances, Decision, decide};
use domain::secret::MASK;
use domain::time::Timestamp;
use futures_util::FutureExt as _;

use crate::report::Report;
use crate::scheduler::{Job, Observed};
use crate::settings::EngineSettings;
use crate::settler::Settler;
use crate::shared::{Seat, Shared};

/// The header whose value the log never shows.
const AUTHORIZATION: &str = "Authorization";
/// Longest pause of a lane that a receiver can ask for (D-16).
const MAX_PAUSE: Duration = Duration::from_secs(3600);
/// A pause for whose end nothing waits in memory: claims must not outlive their lease.
const LONG_PAUSE: Duration = Duration::from_secs(60);

/// What couriers carry with them; one value serves all.
pub(crate) struct Courier {
    pub(crate) ports: Ports,
    pub(crate) settings: Arc<EngineSettings>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) settler: Arc<Settler>,
    pub(crate) report: Report,
}

impl Courier {
    /// Delivers one after the other until the engine shuts down.
    pub(crate) async fn run(&self, seat: Seat) {
        while let Some(job) = self.shared.next(seat).await {
            self.deliver(job).await;
        }
    }

    /// Delivers one, settles it, and gives its slots back.
    async fn deliver(&self, job: Job) {
        let started_at = self.ports.clock.now();
        let mut settlement = match self.prepare(&job, started_at) {
            Ok(ready) => self.attempt(&job.work, &ready, started_at).await,
            Err((state, reason)) => self.end_unsent(&job.work, started_at, state, reason),
        };
        settlement.breaker = self.step_breaker(&job, &settlement);
        let observed = self.observe(&settlement);
        self.report.settled(&settlement, &job.work, job.hook.as_deref());
        // A retry or a final failure is committed before its slot is free; successes may lag (D-11). What ended without
        // an exchange may lag as well: repeating it sends nothing.
        let lazy = settlement.attempt.exchange.is_none()
            || matches!(settlement.next, Next::Ended { state: DeliveryState::Succeeded, .. });
        if lazy {
            self.settler.hand_in(settlement).await;
        } else {
            self.settler.commit(settlement).await;
        }
        self.shared.release(job, &observed);
    }

    /// Ends deliveries that are skipped, until the engine shuts down. They occupy no courier and no slots, and are settled
    /// in batches like all that ends without an exchange.
    pub(crate) async fn end_skipped(&self) {
        while let Some(skipped) = self.shared.next_skipped().await {
            for (item, reason) in skipped {
                let now = self.ports.clock.now();
                let settlement = self.end_unsent(&item.work, now, DeliveryState::Skipped, reason);
                let hook = self.ports.directory().hook(item.work.hook);
                self.report.settled(&settlement, &item.work, hook.as_deref());
                self.settler.hand_in(settlement).await;
            }
        }
    }

    /// Moves the hook's breaker. A success that says nothing new takes no lock.
    fn step_breaker(&self, job: &Job, settlement: &Settlement) -> Option<BreakerStep> {
        let exchange = settlement.attempt.exchange.as_ref()?;
        let what = Observation::of(exchange);
        let jitter = match what {
            Observation::Success if !job.is_troubled() => return None,
            Observation::Neither => return None,
            Observation::Success => 0.0,
            Observation::Failure => self.ports.entropy.unit(),
        };
        let change = self.shared.observe(job, what, jitter)?;
        self.report.breaker_moved(&change, &job.work);
        Some(change.step)
    }

    /// Finds the hook and the dialect, or the reason not to send.
    fn prepare<'a>(&'a self, job: &'a Job, now: Timestamp) -> Result<Ready<'a>, (DeliveryState, Reason)> {
        let work = &job.work;
        let hook = job.hook.as_deref().ok_or((DeliveryState::Cancelled, Reason::HookDeleted))?;
        let by_hand = work.outgoing.direct || work.redelivery;
        if !hook.active && !by_hand {
            return Err((DeliveryState::Cancelled, Reason::HookInactive));
        }
        // A redelivery may be of any age: its event was accepted long ago, its plan just now.
        if !work.redelivery && now > work.outgoing.accepted_at.plus(self.settings.max_age) {
            return Err((DeliveryState::Expired, Reason::TooOld));
        }
        if hook.has_expired(now) {
            return Err((DeliveryState::Expired, Reason::LeaseEnded));
        }
        if !by_hand && self.is_superseded(hook, work) {
            return Err((DeliveryState::Cancelled, Reason::Superseded));
        }
        let message = work.message();
        let dialect = self.ports.dialects.get(message.dialect.0);
        if dialect.is_some_and(|dialect| message.body.len() > dialect.max_payload()) {
            return Err((DeliveryState::Skipped, Reason::Oversize));
        }
        Ok(Ready { hook, message, dialect: dialect.map(|dialect| &**dialect) })
    }

    /// Is newer content of the hook's topic on its way, which makes this one useless?
    fn is_superseded(&self, hook: &Hook, work: &Work) -> bool {
        let HookScope::Topic(topic) = hook.scope else { return false };
        let latest = self.ports.directory().topic_by_id(topic).and_then(|topic| topic.latest);
        latest.is_some_and(|latest| latest > work.outgoing.event)
    }

    /// Encodes, sends, decides.
    async fn attempt(&self, work: &Work, ready: &Ready<'_>, started_at: Timestamp) -> Settlement {
        let number = work.attempts + 1;
        let sending = Sending {
            number,
            earlier: work.earlier,
            redelivery: work.redelivery,
            now: started_at,
            place: work.outgoing.place,
            content_type: &work.outgoing.content_type,
            hops: work.outgoing.hops.saturating_add(1),
            public_url: &self.ports.public_url,
            directory: self.ports.directory(),
            entropy: &*self.ports.entropy,
        };
        let began = self.ports.clock.monotonic();
        let (request_head, exchange) = match encode(ready, &sending) {
            Ok(wire) => {
                let head = render_head(ready.hook, &wire);
                (head, self.send(ready, wire, began).await)
            }
            Err(fault) => (Bytes::new(), internal_error(fault, Duration::ZERO)),
        };
        let now = self.ports.clock.now();
        let decision = decide(
            &exchange,
            &Circumstances {
                now,
                accepted_at: if work.redelivery { started_at } else { work.outgoing.accepted_at },
                max_age: self.settings.max_age,
                number,
                schedule: self.settings.schedule_of(ready.hook),
                vendor_delays: ready
                    .dialect
                    .filter(|dialect| dialect.vendor_retries(&exchange))
                    .map_or(&[], Dialect::vendor_delays),
                lease_until: ready.hook.expires_at,
                when_gone: ready.dialect.map_or(HookFate::Stays, Dialect::when_gone),
                max_attempts: ready.dialect.and_then(|dialect| dialect.attempts_after(&exchange)),
                jitter: self.ports.entropy.unit(),
            },
        );
        self.settlement(work, started_at, request_head, Some(exchange), decision)
    }

    /// Calls the receiver. A panic costs this attempt and nothing else (D-13).
    async fn send(&self, ready: &Ready<'_>, wire: WireRequest, began: Duration) -> Exchange {
        let request = SendRequest {
            method: SendMethod::Post,
            url: wire.url.unwrap_or_else(|| ready.hook.url.clone()),
            headers: wire.headers,
            own_headers: ready.hook.headers.clone(),
            body: wire.body,
            insecure_tls: ready.hook.insecure_tls,
            timeout: self.settings.timeout_of(ready.hook, ready.dialect),
        };
        let under_way = self.report.under_way(ready.message.dialect);
        let sent = AssertUnwindSafe(self.ports.sender.send(request)).catch_unwind().await;
        drop(under_way);
        sent.unwrap_or_else(|_| internal_error("sending failed", self.ports.clock.monotonic().saturating_sub(began)))
    }

    /// The end of a delivery that needs no exchange.
    fn end_unsent(&self, work: &Work, now: Timestamp, state: DeliveryState, reason: Reason) -> Settlement {
        let next = Next::Ended { state, reason: Some(reason) };
        self.settlement(work, now, Bytes::new(), None, Decision { next, hook: HookFate::Stays })
    }

    fn settlement(
        &self,
        work: &Work,
        started_at: Timestamp,
        request_head: Bytes,
        exchange: Option<Exchange>,
        decision: Decision,
    ) -> Settlement {
        let attempt = Attempt {
            id: self.ports.store.attempt_id(started_at),
            delivery: work.delivery,
            event: work.outgoing.event,
            hook: work.hook,
            message: work.message,
            number: work.attempts + 1,
            redelivery: work.redelivery,
            recovered: work.recovered,
            started_at,
            request_head,
            exchange,
        };
        let message = work.message();
        let tallied = self.ports.dialects.get(message.dialect.0).is_some_and(|dialect| dialect.tallies());
        Settlement {
            attempt,
            next: decision.next,
            lease: work.lease,
            hook: decision.hook,
            tally: tallied.then(|| message.kind.clone()),
            breaker: None,
        }
    }

    /// What the scheduler learns from the exchange.
    fn observe(&self, settlement: &Settlement) -> Observed {
        let Some(exchange) = &settlement.attempt.exchange else { return Observed::default() };
        let overloaded = matches!(exchange.status, Some(429 | 503));
        let pause = exchange.retry_after.filter(|_| overloaded).map(|asked| asked.min(MAX_PAUSE));
        let parks = pause.is_some_and(|pause| pause > LONG_PAUSE);
        Observed {
            took: Some(exchange.duration),
            answered: exchange.outcome == Outcome::Answered,
            timed_out: exchange.outcome == Outcome::TimedOut,
            pause_until: pause.map(|pause| self.ports.clock.now().plus(pause)),
            parks,
        }
    }
}

/// A delivery that can be sent.
struct Ready<'a> {
    hook: &'a Hook,
    message: &'a Message,
    dialect: Option<&'a dyn Dialect>,
}

/// Writes and signs the request. A panic costs this attempt and nothing else (D-13).
fn encode(ready: &Ready<'_>, sending: &Sending<'_>) -> Result<WireRequest, &'static str> {
    let dialect = ready.dialect.ok_or("this server does not know the dialect")?;
    catch_unwind(AssertUnwindSafe(|| dialect.encode(ready.hook, ready.message, sending))).map_err(|_| "encoding failed")
}

fn internal_error(fault: &str, duration: Duration) -> Exchange {
    Exchange {
        outcome: Outcome::InternalError,
        status: None,
        error: Some(fault.to_owned()),
        duration,
        response_head: Bytes::new(),
        response_body: Bytes::new(),
        retry_after: None,
    }
}

/// The header lines for the log, in the order they are sent. Credentials are masked (S-8).
fn render_head(hook: &Hook, wire: &WireRequest) -> Bytes {
    let target = wire.url.as_ref().unwrap_or(&hook.url).target().ok();
    let authority = target.and_then(|target| std::str::from_utf8(&target.authority).ok()).unwrap_or_default();
    let lines: usize = wire.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum();
    let mut head = String::with_capacity(lines + authority.len() + 48);
    // Writing to a String cannot fail.
    let _ = write!(head, "Host: {authority}\r\nContent-Length: {}\r\n", wire.body.len());
    let authenticated = wire.headers.iter().any(|(name, _)| *name == AUTHORIZATION);
    if authenticated || target.is_some_and(|target| target.credentials.is_some()) {
        let _ = write!(head, "{AUTHORIZATION}: Basic {MASK}\r\n");
    }
    for (name, value) in wire.headers.iter().filter(|(name, _)| *name != AUTHORIZATION) {
        head.push_str(name);
        head.push_str(": ");
        head.push_str(value);
        head.push_str("\r\n");
    }
    // What its maker added can be a credential, whatever its name.
    for (name, _) in &hook.headers {
        let _ = write!(head, "{name}: {MASK}\r\n");
    }
    Bytes::from(head)
}
