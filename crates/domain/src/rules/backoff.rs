//! Retry schedules: attempt number and jitter in, delay out (D-18).

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// When to try again after a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// 5 s, 30 s, 2 min, 10 min, 30 min, 1 h, 3 h, 6 h, 12 h, 24 h: the default for every dialect.
    Postrider,
    /// The table of Standard Webhooks: 0, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h. The first entry is the
    /// first attempt.
    Standard,
    /// What the vendor itself does; the dialect knows.
    Vendor,
    /// One attempt, no retries.
    None,
    /// Delays in seconds, one for each retry.
    Custom(Vec<u32>),
}

/// Seconds between attempts of [`Schedule::Postrider`].
const POSTRIDER: &[u32] = &[5, 30, 120, 600, 1_800, 3_600, 10_800, 21_600, 43_200, 86_400];
/// Seconds between attempts of [`Schedule::Standard`].
const STANDARD: &[u32] = &[5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];

/// No retry of our own comes sooner than this.
const FLOOR: Duration = Duration::from_secs(1);
/// No `Retry-After` postpones by more than this (D-16).
pub const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);

impl Schedule {
    /// The delays in seconds; `vendor` is what the dialect's vendor does.
    fn delays<'a>(&'a self, vendor: &'a [u32]) -> &'a [u32] {
        match self {
            Self::Postrider => POSTRIDER,
            Self::Standard => STANDARD,
            Self::Vendor => vendor,
            Self::None => &[],
            Self::Custom(delays) => delays,
        }
    }

    /// The delay after attempt number `attempt` (from 1) failed, or `None` when that was the last one.
    ///
    /// `jitter` is uniform in 0 to 1 and spreads the delay over 0.8 to 1.2 of its nominal value. A receiver's
    /// `Retry-After` can only lengthen it, up to the following step and [`MAX_RETRY_AFTER`] (D-16).
    pub fn delay(&self, vendor: &[u32], attempt: u32, jitter: f64, retry_after: Option<Duration>) -> Option<Duration> {
        let delays = self.delays(vendor);
        let at = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        let nominal = Duration::from_secs(u64::from(*delays.get(at)?));
        // A vendor that tries again at once is followed in that, too.
        let floor = if *self == Self::Vendor { Duration::ZERO } else { FLOOR };
        let own = nominal.mul_f64(0.8 + 0.4 * jitter.clamp(0.0, 1.0)).max(floor);
        let Some(asked) = retry_after else { return Some(own) };
        let following = delays.get(at + 1).map_or(MAX_RETRY_AFTER, |next| Duration::from_secs(u64::from(*next)));
        Some(own.max(asked.min(following.max(nominal)).min(MAX_RETRY_AFTER)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(delay: Option<Duration>) -> Option<f64> {
        delay.map(|delay| delay.as_secs_f64())
    }

    #[test]
    fn d18_the_postrider_preset_has_ten_retries_with_jitter() {
        let delay = |attempt, jitter| secs(Schedule::Postrider.delay(&[], attempt, jitter, None));
        assert_eq!(delay(1, 0.5), Some(5.0));
        assert_eq!(delay(1, 0.0), Some(4.0));
        assert_eq!(delay(10, 1.0), Some(86_400.0 * 1.2));
        assert_eq!(delay(11, 0.5), None);
    }

    #[test]
    fn d18_presets_vendor_none_and_custom() {
        assert_eq!(secs(Schedule::Vendor.delay(&[7], 1, 0.5, None)), Some(7.0));
        assert_eq!(secs(Schedule::Vendor.delay(&[7], 2, 0.5, None)), None);
        assert_eq!(secs(Schedule::None.delay(&[7], 1, 0.5, None)), None);
        assert_eq!(secs(Schedule::Custom(vec![0]).delay(&[], 1, 0.5, None)), Some(1.0), "the floor is 1 s");
        assert_eq!(secs(Schedule::Standard.delay(&[], 9, 0.5, None)), Some(86_400.0));
    }

    #[test]
    fn d16_retry_after_lengthens_up_to_the_following_step() {
        let delay = |asked| secs(Schedule::Postrider.delay(&[], 1, 0.5, Some(Duration::from_secs(asked))));
        assert_eq!(delay(1), Some(5.0), "never sooner than the schedule");
        assert_eq!(delay(20), Some(20.0));
        assert_eq!(delay(9_999), Some(30.0), "capped by the next step");
    }
}
