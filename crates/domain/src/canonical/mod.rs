//! What publishers say in Postrider's own vocabulary (design section 4). Dialects translate it.
//!
//! Each type is a plain struct with serde; one JSON example each lives in `docs/events/`. Members that are not known
//! here are ignored, those that are must have the right form: an error names the field.

mod actor;
mod commit;
mod field;
mod push;

pub use actor::{Actor, Person};
pub use commit::Commit;
pub use push::{Push, RefKind, RefUpdate, ZERO_ID};

use serde::de::DeserializeOwned;

/// A canonical event, parsed.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// `push`
    Push(Push),
}

/// Why a canonical payload was refused; the text names the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("data is not a valid `{kind}` payload: {detail}")]
pub struct Malformed {
    /// The canonical type.
    pub kind: String,
    /// What is wrong, and where.
    pub detail: String,
}

impl Happening {
    /// Parses the payload of a canonical type; `None` if `kind` is not one.
    pub fn parse(kind: &str, data: &[u8]) -> Option<Result<Self, Malformed>> {
        let malformed = |detail: String| Malformed { kind: kind.to_owned(), detail };
        let parsed = match kind {
            "push" => read(data).and_then(|push: Push| push.check().map(|()| Self::Push(push))),
            _ => return None,
        };
        Some(parsed.map_err(malformed))
    }
}

/// Reads JSON. Only when that fails it reads once more with an eye on where, because tracking the path costs time.
fn read<T: DeserializeOwned>(data: &[u8]) -> Result<T, String> {
    let plain = match serde_json::from_slice(data) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let mut source = serde_json::Deserializer::from_slice(data);
    match serde_path_to_error::deserialize::<_, T>(&mut source) {
        Err(error) if error.path().iter().next().is_some() => Err(format!("{}: {}", error.path(), error.inner())),
        _ => Err(plain.to_string()),
    }
}
