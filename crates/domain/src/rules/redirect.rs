//! Where OAuth applications may have users sent back to (RFC 6749 section 3.1.2, RFC 8252, RFC 9700 section 2.1).

use url::{Host, Url};

/// Longest redirect URL, in bytes.
pub const MAX_REDIRECT_URL: usize = 2_048;

/// What can be wrong with a redirect URL when it is registered.
pub const REDIRECT_RULE: &str = "must be an absolute URL of at most 2048 ASCII characters without fragment and credentials: \
     https, http, or a scheme of its own with a dot in it";

/// May an application register this URL? `https` and `http`, or a scheme that its owner's domain name makes its own
/// (RFC 8252 section 7.1): `com.example.app:/done`. What runs in the browser (`javascript:`) has no dot.
pub fn may_be_registered(url: &str) -> bool {
    let plain = !url.is_empty() && url.len() <= MAX_REDIRECT_URL && url.bytes().all(|byte| byte.is_ascii_graphic());
    if !plain || url.contains(['#', '\\', '"', '<', '>']) {
        return false;
    }
    let Ok(parsed) = Url::parse(url) else { return false };
    let bare = parsed.username().is_empty() && parsed.password().is_none();
    match parsed.scheme() {
        "http" | "https" => bare && parsed.has_host(),
        scheme => bare && scheme.contains('.'),
    }
}

/// Is what a request asks for the registered URL? Character by character, but that the port of a loopback address may be
/// any: programs on the user's own machine listen where they can (RFC 8252 section 7.3).
pub fn matches(registered: &str, asked: &str) -> bool {
    registered == asked || without_port(registered).is_some_and(|bare| without_port(asked) == Some(bare))
}

/// Does a program on the user's own machine receive it, or whichever program claims a scheme? Anybody can pretend to be
/// such an application, so that the user must be asked each time (RFC 8252 section 8.6).
pub fn is_local(url: &str) -> bool {
    !url.starts_with("https://") && (without_port(url).is_some() || !url.starts_with("http://"))
}

/// Scheme, host, path and query of a loopback `http` URL, its port cut out of the text; `None` for any other URL.
fn without_port(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("http://")?;
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let host_end =
        if authority.starts_with('[') { authority.find(']')? + 1 } else { authority.find(':').unwrap_or(end) };
    let (host, port) = authority.split_at(host_end);
    let is_port = port.is_empty() || (port.starts_with(':') && port[1..].parse::<u16>().is_ok_and(|port| port > 0));
    let loopback = match Url::parse(url).ok()?.host()? {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    (loopback && is_port).then_some((host, tail))
}

/// What a page must allow its form to lead to, for a content security policy: the origin, or the scheme where an origin
/// cannot be written.
pub fn form_target(url: &str) -> Option<String> {
    let parsed = Url::parse(url).ok()?;
    match parsed.host() {
        Some(Host::Domain(_) | Host::Ipv4(_)) if parsed.scheme().starts_with("http") => {
            Some(parsed.origin().ascii_serialization())
        }
        _ => Some(format!("{}:", parsed.scheme())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc6749_only_plain_absolute_urls_are_registered() {
        for good in [
            "https://app.test/callback",
            "http://intranet.test:8080/cb?keep=1",
            "http://127.0.0.1/cb",
            "http://[::1]:99/cb",
            "com.example.app:/done",
        ] {
            assert!(may_be_registered(good), "{good}");
        }
        for bad in [
            "",
            "/callback",
            "app.test/callback",
            "https://app.test/#x",
            "https://user@app.test/",
            "https://app.test/a b",
            "https://app.test/\u{e9}",
            "https://app.test\\@evil.test/",
            "javascript:alert(1)",
            "data:text/html,x",
            "app:/done",
            "https://",
        ] {
            assert!(!may_be_registered(bad), "{bad}");
        }
        assert!(!may_be_registered(&format!("https://app.test/{}", "a".repeat(MAX_REDIRECT_URL))));
    }

    #[test]
    fn rfc9700_redirect_urls_match_character_by_character() {
        let registered = "https://app.test/callback";
        assert!(matches(registered, registered));
        for other in [
            "https://app.test/callback/",
            "https://app.test/callback?x=1",
            "https://app.test/callback/../evil",
            "https://app.test:443/callback",
            "https://app.test:8443/callback",
            "https://APP.test/callback",
            "http://app.test/callback",
            "https://app.test.evil.test/callback",
            "https://app.test@evil.test/callback",
            "https://evil.test/?https://app.test/callback",
            "",
        ] {
            assert!(!matches(registered, other), "{other}");
        }
    }

    #[test]
    fn rfc8252_the_port_of_a_loopback_address_may_vary_and_nothing_else() {
        for (registered, asked) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb"),
            ("http://127.0.0.1:80/cb", "http://127.0.0.1:51004/cb"),
            ("http://[::1]/cb?a=1", "http://[::1]:51004/cb?a=1"),
            ("http://localhost:3000/cb", "http://localhost:3001/cb"),
        ] {
            assert!(matches(registered, asked), "{asked}");
        }
        for (registered, asked) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:51004/other"),
            ("http://127.0.0.1/cb", "http://127.0.0.2:51004/cb"),
            ("http://127.0.0.1/cb", "http://localhost:51004/cb"),
            ("http://127.0.0.1/cb", "https://127.0.0.1:51004/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:51004@evil.test/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1:99999/cb"),
            ("http://127.0.0.1/cb", "http://127.0.0.1.evil.test:80/cb"),
            ("http://app.test/cb", "http://app.test:8080/cb"),
            ("https://localhost/cb", "https://localhost:8080/cb"),
        ] {
            assert!(!matches(registered, asked), "{asked}");
        }
    }

    #[test]
    fn rfc8252_whoever_listens_locally_cannot_be_told_apart() {
        for local in ["http://127.0.0.1:8/cb", "http://[::1]/", "http://localhost/cb", "com.example.app:/done"] {
            assert!(is_local(local), "{local}");
        }
        for web in ["https://app.test/cb", "http://intranet.test/cb", "https://127.0.0.1/"] {
            assert!(!is_local(web), "{web}");
        }
    }

    #[test]
    fn a_form_may_lead_to_the_redirect_url_and_nowhere_else() {
        let table = [
            ("https://app.test/cb?a=1", "https://app.test"),
            ("http://127.0.0.1:51004/cb", "http://127.0.0.1:51004"),
            ("http://[::1]:51004/cb", "http:"),
            ("com.example.app:/done", "com.example.app:"),
        ];
        for (url, target) in table {
            assert_eq!(form_target(url).as_deref(), Some(target), "{url}");
        }
    }
}
