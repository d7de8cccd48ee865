//! The real clock and the real randomness, behind the ports of the domain.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use domain::ports::{Clock, Entropy};
use domain::time::Timestamp;

/// The machine's wall clock, held so that it never runs backwards within this process (N-3).
#[derive(Debug)]
pub(crate) struct SystemClock {
    latest: AtomicI64,
    start: Instant,
}

impl Default for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the Clock port's implementation")]
    fn default() -> Self {
        Self { latest: AtomicI64::new(0), start: Instant::now() }
    }
}

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the Clock port's implementation")]
    fn now(&self) -> Timestamp {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let micros = i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX);
        let before = self.latest.fetch_max(micros, Ordering::Relaxed);
        Timestamp::from_micros(micros.max(before))
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }
}

/// The operating system's randomness, through the one crypto provider.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        // Without randomness there are neither tokens nor nonces; nothing sensible can go on.
        aws_lc_rs::rand::fill(bytes).expect("the operating system gives random bytes");
    }
}
