//! The primary rate limit: so many requests per token and hour (contract github section 0.2).

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::id::TokenId;
use domain::time::Timestamp;

/// Length of a window. It begins with a token's first request.
const WINDOW: Duration = Duration::from_secs(3_600);
/// With more windows than this, lapsed ones are dropped before another is opened.
const SWEEP_ABOVE: usize = 1_024;

/// Counts requests per token, in memory: a restart forgives.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<HashMap<TokenId, Window>>);

#[derive(Clone, Copy, Debug)]
struct Window {
    began: Timestamp,
    used: u32,
}

/// What the `X-RateLimit-*` headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// Requests allowed per window.
    pub(super) limit: u32,
    /// Requests made in this one.
    pub(super) used: u32,
    /// When the window ends, in seconds since 1970.
    pub(super) reset: i64,
}

impl Reading {
    /// Requests left in this window.
    pub(super) fn remaining(self) -> u32 {
        self.limit.saturating_sub(self.used)
    }
}

impl Meter {
    /// Counts one request; `Err` if the window had none left. Both carry the reading afterwards.
    pub(super) fn count(&self, token: TokenId, limit: u32, now: Timestamp) -> Result<Reading, Reading> {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() > SWEEP_ABOVE {
            windows.retain(|_, window| window.is_open(now));
        }
        let window = windows.entry(token).or_insert(Window { began: now, used: 0 });
        if !window.is_open(now) {
            *window = Window { began: now, used: 0 };
        }
        if window.used >= limit {
            return Err(window.reading(limit));
        }
        window.used += 1;
        Ok(window.reading(limit))
    }

    /// Takes one counted request back: a 304 is free.
    pub(super) fn forgive(&self, token: TokenId, limit: u32, now: Timestamp) -> Reading {
        let mut windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(token).or_insert(Window { began: now, used: 0 });
        window.used = window.used.saturating_sub(1);
        window.reading(limit)
    }

    /// Reads without counting.
    pub(super) fn read(&self, token: Option<TokenId>, limit: u32, now: Timestamp) -> Reading {
        let windows = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let open = token.and_then(|token| windows.get(&token)).filter(|window| window.is_open(now));
        open.copied().unwrap_or(Window { began: now, used: 0 }).reading(limit)
    }
}

impl Window {
    fn is_open(self, now: Timestamp) -> bool {
        now < self.began.plus(WINDOW)
    }

    fn reading(self, limit: u32) -> Reading {
        Reading { limit, used: self.used, reset: self.began.plus(WINDOW).as_secs() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_micros(1_767_323_045_000_000);

    #[test]
    fn a_window_lets_its_limit_through_and_reopens_after_an_hour() {
        let meter = Meter::default();
        let count = |now| meter.count(TokenId(1), 2, now);
        let reset = START.plus(WINDOW).as_secs();
        assert_eq!(count(START), Ok(Reading { limit: 2, used: 1, reset }));
        assert_eq!(count(START), Ok(Reading { limit: 2, used: 2, reset }));
        assert_eq!(count(START), Err(Reading { limit: 2, used: 2, reset }));
        assert!(meter.count(TokenId(2), 2, START).is_ok(), "each token has its own");
        assert_eq!(meter.forgive(TokenId(1), 2, START).remaining(), 1);
        assert_eq!(count(START.plus(WINDOW)).map(|reading| reading.used), Ok(1));
    }
}
