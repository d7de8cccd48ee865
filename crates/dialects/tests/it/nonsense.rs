//! What no client should send, whichever API it asks.

use serde_json::{Value, json};

/// Bodies that are not JSON, or nested too deep to be read (H-3).
pub(crate) fn not_json() -> Vec<Vec<u8>> {
    let nested = |depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let in_member = |depth| format!("{{\"a\":{}}}", nested(depth));
    let texts = ["{", "{\"a\":", "\u{0}", "{\"a\":1}}", "[1", "'", "{\"a\":1,}", "\u{feff}{}", "a=http://r.test/"];
    let texts = texts.map(str::to_owned).into_iter().chain([nested(20_000), in_member(20_000), in_member(64)]);
    texts.map(String::into_bytes).chain([b"{\"a\":\"\xff\"}".to_vec()]).collect()
}

/// Bodies that are JSON, but no objects.
pub(crate) const NO_OBJECTS: [&str; 5] = ["[]", "7", "\"text\"", "true", "null"];

/// A body of one byte more than may be read, all of it white space.
pub(crate) fn too_much() -> Vec<u8> {
    vec![b' '; 1024 * 1024 + 1]
}

/// One value of each kind, and a few odd ones.
pub(crate) fn values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(7),
        json!(-1),
        json!(1.5),
        json!(1e308),
        json!(""),
        json!("x"),
        json!("\u{0}"),
        json!("a:b"),
        json!([]),
        json!(["x"]),
        json!([null]),
        json!({}),
        json!({"x": {"x": []}}),
        json!("x".repeat(5_000)),
    ]
}

/// Path segments where a number belongs.
pub(crate) const NO_IDS: [&str; 12] = [
    "0",
    "-1",
    "1.5",
    "abc",
    "9007199254740993",
    "99999999999999999999999",
    "%00",
    "%2e%2e",
    "%ff",
    "1%20",
    "0x1",
    "+1",
];
