//! What publishers say in Postrider's own vocabulary (design section 4). Dialects translate it.
//!
//! Each type is a plain struct with serde; one JSON example each lives in `docs/events/`.

mod push;

pub use push::{Actor, Commit, Person, Push, RefKind, RefUpdate, ZERO_ID};

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
        let malformed = |error: serde_json::Error| Malformed { kind: kind.to_owned(), detail: error.to_string() };
        let parsed = match kind {
            "push" => serde_json::from_slice(data).map(Self::Push),
            _ => return None,
        };
        Some(parsed.map_err(malformed))
    }
}
