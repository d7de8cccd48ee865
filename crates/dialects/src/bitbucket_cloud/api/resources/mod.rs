//! The resources that clients walk through on their way to the hooks.

pub(super) mod accounts;
pub(super) mod repositories;
pub(super) mod workspaces;

use serde::Serialize;
use serde_json::{Map, Value};

use super::call::Call;
use super::errors::ApiError;
use super::problems::Problems;

/// Members of an object.
type Object = Map<String, Value>;

/// The members of `first`, then those of `second`; `links` of both are one.
fn joined(first: impl Serialize, second: Value) -> Object {
    let mut whole = object(serde_json::to_value(first).unwrap_or_default());
    for (name, value) in object(second) {
        match whole.get_mut(&name) {
            Some(Value::Object(there)) => there.extend(object(value)),
            Some(_) | None => drop(whole.insert(name, value)),
        }
    }
    whole
}

/// The members of an object; anything else has none.
fn object(value: Value) -> Object {
    if let Value::Object(members) = value { members } else { Object::new() }
}

/// Refuses to search by `q`: an answer that ignored it would name things that nobody asked for.
fn refuse_search(call: &Call) -> Result<(), ApiError> {
    match call.asked.query("q") {
        Some(text) if !text.is_empty() => Err(ApiError::Invalid(Problems::one("q", "searching is not supported here"))),
        Some(_) | None => Ok(()),
    }
}

/// A role that is none.
fn unknown_role(known: &str) -> ApiError {
    ApiError::Invalid(Problems::one("role", format!("must be one of {known}")))
}
