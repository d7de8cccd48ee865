//! Tells operators what happened: one wide line and a few numbers for each attempt (design section 8, N-10).

use std::collections::HashMap;
use std::time::Duration;

use domain::attempt::{Exchange, Next, Outcome, Settlement};
use domain::delivery::{DeliveryState, Lease, Reason, Work};
use domain::dialect::{CounterNames, Dialect, Dialects};
use domain::hook::{DialectName, Hook};
use domain::rules::breaker::BreakerState;
use domain::time::Timestamp;
use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use crate::scheduler::{BreakerCounts, Change, Snapshot};
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

/// What is counted of one dialect: attempts by outcome, answers by class; breakers; what was skipped.
struct Attempts {
    answered: [Counter; 5],
    others: [Counter; 8],
    skipped: [Counter; 3],
    openings: Counter,
    held: Counter,
    open: Gauge,
    half_open: Gauge,
    healing: Gauge,
    vendor: Option<Vendor>,
}

/// The vendor's own counters.
struct Vendor {
    publishes: Counter,
    dispatches: Counter,
    in_flight: Gauge,
    successes: Counter,
    failures: Counter,
    errors: Counter,
    rejections: Counter,
    last_rejection: Gauge,
}

impl Vendor {
    fn new(names: &CounterNames) -> Self {
        Self {
            publishes: counter!(names.publishes),
            dispatches: counter!(names.dispatches),
            in_flight: gauge!(names.in_flight),
            successes: counter!(names.successes),
            failures: counter!(names.failures),
            errors: counter!(names.errors),
            rejections: counter!(names.rejections),
            last_rejection: gauge!(names.last_rejection),
        }
    }

    fn dispatched(&self, exchange: &Exchange) {
        self.dispatches.increment(1);
        let counter = match (exchange.outcome, exchange.status) {
            (Outcome::Answered, Some(200..=299)) => &self.successes,
            (Outcome::Answered, _) => &self.failures,
            _ => &self.errors,
        };
        counter.increment(1);
    }

    #[expect(clippy::cast_precision_loss, reason = "gauges are floats; a float holds every second of this age")]
    fn rejected(&self, at: Timestamp) {
        self.rejections.increment(1);
        self.last_rejection.set(at.as_secs() as f64);
    }
}

/// An exchange that the vendor's gauge counts as under way until this is dropped.
pub(crate) struct UnderWay<'a>(&'a Gauge);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.decrement(1.0);
    }
}

/// Reasons for skipping.
const SKIPS: [Reason; 3] = [Reason::Oversize, Reason::BreakerOpen, Reason::InFlight];

/// Labels of answers, by the first digit of the status from 1.
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

impl Attempts {
    fn new(dialect: &dyn Dialect) -> Self {
        let name = dialect.name().0;
        let count =
            |outcome: &'static str| counter!("postrider_attempts_total", "outcome" => outcome, "dialect" => name);
        let state = |state: BreakerState| gauge!("postrider_breakers", "state" => state.as_str(), "dialect" => name);
        let skipped =
            |reason: Reason| counter!("postrider_skipped_total", "reason" => reason.as_str(), "dialect" => name);
        Self {
            answered: CLASSES.map(count),
            others: Outcome::ALL.map(|outcome| count(outcome.as_str())),
            skipped: SKIPS.map(skipped),
            openings: counter!("postrider_breaker_openings_total", "dialect" => name),
            held: counter!("postrider_held_total", "dialect" => name),
            open: state(BreakerState::Open),
            half_open: state(BreakerState::HalfOpen),
            healing: state(BreakerState::Healing),
            vendor: dialect.counters().map(Vendor::new),
        }
    }

    /// A delivery that ended without an exchange.
    fn unsent(&self, settlement: &Settlement) {
        let Next::Ended { state: DeliveryState::Skipped, reason: Some(reason) } = settlement.next else { return };
        if let Some(at) = SKIPS.iter().position(|known| *known == reason) {
            self.skipped[at].increment(1);
        }
        let rejected = matches!(reason, Reason::BreakerOpen | Reason::InFlight);
        if let Some(vendor) = self.vendor.as_ref().filter(|_| rejected) {
            vendor.rejected(settlement.attempt.started_at);
        }
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
            attempts: dialects.iter().map(|dialect| (dialect.name(), Attempts::new(&**dialect))).collect(),
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
        let counters = self.attempts.get(&message.dialect);
        if let Some(exchange) = &attempt.exchange {
            self.duration.record(exchange.duration.as_secs_f64());
            if let Some(counter) = counters.and_then(|counters| counters.of(exchange)) {
                counter.increment(1);
            }
            if let Some(vendor) = counters.and_then(|counters| counters.vendor.as_ref()) {
                vendor.dispatched(exchange);
            }
            if work.lease == Lease::Fresh && attempt.number == 1 {
                let waited = attempt.started_at.since(work.outgoing.accepted_at);
                self.first_attempt.record(waited.as_secs_f64());
            }
        } else {
            self.unsent.increment(1);
            if let Some(counters) = counters {
                counters.unsent(settlement);
            }
        }
        let succeeded = matches!(settlement.next, Next::Ended { state: DeliveryState::Succeeded, .. });
        if succeeded && self.log == LogAttempts::Failures {
            line!(tracing::Level::DEBUG, settlement, work, hook);
        } else {
            line!(tracing::Level::INFO, settlement, work, hook);
        }
    }

    /// An exchange begins; it is over when the value is dropped. `None`: nobody counts.
    pub(crate) fn under_way(&self, dialect: DialectName) -> Option<UnderWay<'_>> {
        let gauge = &self.attempts.get(&dialect)?.vendor.as_ref()?.in_flight;
        gauge.increment(1.0);
        Some(UnderWay(gauge))
    }

    /// A breaker moved: one line when it opens or opens again, and one when it closes.
    pub(crate) fn breaker_moved(&self, change: &Change, work: &Work) {
        let (before, after) = (change.before, change.step.breaker);
        if before.open_until == after.open_until {
            return;
        }
        let dialect = work.message().dialect;
        let Some(until) = after.open_until else {
            tracing::info!(hook = work.hook.0, dialect = dialect.0, "the breaker of hook {} closed", work.hook);
            return;
        };
        if before.open_until.is_none()
            && let Some(counters) = self.attempts.get(&dialect)
        {
            counters.openings.increment(1);
        }
        tracing::warn!(
            hook = work.hook.0,
            dialect = dialect.0,
            failures = after.failures,
            until = %until,
            on_open = change.on_open.as_str(),
            "the breaker of hook {} is open until {until}: it failed {} times in a row",
            work.hook,
            after.failures,
        );
    }

    /// Breakers by state, and the vendors' counts of events, once a second.
    pub(crate) fn breakers(&self, breakers: &HashMap<DialectName, BreakerCounts>, publishes: &[(DialectName, u64)]) {
        for (dialect, counters) in &self.attempts {
            let counts = breakers.get(dialect).copied().unwrap_or_default();
            counters.open.set(float(counts.open));
            counters.half_open.set(float(counts.half_open));
            counters.healing.set(float(counts.healing));
            counters.held.absolute(counts.held);
        }
        for (dialect, count) in publishes {
            if let Some(vendor) = self.attempts.get(dialect).and_then(|counters| counters.vendor.as_ref()) {
                vendor.publishes.absolute(*count);
            }
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
