//! Members of JSON objects, and what is wrong with them. Everything is collected, then told at once.

use serde_json::{Map, Value};

use super::errors::{ApiError, Problem};

/// Longest name, secret, event key or configuration value, in characters (contract section 1.1).
pub(super) const MAX_TEXT: usize = 255;

/// What is wrong with a body. Messages name the field as well: many clients show nothing else. A field is named as its path: `configuration.secret` is the `secret` of `configuration`.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    /// Adds one.
    pub(super) fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.push(Problem { field, message: message.into() });
    }

    /// A text of at most `longest` characters; null counts as absent.
    pub(super) fn text(&mut self, from: &Map<String, Value>, field: &'static str, longest: usize) -> Option<String> {
        match present(from, field)? {
            Value::String(text) if text.chars().count() > longest => {
                self.add(field, format!("{field} must be at most {longest} characters long."));
                None
            }
            Value::String(text) => Some(text.clone()),
            _ => self.wrong(field, "a string"),
        }
    }

    /// `true` or `false`; null counts as absent.
    pub(super) fn boolean(&mut self, from: &Map<String, Value>, field: &'static str) -> Option<bool> {
        match present(from, field)? {
            Value::Bool(value) => Some(*value),
            _ => self.wrong(field, "a boolean"),
        }
    }

    /// An object; null counts as absent.
    pub(super) fn object<'a>(
        &mut self,
        from: &'a Map<String, Value>,
        field: &'static str,
    ) -> Option<&'a Map<String, Value>> {
        match present(from, field)? {
            Value::Object(members) => Some(members),
            _ => self.wrong(field, "an object"),
        }
    }

    /// A list of texts, duplicates removed; null counts as absent.
    pub(super) fn texts(&mut self, from: &Map<String, Value>, field: &'static str) -> Option<Vec<String>> {
        let Value::Array(items) = present(from, field)? else { return self.wrong(field, "an array of strings") };
        let mut texts: Vec<String> = Vec::new();
        for item in items {
            match item {
                Value::String(text) if texts.contains(text) => {}
                Value::String(text) => texts.push(text.clone()),
                _ => return self.wrong(field, "an array of strings"),
            }
        }
        Some(texts)
    }

    fn wrong<T>(&mut self, field: &'static str, wanted: &str) -> Option<T> {
        self.add(field, format!("{field} must be {wanted}."));
        None
    }

    /// What cannot be missing. A value that was refused is not told twice.
    pub(super) fn required<T>(&mut self, value: Option<T>, field: &'static str) -> Option<T> {
        if value.is_none() && !self.0.iter().any(|problem| problem.field == field) {
            self.add(field, format!("{field} must be given."));
        }
        value
    }

    /// Nothing wrong, or all of it.
    pub(super) fn verdict(self) -> Result<(), ApiError> {
        if self.0.is_empty() { Ok(()) } else { Err(ApiError::Invalid(self.0)) }
    }
}

/// The member that the last part of `field` names, unless it is null.
fn present<'a>(from: &'a Map<String, Value>, field: &str) -> Option<&'a Value> {
    let name = field.rsplit_once('.').map_or(field, |(_, name)| name);
    from.get(name).filter(|value| !value.is_null())
}
