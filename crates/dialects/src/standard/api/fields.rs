//! The members of a JSON object, taken out one by one, so that every complaint names its field.

#![expect(clippy::option_option, reason = "absent, null and a value are three things in an edit")]

use domain::account::is_valid_name;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::errors::Reject;
use crate::http::parse_json;

/// Longest free text in the registry, in bytes.
const MAX_TEXT: usize = 1_024;

/// Members not taken yet.
#[derive(Debug)]
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// Parses a body, which must be an object.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, Reject> {
        match parse_json(body) {
            Some(Value::Object(members)) => Ok(Self(members)),
            Some(_) => Err(Reject::bad_request("the body must be a JSON object")),
            None => Err(Reject::bad_request("the body is not JSON, or nests deeper than 64 levels")),
        }
    }

    /// Takes a member that must be there.
    pub(crate) fn required<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<T, Reject> {
        self.optional(name)?.ok_or_else(|| Reject::invalid(name, "is missing"))
    }

    /// Takes a member that may be absent or null.
    pub(crate) fn optional<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<Option<T>, Reject> {
        match self.0.shift_remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => match T::deserialize(value) {
                Ok(value) => Ok(Some(value)),
                Err(error) => Err(Reject::invalid(name, error.to_string())),
            },
        }
    }

    /// Takes a member that may be absent, or null, which is something else: the inner `None`.
    pub(crate) fn nullable<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<Option<Option<T>>, Reject> {
        if self.0.contains_key(name) { self.optional(name).map(Some) } else { Ok(None) }
    }

    /// Takes a login or repository name.
    pub(crate) fn name(&mut self, name: &'static str) -> Result<String, Reject> {
        let text: String = self.required(name)?;
        if is_valid_name(&text) {
            return Ok(text);
        }
        let rule = "must be 1 to 100 letters, digits, `-`, `_` or `.`, not start with `-`, and not end in `.git`";
        Err(Reject::invalid(name, rule))
    }

    /// Takes a line of free text; blank counts as absent.
    pub(crate) fn text(&mut self, name: &'static str) -> Result<Option<String>, Reject> {
        let text: Option<String> = self.optional(name)?;
        let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
        if text.len() > MAX_TEXT {
            return Err(Reject::invalid(name, "is longer than 1024 bytes"));
        }
        if text.chars().any(char::is_control) {
            return Err(Reject::invalid(name, "must not contain control characters"));
        }
        Ok(Some(text))
    }

    /// Takes a line of free text that may be absent; null or blank clears: the inner `None`.
    pub(crate) fn nullable_text(&mut self, name: &'static str) -> Result<Option<Option<String>>, Reject> {
        if self.0.contains_key(name) { self.text(name).map(Some) } else { Ok(None) }
    }

    /// Nothing may be left: a misspelt member must not go unnoticed.
    pub(crate) fn finish(self) -> Result<(), Reject> {
        match self.0.into_iter().next() {
            None => Ok(()),
            Some((name, _)) => Err(Reject::invalid(name, "is not known here")),
        }
    }
}
