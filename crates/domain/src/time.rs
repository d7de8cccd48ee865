//! Moments as whole microseconds since 1970, and their text forms.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A moment, in microseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// A moment from microseconds since 1970.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Parses an RFC 3339 date with any offset; `None` for anything else.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|parsed| Self(parsed.as_microsecond()))
    }

    /// The moment `by` later, saturating.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }

    /// The moment `by` earlier, saturating.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero if it is not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// `2026-01-02T03:04:05Z`.
    pub fn rfc3339_seconds(self) -> String {
        self.to_jiff(1_000_000).to_string()
    }

    /// `2026-01-02T03:04:05.123Z`: always three decimals.
    pub fn rfc3339_millis(self) -> String {
        format!("{:.3}", self.to_jiff(1_000))
    }

    /// `2026-01-02T03:04:05.123456Z`: always six decimals.
    pub fn rfc3339_micros(self) -> String {
        format!("{:.6}", self.to_jiff(1))
    }

    fn to_jiff(self, unit: i64) -> jiff::Timestamp {
        let whole = self.0.div_euclid(unit) * unit;
        jiff::Timestamp::from_microsecond(whole).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339_millis())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_forms_cut_and_never_round_up() {
        let moment = Timestamp::parse_rfc3339("2026-01-02T12:04:05.999999+09:00").expect("parses");
        assert_eq!(moment.rfc3339_seconds(), "2026-01-02T03:04:05Z");
        assert_eq!(moment.rfc3339_millis(), "2026-01-02T03:04:05.999Z");
        assert_eq!(Timestamp::from_micros(0).rfc3339_millis(), "1970-01-01T00:00:00.000Z");
        assert_eq!(moment.rfc3339_micros(), "2026-01-02T03:04:05.999999Z");
        assert_eq!(Timestamp::from_micros(0).rfc3339_micros(), "1970-01-01T00:00:00.000000Z");
        assert_eq!(Timestamp::parse_rfc3339("yesterday"), None);
    }
}
