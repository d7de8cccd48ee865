//! Payloads as receivers see them.
//!
//! The goldens under `bitbucket_cloud/fixtures/` are what the examples of `docs/events/` and the rows of the push table
//! become. To write them anew: `UPDATE_GOLDENS=1 cargo nextest run -p dialects`.

mod goldens;
mod pushes;
mod rules;
mod world;

use std::path::{Path, PathBuf};

use domain::canonical::Happening;
use domain::dialect::Draft;
use serde_json::Value;

use world::World;

fn events_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/events")
}

/// The example of a canonical type.
fn example(kind: &str) -> Happening {
    let data = std::fs::read(events_folder().join(format!("{kind}.json"))).expect("an example");
    Happening::parse(kind, &data).expect("a canonical type").expect("a valid example")
}

/// A message's body as a tree.
fn tree(draft: &Draft) -> Value {
    serde_json::from_slice(&draft.body).expect("JSON")
}

/// The event key of each message.
fn keys(drafts: &[Draft]) -> Vec<&str> {
    drafts.iter().map(|draft| &*draft.kind).collect()
}

/// Calls `look` with every object in a tree.
fn each_object(value: &Value, look: &mut dyn FnMut(&serde_json::Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            look(members);
            members.values().for_each(|member| each_object(member, look));
        }
        Value::Array(items) => items.iter().for_each(|item| each_object(item, look)),
        _ => {}
    }
}
