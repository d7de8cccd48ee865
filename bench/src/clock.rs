//! The one place that reads the clock: measuring is this program's purpose.

use std::sync::OnceLock;
use std::time::Instant;

static START: OnceLock<Instant> = OnceLock::new();

/// Nanoseconds since the first call.
#[expect(clippy::disallowed_methods, reason = "a measuring program reads the clock")]
pub(crate) fn nanos() -> u64 {
    let start = START.get_or_init(Instant::now);
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Seconds since a moment given by [`nanos`].
#[expect(clippy::cast_precision_loss, reason = "durations far below 2^53 ns")]
pub(crate) fn seconds_since(start: u64) -> f64 {
    nanos().saturating_sub(start) as f64 / 1e9
}
