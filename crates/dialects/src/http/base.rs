//! Where the caller thinks this server is.

use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri};
use domain::flow::Ports;

use super::ApiSettings;

/// The base of URLs for a caller: the configured one, else the one it called.
pub(crate) fn base_for(headers: &HeaderMap, uri: &Uri, settings: &ApiSettings, ports: &Ports) -> String {
    let configured = settings.public_url.as_deref().map(str::to_owned);
    configured.or_else(|| requested_base(headers, uri)).unwrap_or_else(|| ports.public_url.to_string())
}

/// `http://{Host}` of a request, if it names a well-formed one. Without a trailing slash.
pub fn requested_base(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let named = headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = named.or_else(|| uri.authority().map(Authority::as_str))?;
    let authority: Authority = host.parse().ok()?;
    // User info has no place in a Host; commas would break Link headers.
    let plain = !authority.as_str().contains(['@', ',', '<', '>', '"']);
    (plain && !authority.host().is_empty()).then(|| format!("http://{authority}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(host: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().expect("a header value"));
        requested_base(&headers, &Uri::from_static("/x"))
    }

    #[test]
    fn the_host_header_makes_a_base_only_if_it_is_one() {
        assert_eq!(base("127.0.0.1:8017").as_deref(), Some("http://127.0.0.1:8017"));
        assert_eq!(base("[::1]:80").as_deref(), Some("http://[::1]:80"));
        for bad in ["", "a b", "user@host", "a,b", "a/b", "a>;rel=\"next\""] {
            assert_eq!(base(bad), None, "{bad}");
        }
    }
}
