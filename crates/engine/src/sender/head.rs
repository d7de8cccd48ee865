//! Heads: request headers in, response header lines out, `Retry-After` (D-16, E-13, E-14).

use std::time::Duration;

use bytes::Bytes;
use domain::rules::target::Target;
use domain::secret::Secret;
use domain::time::Timestamp;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::uri::{Authority, PathAndQuery, Scheme, Uri};
use http::{Method, Request};
use http_body_util::Full;

use super::failure::Failure;

/// Largest response head, in bytes (E-14).
pub(super) const MAX_HEAD: usize = 32 * 1024;
/// Most response headers (E-14); also what hyper refuses beyond.
pub(super) const MAX_HEADERS: usize = 100;

/// Names nobody but this sender may set (E-13); the `Proxy-` family is checked by prefix.
const OWN_NAMES: [HeaderName; 9] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::CONNECTION,
    header::TE,
    header::TRAILER,
    header::UPGRADE,
    header::EXPECT,
    header::COOKIE,
];

/// The request in the form of HTTP/1.1, built from parsed parts (E-2). hyper adds `Content-Length` to bodies that are
/// not empty.
pub(super) fn request(
    target: &Target,
    method: Method,
    headers: Vec<(&'static str, String)>,
    own_headers: Vec<(String, Secret)>,
    body: Bytes,
) -> Result<Request<Full<Bytes>>, Failure> {
    let mut map = HeaderMap::with_capacity(headers.len() + 3);
    map.insert(header::HOST, host(target)?);
    if let Some(credentials) = &target.credentials {
        map.insert(header::AUTHORIZATION, basic(credentials.expose())?);
    }
    for (name, value) in own_headers {
        let mut value = checked_value(value.expose().to_owned())?;
        value.set_sensitive(true);
        map.append(checked_name(&name)?, value);
    }
    for (name, value) in headers {
        let name = checked_name(name)?;
        let value = checked_value(value)?;
        // The hook's own credentials win over the URL's, and nothing its maker adds wins over what the dialect says.
        map.insert(name, value);
    }
    if method != Method::GET && body.is_empty() {
        // Some servers refuse a POST that does not say how long it is.
        map.insert(header::CONTENT_LENGTH, HeaderValue::from(0));
    }
    let mut request = Request::new(Full::new(body));
    *request.method_mut() = method;
    *request.headers_mut() = map;
    *request.uri_mut() = Uri::from(path(target)?);
    Ok(request)
}

/// Puts the request in the form of HTTP/2: absolute, and the host in `:authority`.
pub(super) fn for_http2(request: &mut Request<Full<Bytes>>, target: &Target) -> Result<(), Failure> {
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(if target.tls { Scheme::HTTPS } else { Scheme::HTTP });
    parts.authority = Some(Authority::from_maybe_shared(target.authority.clone()).map_err(|_| UNUSABLE)?);
    parts.path_and_query = Some(path(target)?);
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| UNUSABLE)?;
    *request.version_mut() = http::Version::HTTP_2;
    request.headers_mut().remove(header::HOST);
    Ok(())
}

/// Puts the request back in the form of HTTP/1.1.
pub(super) fn for_http1(request: &mut Request<Full<Bytes>>, target: &Target) -> Result<(), Failure> {
    *request.uri_mut() = Uri::from(path(target)?);
    *request.version_mut() = http::Version::HTTP_11;
    request.headers_mut().insert(header::HOST, host(target)?);
    Ok(())
}

/// A URL that passed E-2 but that HTTP cannot carry.
const UNUSABLE: Failure = Failure::Request("the URL cannot be sent");

fn host(target: &Target) -> Result<HeaderValue, Failure> {
    HeaderValue::from_maybe_shared(target.authority.clone()).map_err(|_| UNUSABLE)
}

fn path(target: &Target) -> Result<PathAndQuery, Failure> {
    PathAndQuery::from_maybe_shared(target.path.clone()).map_err(|_| UNUSABLE)
}

fn basic(credentials: &str) -> Result<HeaderValue, Failure> {
    use base64::Engine as _;
    let text = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(credentials));
    let mut value = HeaderValue::try_from(text).map_err(|_| UNUSABLE)?;
    value.set_sensitive(true);
    Ok(value)
}

/// A name that is not this sender's (E-13).
fn checked_name(name: &str) -> Result<HeaderName, Failure> {
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| Failure::Request("a header name is malformed"))?;
    if OWN_NAMES.contains(&name) || name.as_str().starts_with("proxy-") {
        return Err(Failure::Request("a header is not the hook's to set"));
    }
    Ok(name)
}

/// Visible ASCII, spaces and tabs (E-13).
fn checked_value(value: String) -> Result<HeaderValue, Failure> {
    const FAULT: Failure = Failure::Request("a header value is not printable ASCII");
    if value.bytes().any(|byte| !matches!(byte, b' '..=b'~' | b'\t')) {
        return Err(FAULT);
    }
    HeaderValue::try_from(value).map_err(|_| FAULT)
}

/// Response header lines for the log.
pub(super) fn render(headers: &HeaderMap) -> Result<Bytes, Failure> {
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if size > MAX_HEAD || headers.len() > MAX_HEADERS {
        return Err(Failure::Broken("the response head is too large".to_owned()));
    }
    let mut lines = Vec::with_capacity(size);
    for (name, value) in headers {
        title_case(name.as_str(), &mut lines);
        lines.extend_from_slice(b": ");
        lines.extend_from_slice(value.as_bytes());
        lines.extend_from_slice(b"\r\n");
    }
    Ok(Bytes::from(lines))
}

/// `content-type` as `Content-Type`: the case most servers send; hyper does not keep it.
fn title_case(name: &str, lines: &mut Vec<u8>) {
    let mut at_start = true;
    for byte in name.bytes() {
        lines.push(if at_start { byte.to_ascii_uppercase() } else { byte });
        at_start = byte == b'-';
    }
}

/// How long the receiver asks us to wait: seconds, or a date taken relative to its own `Date` (D-16), or to `now` if it
/// sent none. Anything else, the past included, is ignored.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok().map(Duration::from_secs);
    }
    let then = parse_date(text)?;
    let date = headers.get(header::DATE).and_then(|date| parse_date(date.to_str().ok()?.trim()));
    let from = date.unwrap_or(now);
    (then >= from).then(|| then.since(from))
}

/// An HTTP date in its preferred form.
fn parse_date(text: &str) -> Option<Timestamp> {
    let parsed = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp::from_micros(parsed.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use testkit::START;

    use super::*;

    fn asked(headers: &[(&'static str, &'static str)]) -> Option<u64> {
        let pairs =
            headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        retry_after(&pairs.collect(), START).map(|asked| asked.as_secs())
    }

    #[test]
    fn d16_retry_after_is_seconds_or_a_date_relative_to_the_response() {
        assert_eq!(asked(&[("retry-after", "120")]), Some(120));
        assert_eq!(asked(&[("retry-after", " 0 ")]), Some(0));
        let date = ("date", "Fri, 31 Dec 1999 23:59:59 GMT");
        assert_eq!(asked(&[date, ("retry-after", "Sat, 01 Jan 2000 00:00:09 GMT")]), Some(10));
        assert_eq!(asked(&[("retry-after", "Fri, 02 Jan 2026 03:05:05 GMT")]), Some(60), "START is 03:04:05");
    }

    #[test]
    fn d16_an_unusable_retry_after_is_ignored() {
        for text in ["", "-5", "soon", "1.5", "1e3", "99999999999999999999999", "Fri, 31 Dec 1999 23:59:59 GMT"] {
            assert_eq!(asked(&[("retry-after", text)]), None, "{text}");
        }
        assert_eq!(asked(&[]), None);
    }

    #[test]
    fn e13_headers_are_checked_again_at_send() {
        let url = domain::rules::target::TargetUrl::parse("http://u:p@a.test/x?y").expect("valid");
        let target = url.target().expect("valid");
        let build =
            |name, value: &str| request(target, Method::POST, vec![(name, value.to_owned())], vec![], Bytes::new());
        let built = build("X-Event", "push\tok ~").expect("sendable");
        assert_eq!(built.headers()["host"], "a.test");
        assert_eq!(built.headers()["authorization"], "Basic dTpw");
        assert_eq!(built.uri(), "/x?y");
        for value in ["a\r\nX: y", "a\nb", "a\0", "\u{7f}", "é"] {
            assert!(build("X-Event", value).is_err(), "{value:?}");
        }
        for name in ["Host", "Content-Length", "Transfer-Encoding", "TE", "Proxy-Authorization", "bad name", ""] {
            assert!(build(name, "x").is_err(), "{name}");
        }
    }
}
