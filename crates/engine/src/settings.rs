//! What can be set about the engine. Every number has its rule.

use std::collections::HashMap;
use std::time::Duration;

use domain::dialect::Dialect;
use domain::hook::{DialectName, Hook};
use domain::rules::backoff::Schedule;
use domain::rules::breaker::BreakerSettings;

use crate::builds::BuildSettings;

/// The shortest whole-exchange limit a hook may have (D-23).
pub const MIN_TIMEOUT: Duration = Duration::from_secs(1);
/// The longest whole-exchange limit a hook may have (D-23).
pub const MAX_TIMEOUT: Duration = Duration::from_secs(30);

/// Settings of the engine; the defaults are the contract's numbers.
#[derive(Clone, Debug)]
pub struct EngineSettings {
    /// How many exchanges run at once, and how they are shared out (D-22).
    pub bulkheads: Bulkheads,
    /// Places in a lane's memory queue. Overflow stays in the database.
    pub lane_depth: usize,
    /// Bytes of messages held in memory for fresh deliveries, each event counted once.
    pub held_bytes: usize,
    /// Whole-exchange limit of hooks that name none (D-23); 1 to 30 s.
    pub timeout: Duration,
    /// Retry schedule of hooks that name none (D-18).
    pub schedule: Schedule,
    /// As `schedule`, for single dialects.
    pub dialect_schedules: HashMap<DialectName, Schedule>,
    /// The breaker of each hook (D-20).
    pub breaker: BreakerSettings,
    /// As `breaker`, for single dialects.
    pub dialect_breakers: HashMap<DialectName, BreakerSettings>,
    /// Deliveries open for longer than this expire (D-19).
    pub max_age: Duration,
    /// Most settlements written in one transaction (D-11).
    pub settle_batch: usize,
    /// Longest a success waits for its transaction (D-11).
    pub settle_delay: Duration,
    /// Most attempts whose records are not committed yet; after a kill, that many may repeat (P4).
    pub max_unsettled: usize,
    /// As `max_unsettled` while the store fails (N-5).
    pub max_unsettled_failing: usize,
    /// How often the backlog is read, whatever the bell said (N-4).
    pub poll: Duration,
    /// How long a claimed row is ours. Claims are kept so small that their turn comes sooner.
    pub lease: Duration,
    /// How long in-flight exchanges may go on after [`shutdown`](crate::Engine::shutdown) began (N-8).
    pub grace: Duration,
    /// Which attempts get a log line at `INFO`.
    pub log_attempts: LogAttempts,
    /// Who runs builds.
    pub builds: BuildSettings,
}

/// Which attempts get a log line at `INFO`; the others get theirs at `DEBUG`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogAttempts {
    /// Every attempt: one wide line each (design section 8).
    #[default]
    All,
    /// Only those that did not succeed: for servers with tens of thousands of deliveries per second.
    Failures,
}

/// How exchanges in flight are shared out (D-22).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bulkheads {
    /// In flight at once, in all.
    pub total: usize,
    /// In flight per hook.
    pub per_hook: usize,
    /// In flight per destination host and port.
    pub per_host: usize,
    /// In flight per owner of hooks.
    pub per_owner: usize,
    /// In flight in all slow lanes together: exchanges take longer than `slow_after` on average, or the last timed out.
    pub slow: usize,
    /// In flight in slow lanes and lanes that were never answered together. Without this limit the first round of
    /// many dead hooks could take every slot before they are known to be slow.
    pub strained: usize,
    /// A lane is slow when its exchanges take longer than this on average, or one is pending for longer.
    pub slow_after: Duration,
}

impl Default for Bulkheads {
    fn default() -> Self {
        Self {
            total: 250,
            per_hook: 8,
            per_host: 64,
            per_owner: 125,
            slow: 62,
            strained: 100,
            slow_after: Duration::from_secs(2),
        }
    }
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            bulkheads: Bulkheads::default(),
            lane_depth: 4_096,
            held_bytes: 32 * 1024 * 1024,
            timeout: Duration::from_secs(10),
            schedule: Schedule::Postrider,
            dialect_schedules: HashMap::new(),
            breaker: BreakerSettings::default(),
            dialect_breakers: HashMap::new(),
            max_age: Duration::from_secs(7 * 86_400),
            settle_batch: 256,
            settle_delay: Duration::from_millis(100),
            max_unsettled: 512,
            max_unsettled_failing: 10_000,
            poll: Duration::from_secs(1),
            lease: Duration::from_secs(900),
            grace: Duration::from_secs(10),
            log_attempts: LogAttempts::All,
            builds: BuildSettings::default(),
        }
    }
}

impl EngineSettings {
    /// The retry schedule in force for a hook: its own, its dialect's, the server's (D-18).
    pub(crate) fn schedule_of<'a>(&'a self, hook: &'a Hook) -> &'a Schedule {
        let own = hook.retries.as_ref();
        own.or_else(|| self.dialect_schedules.get(&hook.dialect)).unwrap_or(&self.schedule)
    }

    /// The breaker in force for a dialect's hooks: its own, else the server's (D-20).
    pub fn breaker_of(&self, dialect: Option<DialectName>) -> &BreakerSettings {
        dialect.and_then(|dialect| self.dialect_breakers.get(&dialect)).unwrap_or(&self.breaker)
    }

    /// The whole-exchange limit in force for a hook: its own, its vendor's, the server's (D-23).
    pub(crate) fn timeout_of(&self, hook: &Hook, dialect: Option<&dyn Dialect>) -> Duration {
        let own = hook.timeout.or_else(|| dialect?.timeout());
        own.unwrap_or(self.timeout).clamp(MIN_TIMEOUT, MAX_TIMEOUT)
    }
}
