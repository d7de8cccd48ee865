//! Forms, as both hubs read them: `application/x-www-form-urlencoded` and `multipart/form-data` (contract websub section
//! 3, contract github section 5). Only the body counts, never the query string.

mod encoded;
mod multipart;
#[cfg(test)]
mod tests;

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use bytes::Bytes;

/// Largest form a hub reads, in bytes.
pub const MAX_FORM_BODY: usize = 64 * 1024;
/// Most fields in one form. A publisher may name 100 topics in one (contract websub section 7).
const MAX_FIELDS: usize = 256;

/// A form's fields, decoded, in the order they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

/// Why a body is no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// Its content type is neither of the two, or absent.
    #[error("the body must be application/x-www-form-urlencoded or multipart/form-data")]
    ContentType,
    /// A multipart body without a boundary, with a part that has no name, or cut short.
    #[error("the body is not a well-formed form")]
    Malformed,
    /// A name or a value is not UTF-8.
    #[error("the form is not UTF-8")]
    NotUtf8,
    /// More bytes than the caller allows, or more fields than any form has.
    #[error("the form is too large")]
    TooLarge,
}

/// A field that may come once came with different values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeated;

impl Form {
    /// Reads a body of at most `limit` bytes. Any `charset` is accepted and read as UTF-8, which is what clients that
    /// name another one send all the same.
    pub fn read(headers: &HeaderMap, body: &Bytes, limit: usize) -> Result<Self, FormError> {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.ok_or(FormError::ContentType)?;
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let read = if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            encoded::read
        } else if essence.eq_ignore_ascii_case("multipart/form-data") {
            multipart::read
        } else {
            return Err(FormError::ContentType);
        };
        if body.len() > limit { Err(FormError::TooLarge) } else { read(content_type, body).map(Self) }
    }

    /// The value of a field that may come once. The same value twice counts once.
    pub fn one(&self, name: &str) -> Result<Option<&str>, Repeated> {
        let mut values = self.all(name);
        let first = values.next();
        if values.all(|other| Some(other) == first) { Ok(first) } else { Err(Repeated) }
    }

    /// All values of a field, in order.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Takes one more field, unless there are too many already.
fn push(fields: &mut Vec<(String, String)>, field: (String, String)) -> Result<(), FormError> {
    if fields.len() >= MAX_FIELDS {
        return Err(FormError::TooLarge);
    }
    fields.push(field);
    Ok(())
}
