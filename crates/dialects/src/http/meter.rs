//! Counting per key and window: request limits, and how many pings and tests people may send (E-12).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use domain::time::Timestamp;

/// With more windows than this, lapsed ones are dropped before another is opened.
const SWEEP_ABOVE: usize = 1_024;
/// Pings and tests that people may send through one hook in a minute.
pub(crate) const PROBES_PER_MINUTE: u32 = 10;

/// Counts events per key in windows that begin with a key's first event. In memory: a restart forgives.
#[derive(Debug)]
pub(crate) struct Meter<K> {
    length: Duration,
    windows: Mutex<HashMap<K, Window>>,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    began: Timestamp,
    used: u32,
}

/// What a meter shows, and the `X-RateLimit-*` headers say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// Events allowed per window.
    pub(crate) limit: u32,
    /// Events in this one.
    pub(crate) used: u32,
    /// When the window ends, in seconds since 1970.
    pub(crate) reset: i64,
}

impl Reading {
    /// Events left in this window.
    pub(crate) fn remaining(self) -> u32 {
        self.limit.saturating_sub(self.used)
    }
}

impl<K: Copy + Eq + Hash> Meter<K> {
    /// With windows of this length.
    pub(crate) fn new(length: Duration) -> Self {
        Self { length, windows: Mutex::default() }
    }

    /// Counts one event; `Err` if the window had none left. Both carry the reading afterwards.
    pub(crate) fn count(&self, key: K, limit: u32, now: Timestamp) -> Result<Reading, Reading> {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() > SWEEP_ABOVE {
            windows.retain(|_, window| window.is_open(now, self.length));
        }
        let window = windows.entry(key).or_insert(Window { began: now, used: 0 });
        if !window.is_open(now, self.length) {
            *window = Window { began: now, used: 0 };
        }
        if window.used >= limit {
            return Err(window.reading(limit, self.length));
        }
        window.used += 1;
        Ok(window.reading(limit, self.length))
    }

    /// Takes one counted request back: a 304 is free.
    pub(crate) fn forgive(&self, key: K, limit: u32, now: Timestamp) -> Reading {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let window = windows.entry(key).or_insert(Window { began: now, used: 0 });
        window.used = window.used.saturating_sub(1);
        window.reading(limit, self.length)
    }

    /// Reads without counting.
    pub(crate) fn read(&self, key: Option<K>, limit: u32, now: Timestamp) -> Reading {
        let windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        let open = key.and_then(|key| windows.get(&key)).filter(|window| window.is_open(now, self.length));
        open.copied().unwrap_or(Window { began: now, used: 0 }).reading(limit, self.length)
    }
}

impl Window {
    fn is_open(self, now: Timestamp, length: Duration) -> bool {
        now < self.began.plus(length)
    }

    fn reading(self, limit: u32, length: Duration) -> Reading {
        Reading { limit, used: self.used, reset: self.began.plus(length).as_secs() }
    }
}

#[cfg(test)]
mod tests {
    use domain::id::TokenId;

    use super::*;

    const START: Timestamp = Timestamp::from_micros(1_767_323_045_000_000);

    #[test]
    fn a_window_lets_its_limit_through_and_reopens_after_an_hour() {
        let length = Duration::from_secs(3_600);
        let meter = Meter::new(length);
        let count = |now| meter.count(TokenId(1), 2, now);
        let reset = START.plus(length).as_secs();
        assert_eq!(count(START), Ok(Reading { limit: 2, used: 1, reset }));
        assert_eq!(count(START), Ok(Reading { limit: 2, used: 2, reset }));
        assert_eq!(count(START), Err(Reading { limit: 2, used: 2, reset }));
        assert!(meter.count(TokenId(2), 2, START).is_ok(), "each token has its own");
        assert_eq!(meter.forgive(TokenId(1), 2, START).remaining(), 1);
        assert_eq!(count(START.plus(length)).map(|reading| reading.used), Ok(1));
    }
}
