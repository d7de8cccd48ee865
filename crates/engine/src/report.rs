//! Tells operators what happened: one wide line and a few numbers for each attempt (design section 8, N-10).

use std::collections::HashMap;
use std::time::Duration;

use domain::attempt::{Exchange, Next, Outcome, Settlement};
use domain::delivery::{DeliveryState, Lease, Reason, Work};
use domain::dialect::Dialects;
use domain::hook::{DialectName, Hook};
use domain::time::Timestamp;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::scheduler::Snapshot;
use crate::settings::LogAttempts;

/// The wide line of an attempt: ids, outcome and numbers; no bodies, no headers, nothing of the URL (S-8).
macro_rules! line {
    ($level:expr, $settlement:expr, $work:expr, $hook:expr) => {{
        let (attempt, work) = (&$settlement.attempt, $work);
        let message = work.message();
        let exchange = attempt.exchange.as_ref();
        let (next, reason, retry_at) = outlook(&$settlement.next);
        tracing::event!(
            target: "postrider::attempt",
            $level,
            attempt = attempt.id.0,
            delivery = attempt.delivery.0,
            event = attempt.event.0,
            hook = attempt.hook.0,
            hook_version = $hook.map(|hook| hook.version),
            dialect = message.dialect.0,
            kind = &*message.kind,
            uid = %message.uid,
            number = attempt.number,
            redelivery = attempt.redelivery,
            recovered = attempt.recovered,
            bytes = message.body.len(),
            outcome = exchange.map(|exchange| exchange.outcome.as_str()),
            status = exchange.and_then(|exchange| exchange.status),
            error = exchange.and_then(|exchange| exchange.error.as_deref()),
            millis = exchange.map(|exchange| exchange.duration.as_secs_f64() * 1_000.0),
            next,
            reason,
            retry_at = retry_at.map(tracing::field::display),
            "attempt {} of delivery {} to hook {}: {next}",
            attempt.number,
            attempt.delivery,
            attempt.hook,
        );
    }};
}

/// What becomes of the delivery, in words.
fn outlook(next: &Next) -> (&'static str, Option<&'static str>, Option<Timestamp>) {
    match next {
        Next::Ended { state, reason } => (state.as_str(), reason.map(Reason::as_str), None),
        Next::RetryAt(at) => ("retry", None, Some(*at)),
    }
}

/// Handles are made once, when the engine starts; the recorder must be installed before.
pub(crate) struct Report {
    attempts: HashMap<DialectName, Attempts>,
    unsent: Counter,
    first_attempt: Histogram,
    duration: Histogram,
    in_flight: Gauge,
    queued: Gauge,
    deepest_lane: Gauge,
    slow_lanes: Gauge,
    held_bytes: Gauge,
    unsettled: Gauge,
    oldest_due: Gauge,
    log: LogAttempts,
}

/// Attempts of one dialect, by outcome; answers by class.
struct Attempts {
    answered: [Counter; 5],
    others: [Counter; 8],
}

/// Labels of answers, by the first digit of the status from 1.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

impl Attempts {
    fn new(dialect: DialectName) -> Self {
        let count =
            |outcome: &'static str| counter!("postrider_attempts_total", "outcome" => outcome, "dialect" => dialect.0);
        Self { answered: CLASSES.map(count), others: Outcome::ALL.map(|outcome| count(outcome.as_str())) }
    }

    fn of(&self, exchange: &Exchange) -> Option<&Counter> {
        match (exchange.outcome, exchange.status) {
            (Outcome::Answered, Some(status)) => self.answered.get(usize::from(status / 100).checked_sub(1)?),
            (outcome, _) => self.others.get(Outcome::ALL.iter().position(|other| *other == outcome)?),
        }
    }
}

impl Report {
    /// Handles for these dialects.
    pub(crate) fn new(dialects: &Dialects, log: LogAttempts) -> Self {
        Self {
            attempts: dialects.iter().map(|dialect| (dialect.name(), Attempts::new(dialect.name()))).collect(),
            unsent: counter!("postrider_unsent_total"),
            first_attempt: histogram!("postrider_accept_to_first_attempt_seconds"),
            duration: histogram!("postrider_exchange_seconds"),
            in_flight: gauge!("postrider_in_flight"),
            queued: gauge!("postrider_lane_queued"),
            deepest_lane: gauge!("postrider_lane_depth_max"),
            slow_lanes: gauge!("postrider_lanes_slow"),
            held_bytes: gauge!("postrider_lane_bytes"),
            unsettled: gauge!("postrider_unsettled"),
            oldest_due: gauge!("postrider_oldest_due_age_seconds"),
            log,
        }
    }

    /// One attempt, or one delivery that ended without.
    pub(crate) fn settled(&self, settlement: &Settlement, work: &Work, hook: Option<&Hook>) {
        let attempt = &settlement.attempt;
        let message = work.message();
        if let Some(exchange) = &attempt.exchange {
            self.duration.record(exchange.duration.as_secs_f64());
            let counters = self.attempts.get(&message.dialect);
            if let Some(counter) = counters.and_then(|counters| counters.of(exchange)) {
                counter.increment(1);
            }
            if work.lease == Lease::Fresh && attempt.number == 1 {
                let waited = attempt.started_at.since(work.outgoing.accepted_at);
                self.first_attempt.record(waited.as_secs_f64());
            }
        } else {
            self.unsent.increment(1);
        }
        let succeeded = matches!(settlement.next, Next::Ended { state: DeliveryState::Succeeded, .. });
        if succeeded && self.log == LogAttempts::Failures {
            line!(tracing::Level::DEBUG, settlement, work, hook);
        } else {
            line!(tracing::Level::INFO, settlement, work, hook);
        }
    }

    /// The engine's state, once a second.
    pub(crate) fn state(&self, snapshot: &Snapshot, oldest_due: Duration) {
        self.in_flight.set(float(snapshot.in_flight));
        self.queued.set(float(snapshot.queued));
        self.deepest_lane.set(float(snapshot.deepest_lane));
        self.slow_lanes.set(float(snapshot.slow_lanes));
        self.held_bytes.set(float(snapshot.held_bytes));
        self.unsettled.set(float(snapshot.unsettled));
        self.oldest_due.set(oldest_due.as_secs_f64());
    }
}

#[expect(clippy::cast_precision_loss, reason = "gauges are floats; counts stay far below 2^52")]
fn float(count: usize) -> f64 {
    count as f64
}
