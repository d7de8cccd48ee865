//! Entity tags and conditional requests (contract github section 0.2).

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_LENGTH, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;
use domain::time::Timestamp;
use jiff::fmt::rfc2822::{DateTimeParser, DateTimePrinter};

/// What the request made its answer depend on.
#[derive(Debug)]
pub(super) struct Conditions {
    method: Method,
    none_match: Option<String>,
    modified_since: Option<i64>,
}

impl Conditions {
    /// Reads them.
    pub(super) fn of(method: &Method, headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        Self {
            method: method.clone(),
            none_match: text(IF_NONE_MATCH).map(str::to_owned),
            modified_since: text(IF_MODIFIED_SINCE).and_then(parse_http_date),
        }
    }

    /// Does the caller have this very answer already? `If-None-Match` outranks `If-Modified-Since`.
    fn hit(&self, tag: &str, headers: &HeaderMap) -> bool {
        if let Some(known) = &self.none_match {
            let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
            return known.split(',').any(|one| one.trim() == "*" || opaque(one) == opaque(tag));
        }
        let modified = headers.get(LAST_MODIFIED).and_then(|value| parse_http_date(value.to_str().ok()?));
        modified.zip(self.modified_since).is_some_and(|(modified, known)| modified <= known)
    }
}

/// Tags a good answer, and empties it if the caller has it already: strong tags on 201, weak ones on GET.
pub(super) async fn apply(conditions: &Conditions, response: Response) -> Response {
    let created = response.status() == StatusCode::CREATED;
    let read = response.status() == StatusCode::OK && conditions.method == Method::GET;
    if !created && !read {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // Answers are whole in memory; reading one back cannot fail.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
    let weak = if created { "" } else { "W/" };
    let tag = format!("{weak}\"{}\"", hex(digest.as_ref()));
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(ETAG, value);
    }
    if read && conditions.hit(&tag, &parts.headers) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}

/// Lowercase hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// `Fri, 02 Jan 2026 03:04:05 GMT`; `None` for moments no calendar has.
pub(super) fn http_date(moment: Timestamp) -> Option<HeaderValue> {
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
            Conditions::of(&Method::GET, &headers).hit("W/\"ab\"", &HeaderMap::new())
        };
        assert!(hit("W/\"ab\"") && hit("\"ab\"") && hit("\"x\", W/\"ab\"") && hit("*"));
        assert!(!hit("\"abc\"") && !hit("ab"));
    }
}
