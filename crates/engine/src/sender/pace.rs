//! How fast new connections are made (D-22).

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The rate starts at a tenth and reaches its full value after this.
const RAMP: Duration = Duration::from_secs(10);
/// Connections that may be made at once after a quiet time, in seconds' worth.
const BURST: f64 = 0.25;

/// A rate of connections.
#[derive(Debug)]
pub(super) struct ConnectPace {
    per_second: f64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    first: Option<Duration>,
    /// When the next connection is due if all keep to the rate.
    next: Duration,
}

impl ConnectPace {
    /// At most `per_second`.
    pub(super) fn new(per_second: u32) -> Self {
        Self { per_second: f64::from(per_second.max(1)), state: Mutex::default() }
    }

    /// Takes the next turn and returns how long to wait for it.
    pub(super) fn turn(&self, now: Duration) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let first = *state.first.get_or_insert(now);
        let ramp = (now.saturating_sub(first).as_secs_f64() / RAMP.as_secs_f64()).clamp(0.1, 1.0);
        let rate = self.per_second * ramp;
        let burst = Duration::from_secs_f64(BURST);
        let turn = state.next.max(now.saturating_sub(burst));
        state.next = turn + Duration::from_secs_f64(1.0 / rate);
        turn.saturating_sub(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d22_connections_ramp_up_to_the_rate() {
        let made_by = |second: u64| {
            let pace = ConnectPace::new(200);
            let mut made = 0;
            let mut now = Duration::from_secs(1_000);
            let end = now + Duration::from_secs(second);
            loop {
                let wait = pace.turn(now);
                now += wait;
                if now >= end {
                    return made;
                }
                made += 1;
            }
        };
        assert!((15..=30).contains(&made_by(1)), "{}", made_by(1));
        assert!(made_by(60) <= 200 * 55 + 60, "{}", made_by(60));
        let late = made_by(21) - made_by(20);
        assert!((195..=205).contains(&late), "{late}");
    }
}
