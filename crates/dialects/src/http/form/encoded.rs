//! `application/x-www-form-urlencoded`.

use bytes::Bytes;
use percent_encoding::percent_decode;

use super::{FormError, push};

/// Reads pairs as browsers write them. A `%` without two digits stands for itself, as everywhere on the web; unlike
/// there, bytes that are not UTF-8 are an error: replaced by another character, they would name another callback.
pub(super) fn read(_content_type: &str, body: &Bytes) -> Result<Vec<(String, String)>, FormError> {
    let mut fields = Vec::new();
    for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let at = pair.iter().position(|byte| *byte == b'=');
        let (name, value) = at.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
        push(&mut fields, (decode(name)?, decode(value)?))?;
    }
    Ok(fields)
}

fn decode(text: &[u8]) -> Result<String, FormError> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let bytes: Vec<u8> = percent_decode(&spaced).collect();
    String::from_utf8(bytes).map_err(|_| FormError::NotUtf8)
}
