//! The members of a JSON body, each complaint with the name of its member. What is not known is left alone: v0.1 promises
//! no stability, and clients send more than they must (contract bitrise section 2).

use serde_json::{Map, Value};

use super::errors::Reject;

/// The members. `null` and an empty text count as absent.
#[derive(Debug)]
pub(super) struct Members(pub(super) Map<String, Value>);

impl Members {
    fn given(&self, name: &str) -> Option<&Value> {
        let empty = |value: &Value| value.is_null() || value.as_str() == Some("");
        self.0.get(name).filter(|value| !empty(value))
    }

    /// A text.
    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Reject> {
        match self.given(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(Reject::bad(format!("{name}: must be a string"))),
        }
    }

    /// A text of at most so many bytes that fits in a line.
    pub(super) fn line(&self, name: &str, limit: usize) -> Result<Option<String>, Reject> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        if text.len() > limit || text.chars().any(char::is_control) {
            return Err(Reject::bad(format!("{name}: must be a line of at most {limit} bytes")));
        }
        Ok(Some(text.to_owned()))
    }

    /// Yes or no.
    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Reject> {
        match self.given(name) {
            None => Ok(None),
            Some(Value::Bool(yes)) => Ok(Some(*yes)),
            Some(_) => Err(Reject::bad(format!("{name}: must be true or false"))),
        }
    }
}

/// A member that must be there.
pub(super) fn required<T>(value: Option<T>, name: &str) -> Result<T, Reject> {
    value.ok_or_else(|| Reject::bad(format!("{name}: is missing")))
}
