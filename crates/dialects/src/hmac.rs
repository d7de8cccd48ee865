//! HMACs over the exact bytes sent (S-6).

use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, HMAC_SHA256, Key, sign};

/// Lowercase hex of the HMAC-SHA1.
pub(crate) fn sha1_hex(key: &str, message: &[u8]) -> String {
    hex(sign(&Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes()), message).as_ref())
}

/// Lowercase hex of the HMAC-SHA256.
pub(crate) fn sha256_hex(key: &str, message: &[u8]) -> String {
    hex(sign(&Key::new(HMAC_SHA256, key.as_bytes()), message).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}
