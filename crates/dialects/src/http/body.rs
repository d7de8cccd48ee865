//! Request bodies: read within a limit, parsed within a depth (H-3).

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::Value;
use serde_json::value::RawValue;

/// Largest body of a management request, in bytes.
pub const MAX_MANAGEMENT_BODY: usize = 1024 * 1024;
/// Deepest nesting of arrays and objects accepted in JSON.
pub const MAX_JSON_DEPTH: usize = 64;

/// Why a body could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// Over the limit.
    TooLarge,
    /// It ended early, or its framing was wrong.
    Broken,
}

/// Reads a whole body of at most `limit` bytes.
pub async fn read_body(body: Body, limit: usize) -> Result<Bytes, BodyError> {
    match Limited::new(body, limit).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(BodyError::TooLarge),
        Err(_) => Err(BodyError::Broken),
    }
}

/// Parses JSON text; `None` if it is not JSON or nested deeper than [`MAX_JSON_DEPTH`].
pub fn parse_json(text: &[u8]) -> Option<Value> {
    if nesting(text) > MAX_JSON_DEPTH {
        return None;
    }
    serde_json::from_slice(text).ok()
}

/// Is it one JSON object, in UTF-8? No tree is built to see that. `Err` says what is wrong.
pub(crate) fn check_object(text: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(text).map_err(|error| format!("is not UTF-8: {error}"))?;
    let value: &RawValue = serde_json::from_str(text).map_err(|error| format!("is not a JSON object: {error}"))?;
    if value.get().starts_with('{') { Ok(()) } else { Err("is not a JSON object".to_owned()) }
}

/// How deep brackets nest outside of strings. Exact for valid JSON; anything else fails to parse afterwards.
fn nesting(text: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h3_json_nests_at_most_64_deep() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse_json(nested(64).as_bytes()).is_some());
        assert!(parse_json(nested(65).as_bytes()).is_none());
        let quoted = format!(r#"["{}", "\"{}"]"#, "[".repeat(99), "{".repeat(99));
        assert!(parse_json(quoted.as_bytes()).is_some(), "brackets in strings do not count");
    }

    #[test]
    fn an_object_is_told_from_everything_else() {
        for text in ["{}", " {\"a\": [1e5, {}]} \n"] {
            assert_eq!(check_object(text.as_bytes()), Ok(()), "{text:?}");
        }
        for text in ["", "{", "[]", "null", "\"{}\"", "{} {}", "{\"a\":}"] {
            assert!(check_object(text.as_bytes()).is_err(), "{text:?}");
        }
        assert!(check_object(b"{\"a\":\"\xff\"}").is_err(), "not UTF-8");
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in ["", "{", "nul", "{'a':1}", "[1,]", "\u{feff}{}", "{} {}"] {
            assert!(parse_json(text.as_bytes()).is_none(), "{text:?}");
        }
        assert!(parse_json(b"{\"a\":\"\xff\"}").is_none(), "not UTF-8");
    }
}
