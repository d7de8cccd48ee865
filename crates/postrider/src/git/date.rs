//! Dates as git records them: seconds since 1970 and the person's own offset from UTC.

use jiff::Timestamp;
use jiff::tz::Offset;

/// Turns git's raw form `1767323045 +0900` into RFC 3339 with that offset: `2026-01-02T12:04:05+09:00`.
///
/// Git records what it is given: an offset that no clock shows (`+5180`) becomes UTC, a moment outside the years 1 to 9999
/// becomes 1970.
pub(super) fn rfc3339(raw: &str) -> String {
    let (seconds, zone) = raw.trim().split_once(' ').unwrap_or((raw, ""));
    let moment = seconds
        .parse()
        .ok()
        .and_then(|seconds| Timestamp::from_second(seconds).ok())
        .filter(|moment| (MIN_SECOND..=MAX_SECOND).contains(&moment.as_second()))
        .unwrap_or(Timestamp::UNIX_EPOCH);
    match offset(zone) {
        Some(offset) if offset != Offset::UTC => moment.display_with_offset(offset).to_string(),
        _ => moment.to_string(),
    }
}

/// 0001-01-02T00:00:00Z: a day inside the four-digit years, whatever the offset.
const MIN_SECOND: i64 = -62_135_510_400;
/// 9999-12-30T00:00:00Z.
const MAX_SECOND: i64 = 253_402_128_000;

/// `+0900`, `-0330`; `None` for what RFC 3339 cannot say.
fn offset(zone: &str) -> Option<Offset> {
    let (sign, digits) = match zone.as_bytes() {
        [b'+', digits @ ..] => (1, digits),
        [b'-', digits @ ..] => (-1, digits),
        _ => return None,
    };
    if digits.len() != 4 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = |pair: &[u8]| i32::from(pair[0] - b'0') * 10 + i32::from(pair[1] - b'0');
    let (hours, minutes) = (number(&digits[..2]), number(&digits[2..]));
    if hours > 23 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

#[cfg(test)]
mod tests {
    use super::rfc3339;

    #[test]
    fn the_committers_own_offset_is_kept() {
        assert_eq!(rfc3339("1767323045 +0900"), "2026-01-02T12:04:05+09:00");
        assert_eq!(rfc3339("1767323045 -0330"), "2026-01-01T23:34:05-03:30");
        assert_eq!(rfc3339("1767323045 +0000"), "2026-01-02T03:04:05Z");
    }

    #[test]
    fn dates_no_clock_shows_still_give_rfc3339() {
        assert_eq!(rfc3339("1767323045 +5180"), "2026-01-02T03:04:05Z");
        assert_eq!(rfc3339("1767323045 +051800"), "2026-01-02T03:04:05Z");
        assert_eq!(rfc3339("99999999999999 +0000"), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339("0 -0100"), "1969-12-31T23:00:00-01:00");
        assert_eq!(rfc3339(""), "1970-01-01T00:00:00Z");
    }
}
