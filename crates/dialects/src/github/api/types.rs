//! Members of the wrong JSON type, in the words of the published schemas' validator (contract github section 1.6).

use serde_json::{Map, Value};

use super::errors::ApiError;
use crate::github::inspect::inspect;

/// A member that may be a text, null, or not there.
#[derive(Debug, Default)]
pub(super) enum Text {
    /// Not there: an edit keeps what was.
    #[default]
    Absent,
    /// Null: an edit clears it.
    Null,
    /// A text.
    Some(String),
}

impl Text {
    /// The text, if there is one.
    pub(super) fn as_deref(&self) -> Option<&str> {
        match self {
            Self::Absent | Self::Null => None,
            Self::Some(text) => Some(text),
        }
    }

    /// What an edit makes of `old`.
    pub(super) fn or(self, old: Option<String>) -> Option<String> {
        match self {
            Self::Absent => old,
            Self::Null => None,
            Self::Some(text) => Some(text),
        }
    }
}

/// Collects what has the wrong JSON type, so that all of it is told at once.
#[derive(Debug, Default)]
pub(super) struct Types(Vec<String>);

impl Types {
    fn wrong(&mut self, schema: &str, value: &Value, wanted: &str) {
        self.0.push(format!("For '{schema}', {} is not {wanted}.", inspect(value)));
    }

    /// A text.
    pub(super) fn string(&mut self, from: &Map<String, Value>, name: &str) -> Option<String> {
        match from.get(name)? {
            Value::String(text) => Some(text.clone()),
            other => {
                self.wrong(&format!("properties/{name}"), other, "a string");
                None
            }
        }
    }

    /// A text, or null for none.
    pub(super) fn nullable_string(&mut self, from: &Map<String, Value>, name: &str) -> Text {
        match from.get(name) {
            None => Text::Absent,
            Some(Value::Null) => Text::Null,
            Some(_) => self.string(from, name).map_or(Text::Absent, Text::Some),
        }
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, from: &Map<String, Value>, name: &str) -> Option<bool> {
        match from.get(name)? {
            Value::Bool(value) => Some(*value),
            other => {
                self.wrong(&format!("properties/{name}"), other, "a boolean");
                None
            }
        }
    }

    /// An object.
    pub(super) fn object<'a>(&mut self, from: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
        match from.get(name)? {
            Value::Object(members) => Some(members),
            other => {
                self.wrong(&format!("properties/{name}"), other, "an object");
                None
            }
        }
    }

    /// A list of texts, duplicates removed.
    pub(super) fn strings(&mut self, from: &Map<String, Value>, name: &str) -> Option<Vec<String>> {
        let Value::Array(items) = from.get(name)? else {
            self.wrong(&format!("properties/{name}"), &from[name], "an array");
            return None;
        };
        let mut texts: Vec<String> = Vec::new();
        for item in items {
            match item {
                Value::String(text) if texts.contains(text) => {}
                Value::String(text) => texts.push(text.clone()),
                other => self.wrong("items", other, "a string"),
            }
        }
        Some(texts)
    }

    /// `0` or `1`, as text or number; `true` and `false` are taken too.
    pub(super) fn switch(&mut self, from: &Map<String, Value>, name: &str) -> Option<Result<bool, Value>> {
        let value = from.get(name)?;
        match value {
            Value::Bool(on) => Some(Ok(*on)),
            Value::String(text) if text == "1" || text == "0" => Some(Ok(text == "1")),
            Value::Number(number) if number.as_f64() == Some(0.0) || number.as_f64() == Some(1.0) => {
                Some(Ok(number.as_f64() == Some(1.0)))
            }
            Value::String(_) | Value::Number(_) => Some(Err(value.clone())),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                self.wrong(&format!("properties/{name}"), value, "a string");
                None
            }
        }
    }

    /// Nothing wrong, or all of it.
    pub(super) fn verdict(self) -> Result<(), ApiError> {
        if self.0.is_empty() { Ok(()) } else { Err(ApiError::WrongTypes(self.0)) }
    }
}
