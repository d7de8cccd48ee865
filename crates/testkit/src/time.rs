//! A clock that moves only when told to.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use domain::ports::Clock;
use domain::time::Timestamp;

/// A clock that stands still until [`advance`](Self::advance) is called.
#[derive(Debug)]
pub struct FakeClock(AtomicI64);

/// 2026-01-02T03:04:05Z, where every fake clock starts.
pub const START: Timestamp = Timestamp::from_micros(1_767_323_045_000_000);

impl Default for FakeClock {
    fn default() -> Self {
        Self(AtomicI64::new(START.as_micros()))
    }
}

impl FakeClock {
    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        self.now().since(START)
    }
}
