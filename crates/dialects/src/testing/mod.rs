//! What the payload tests of all vendors share: a registry to tell examples in, pushes to tell of, and goldens to
//! compare with.

mod goldens;
mod pushes;
mod world;

use std::path::{Path, PathBuf};

use domain::canonical::Happening;
use domain::dialect::{Draft, WireRequest};
use serde_json::Value;

pub(crate) use goldens::{Files, assert_compact, assert_goldens};
pub(crate) use pushes::{NEW, OLD, any_actor, any_id, commit, moved, push};
pub(crate) use world::{World, account, repository};

/// A path below this crate's folder.
fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The example of a canonical type.
pub(crate) fn example(kind: &str) -> Happening {
    let data = std::fs::read(here("../../docs/events").join(format!("{kind}.json"))).expect("an example");
    Happening::parse(kind, &data).expect("a canonical type").expect("a valid example")
}

/// A message's body as a tree.
pub(crate) fn tree(draft: &Draft) -> Value {
    serde_json::from_slice(&draft.body).expect("JSON")
}

/// The event of each message, without actions.
pub(crate) fn keys(drafts: &[Draft]) -> Vec<&str> {
    drafts.iter().map(|draft| &*draft.kind).collect()
}

/// A header of a request.
pub(crate) fn header<'a>(request: &'a WireRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(header, _)| *header == name).map(|(_, value)| value.as_str())
}
