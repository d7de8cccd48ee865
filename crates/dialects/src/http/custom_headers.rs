//! Headers that people want with their deliveries, judged when they are saved (E-13).

/// Most headers of one hook.
pub(crate) const MAX_HEADERS: usize = 20;
/// Longest name or value, in bytes.
pub(crate) const MAX_HEADER: usize = 4 * 1024;

/// Names that are the sender's, or that say who asks: never the hook's to set.
const REFUSED: [&str; 11] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "cookie",
    "forwarded",
];
/// Beginnings of such names: proxies' own, and what opens the metadata services of clouds.
const REFUSED_PREFIXES: [&str; 7] =
    ["proxy-", "x-forwarded-", "x-original-", "x-rewrite-", "metadata", "x-google-metadata", "x-aws-ec2-metadata"];

/// May a hook have this header? `reserved` says, of a name in lower case, whether its dialect sets it.
pub(crate) fn check_header(name: &str, value: &str, reserved: impl Fn(&str) -> bool) -> Result<(), &'static str> {
    if name.is_empty() || name.len() > MAX_HEADER || !name.bytes().all(is_token) {
        return Err("is not a header name");
    }
    let lower = name.to_ascii_lowercase();
    let refused = REFUSED.contains(&&*lower) || REFUSED_PREFIXES.iter().any(|prefix| lower.starts_with(prefix));
    if refused || reserved(&lower) {
        return Err("is reserved and cannot be set");
    }
    if value.len() > MAX_HEADER {
        return Err("has a value that is too long");
    }
    if !value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) {
        return Err("has a value that is not printable ASCII");
    }
    Ok(())
}

/// RFC 9110 section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn e13_custom_headers_are_tokens_with_printable_values_and_nobody_else_s() {
        let check = |name: &str, value: &str| check_header(name, value, |name| name == "x-own");
        for (name, value) in [("KEY", "value"), ("Authorization", "Bearer x y"), ("X_a.b", ""), ("x", "\ttab ~")] {
            assert_eq!(check(name, value), Ok(()), "{name}");
        }
        for name in ["", "a b", "a:b", "ä", "a\r\n", "\"a\""] {
            assert_eq!(check(name, "v"), Err("is not a header name"), "{name:?}");
        }
        for name in
            ["host", "Content-Length", "COOKIE", "Proxy-Authorization", "X-Forwarded-For", "Metadata-Flavor", "X-OWN"]
        {
            assert_eq!(check(name, "v"), Err("is reserved and cannot be set"), "{name}");
        }
        for value in ["a\r\nb", "a\0", "é", "\u{7f}"] {
            assert_eq!(check("x", value), Err("has a value that is not printable ASCII"), "{value:?}");
        }
        assert_eq!(check("x", &"v".repeat(MAX_HEADER)), Ok(()));
        assert_eq!(check("x", &"v".repeat(MAX_HEADER + 1)), Err("has a value that is too long"));
    }
}
