//! Payloads as bytes.

use bytes::Bytes;
use serde::Serialize;

/// Compact JSON. `room` is about how many bytes to expect; growing from there doubles.
pub(crate) fn compact(payload: &impl Serialize, room: usize) -> Bytes {
    let mut bytes = Vec::with_capacity(room);
    // Writing structs to memory cannot fail: no maps with odd keys, no fallible Serialize. An empty body says it did.
    if serde_json::to_writer(&mut bytes, payload).is_err() {
        bytes.clear();
    }
    bytes.into()
}
