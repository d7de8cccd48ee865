//! JSON objects under construction.

use serde::Serialize;
use serde_json::{Map, Value};

/// A JSON object; members keep the order in which they were put.
pub(super) type Object = Map<String, Value>;

/// The members of something that serializes to an object.
pub(super) fn object(value: impl Serialize) -> Object {
    match serde_json::to_value(value) {
        Ok(Value::Object(members)) => members,
        // Only ever called with structs and `json!({…})`.
        Ok(_) | Err(_) => Object::new(),
    }
}

/// The members of `first`, then those of `second`.
pub(super) fn joined(first: impl Serialize, second: Value) -> Object {
    let mut whole = object(first);
    whole.extend(object(second));
    whole
}
