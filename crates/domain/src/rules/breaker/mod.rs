//! The circuit breaker of a hook: what may go now, and what an observation changes (D-20, contract
//! bitbucket-datacenter section 4).
//!
//! ```text
//!            trigger failures in a row           the pause is over
//!   closed ───────────────────────────► open ───────────────────────► half-open: one probe
//!     ▲                                  ▲ │ any success                   │        │
//!     │ the ramp reached the limit       │ └────────────┐      success     │        │ failure: a longer pause
//!   healing ◄────────────────────────────┼──────────────┴──────────────────┘        │
//!                                        └──────────────────────────────────────────┘
//! ```
//!
//! In [`OnOpen::Skip`] a success closes it fully: there is nothing to drain, so there is no healing.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::attempt::{Exchange, Outcome};
use crate::time::Timestamp;

/// Successes after which twice as many exchanges may be under way (D-20).
const SUCCESSES_PER_STEP: u32 = 10;

/// What becomes of deliveries while it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnOpen {
    /// They wait in the database, spend no attempts, and are drained when it has closed.
    Hold,
    /// They end as skipped, each with its row in the log, and can be redelivered.
    Skip,
}

impl OnOpen {
    /// The name in the configuration and in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Skip => "skip",
        }
    }
}

/// The knobs of a breaker.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakerSettings {
    /// Failures in a row that open it; at least 1.
    pub trigger: u32,
    /// The first pause.
    pub initial: Duration,
    /// The longest pause.
    pub max: Duration,
    /// By what each further failure multiplies the pause; at least 1.
    pub exponent: f64,
    /// What becomes of deliveries meanwhile.
    pub on_open: OnOpen,
    /// The least and the greatest share of its nominal length that a pause lasts.
    pub jitter: (f64, f64),
    /// [`OnOpen::Skip`] only: deliveries of all such hooks that may be under way or wait in memory; further ones are
    /// skipped.
    pub in_flight_max: usize,
}

impl Default for BreakerSettings {
    /// D-20's numbers.
    fn default() -> Self {
        Self {
            trigger: 5,
            initial: Duration::from_secs(10),
            max: Duration::from_secs(36_000),
            exponent: 2.0,
            on_open: OnOpen::Hold,
            jitter: (0.5, 1.0),
            in_flight_max: 250,
        }
    }
}

impl BreakerSettings {
    /// The pause after that many failures in a row; `jitter` is uniform in 0 to 1.
    fn pause(&self, failures: u32, jitter: f64) -> Duration {
        let further = f64::from(failures.saturating_sub(self.trigger));
        let nominal = self.initial.as_secs_f64() * self.exponent.max(1.0).powf(further);
        let (least, most) = self.jitter;
        let share = least + (most - least) * jitter.clamp(0.0, 1.0);
        // Beyond the range of floats the power is infinite, and the minimum still right.
        let pause = nominal.min(self.max.as_secs_f64()) * share.clamp(0.0, 1.0);
        Duration::try_from_secs_f64(pause).unwrap_or(self.max)
    }
}

/// What an exchange says about its receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observation {
    /// A 2xx.
    Success,
    /// Any other answer, or none: 4xx counts, as it does in Data Center.
    Failure,
    /// Nothing: our own fault.
    Neither,
}

impl Observation {
    /// What this exchange says.
    pub fn of(exchange: &Exchange) -> Self {
        match exchange.outcome {
            Outcome::Answered => match exchange.status {
                Some(200..=299) => Self::Success,
                Some(_) | None => Self::Failure,
            },
            Outcome::TimedOut
            | Outcome::NameFailed
            | Outcome::ConnectFailed
            | Outcome::TlsFailed
            | Outcome::Broken
            | Outcome::Refused => Self::Failure,
            Outcome::InternalError => Self::Neither,
        }
    }
}

/// The moment and the circumstances of an observation.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// What was observed.
    pub what: Observation,
    /// The exchange was the probe of an open or half-open breaker. Others that end now had begun before it opened.
    pub probe: bool,
    /// When it was observed.
    pub now: Timestamp,
    /// Uniform in 0 to 1.
    pub jitter: f64,
    /// How many exchanges the hook may have under way when all is well.
    pub limit: usize,
}

/// What may go now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passage {
    /// So many at once.
    Closed {
        /// The hook's own limit, or less while it heals.
        limit: usize,
    },
    /// Nothing before that moment.
    Open {
        /// When a probe may go.
        until: Timestamp,
    },
    /// Exactly one probe.
    HalfOpen,
}

/// What people see of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BreakerState {
    /// Deliveries go.
    Closed,
    /// Deliveries wait, or are skipped.
    Open,
    /// The pause is over; the next delivery is the probe.
    HalfOpen,
    /// It closed a moment ago; deliveries go, few at once.
    Healing,
}

impl BreakerState {
    /// The name in metrics and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::Healing => "healing",
        }
    }
}

/// A hook's breaker; plain values, so that they can be stored as columns. The default is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    /// Failures in a row, as far as they count.
    pub failures: u32,
    /// Open until then, and half-open from then on; `None`: closed.
    pub open_until: Option<Timestamp>,
    /// Successes since it closed, while fewer exchanges than usual may be under way.
    pub healed: Option<u32>,
}

impl Breaker {
    /// Closed and without a memory of failures.
    pub fn is_untroubled(&self) -> bool {
        *self == Self::default()
    }

    /// What may go now; `limit` as in [`Seen::limit`].
    pub fn passage(&self, now: Timestamp, limit: usize) -> Passage {
        match self.open_until {
            Some(until) if now < until => Passage::Open { until },
            Some(_) => Passage::HalfOpen,
            None => Passage::Closed { limit: self.limit(limit) },
        }
    }

    /// How many may be under way at once if it is closed: fewer than `limit` while it heals.
    pub fn limit(&self, limit: usize) -> usize {
        self.healed.map_or(limit, |healed| ramp(healed).min(limit))
    }

    /// What people see.
    pub fn state(&self, now: Timestamp) -> BreakerState {
        match self.open_until {
            Some(until) if now < until => BreakerState::Open,
            Some(_) => BreakerState::HalfOpen,
            None if self.healed.is_some() => BreakerState::Healing,
            None => BreakerState::Closed,
        }
    }

    /// The breaker after an observation.
    #[must_use]
    pub fn after(self, seen: &Seen, settings: &BreakerSettings) -> Self {
        match seen.what {
            Observation::Neither => self,
            Observation::Success => self.after_success(seen.limit, settings.on_open),
            Observation::Failure => self.after_failure(seen, settings),
        }
    }

    fn after_success(self, limit: usize, on_open: OnOpen) -> Self {
        let healed = match (self.open_until, self.healed) {
            (Some(_), _) => match on_open {
                OnOpen::Hold => Some(0),
                OnOpen::Skip => None,
            },
            (None, healed) => healed.map(|healed| healed.saturating_add(1)),
        };
        Self { failures: 0, open_until: None, healed: healed.filter(|healed| ramp(*healed) < limit) }
    }

    /// A failure counts unless the pause was already under way: what had begun before it opened says nothing new, and a
    /// probe that a person asked for early must not make the pause longer.
    fn after_failure(self, seen: &Seen, settings: &BreakerSettings) -> Self {
        let counts = self.open_until.is_none_or(|until| seen.probe && until <= seen.now);
        if !counts {
            return self;
        }
        let failures = self.failures.saturating_add(1);
        if failures < settings.trigger {
            return Self { failures, ..self };
        }
        Self { failures, open_until: Some(seen.now.plus(settings.pause(failures, seen.jitter))), healed: None }
    }
}

/// How many may be under way after so many successes: 1, 2, 4 …
fn ramp(healed: u32) -> usize {
    1_usize.checked_shl(healed / SUCCESSES_PER_STEP).unwrap_or(usize::MAX)
}
