//! What is wrong with a request, field by field (contract bitbucket-cloud section 1.2).

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::errors::ApiError;

/// A member that may be absent, null, or there.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum Change<T> {
    /// Absent: an edit keeps what was.
    #[default]
    Keep,
    /// Null, or as good as: an edit takes it away.
    Clear,
    /// A value.
    Set(T),
}

impl<T> Change<T> {
    /// What an edit makes of `old`.
    pub(super) fn apply(self, old: Option<T>) -> Option<T> {
        match self {
            Self::Keep => old,
            Self::Clear => None,
            Self::Set(new) => Some(new),
        }
    }
}

/// Collects what is wrong, so that all of it is told at once: the error's `fields`.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub(super) struct Problems(BTreeMap<&'static str, Vec<String>>);

impl Problems {
    /// A single problem.
    pub(super) fn one(field: &'static str, message: impl Into<String>) -> Self {
        let mut problems = Self::default();
        problems.add(field, message);
        problems
    }

    /// Adds a problem.
    pub(super) fn add(&mut self, field: &'static str, message: impl Into<String>) {
        self.0.entry(field).or_default().push(message.into());
    }

    /// `true` or `false`; null counts as absent.
    pub(super) fn boolean(&mut self, from: &Map<String, Value>, name: &'static str) -> Option<bool> {
        match from.get(name)? {
            Value::Bool(value) => Some(*value),
            Value::Null => None,
            Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
                self.add(name, "must be true or false");
                None
            }
        }
    }

    /// A text, or null for none.
    pub(super) fn text(&mut self, from: &Map<String, Value>, name: &'static str) -> Change<String> {
        match from.get(name) {
            None => Change::Keep,
            Some(Value::Null) => Change::Clear,
            Some(Value::String(text)) => Change::Set(text.clone()),
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                self.add(name, "must be a string");
                Change::Keep
            }
        }
    }

    /// All of it in one line, for clients that do not show `fields`.
    pub(super) fn summary(&self) -> String {
        let told = |(field, messages): (&&str, &Vec<String>)| format!("{field}: {}", messages.join(", "));
        self.0.iter().map(told).collect::<Vec<_>>().join("; ")
    }

    /// Nothing wrong, or all of it.
    pub(super) fn verdict(self) -> Result<(), ApiError> {
        if self.0.is_empty() { Ok(()) } else { Err(ApiError::Invalid(self)) }
    }
}
