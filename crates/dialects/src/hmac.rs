//! HMACs over the exact bytes sent (S-6).

use aws_lc_rs::hmac::{Algorithm, HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256, HMAC_SHA384, HMAC_SHA512, Key, sign};

/// `prefix` and then the lowercase hex of the HMAC-SHA1.
pub(crate) fn sha1_hex(prefix: &str, key: &str, message: &[u8]) -> String {
    mac_hex(HMAC_SHA1_FOR_LEGACY_USE_ONLY, prefix, key, message)
}

/// `prefix` and then the lowercase hex of the HMAC-SHA256.
pub(crate) fn sha256_hex(prefix: &str, key: &str, message: &[u8]) -> String {
    mac_hex(HMAC_SHA256, prefix, key, message)
}

/// `prefix` and then the lowercase hex of the HMAC-SHA384.
pub(crate) fn sha384_hex(prefix: &str, key: &str, message: &[u8]) -> String {
    mac_hex(HMAC_SHA384, prefix, key, message)
}

/// `prefix` and then the lowercase hex of the HMAC-SHA512.
pub(crate) fn sha512_hex(prefix: &str, key: &str, message: &[u8]) -> String {
    mac_hex(HMAC_SHA512, prefix, key, message)
}

/// One allocation: this runs twice per attempt.
fn mac_hex(algorithm: Algorithm, prefix: &str, key: &str, message: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mac = sign(&Key::new(algorithm, key.as_bytes()), message);
    let mut text = String::with_capacity(prefix.len() + mac.as_ref().len() * 2);
    text.push_str(prefix);
    for byte in mac.as_ref() {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test case 2 of RFC 2202 and RFC 4231.
    #[test]
    fn s6_macs_agree_with_the_published_vectors() {
        let (key, message) = ("Jefe", b"what do ya want for nothing?");
        assert_eq!(sha1_hex("sha1=", key, message), "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(sha256_hex("", key, message), expected);
    }
}
