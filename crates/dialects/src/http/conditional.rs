//! Entity tags, and what a request makes its answer depend on (RFC 9110 section 13).

use axum::http::header::{IF_MODIFIED_SINCE, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue};
use domain::time::Timestamp;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};

/// What the caller has already.
#[derive(Debug)]
pub(crate) struct Conditions {
    none_match: Option<String>,
    modified_since: Option<i64>,
}

impl Conditions {
    /// Reads them.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        Self {
            none_match: text(IF_NONE_MATCH).map(str::to_owned),
            modified_since: text(IF_MODIFIED_SINCE).and_then(parse_http_date),
        }
    }

    /// Does the caller have the answer with that tag and `Last-Modified` already? `If-None-Match` outranks
    /// `If-Modified-Since`; tags compare weakly.
    pub(crate) fn hit(&self, tag: &str, modified: Option<&HeaderValue>) -> bool {
        if let Some(known) = &self.none_match {
            let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
            return known.split(',').any(|one| one.trim() == "*" || opaque(one) == opaque(tag));
        }
        let modified = modified.and_then(|value| parse_http_date(value.to_str().ok()?));
        modified.zip(self.modified_since).is_some_and(|(modified, known)| modified <= known)
    }
}

/// Lowercase hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `Fri, 02 Jan 2026 03:04:05 GMT`; `None` for moments no calendar has.
pub(crate) fn http_date(moment: Timestamp) -> Option<HeaderValue> {
    let moment = jiff::Timestamp::from_second(moment.as_secs()).ok()?;
    let text = DateTimePrinter::new().timestamp_to_rfc9110_string(&moment).ok()?;
    HeaderValue::from_str(&text).ok()
}

fn parse_http_date(text: &str) -> Option<i64> {
    DateTimeParser::new().parse_timestamp(text).ok().map(jiff::Timestamp::as_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_dates_read_and_write() {
        let moment = Timestamp::from_micros(1_767_323_045_000_000);
        let text = http_date(moment).expect("in range");
        assert_eq!(text, "Fri, 02 Jan 2026 03:04:05 GMT");
        assert_eq!(parse_http_date(text.to_str().expect("ASCII")), Some(moment.as_secs()));
        assert_eq!(parse_http_date("yesterday"), None);
    }

    #[test]
    fn tags_compare_weakly_and_outrank_dates() {
        let hit = |known: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, known.parse().expect("a header value"));
            headers.insert(IF_MODIFIED_SINCE, "Fri, 02 Jan 2099 03:04:05 GMT".parse().expect("a header value"));
            Conditions::of(&headers).hit("W/\"ab\"", None)
        };
        assert!(hit("W/\"ab\"") && hit("\"ab\"") && hit("\"x\", W/\"ab\"") && hit("*"));
        assert!(!hit("\"abc\"") && !hit("ab"));
    }
}
