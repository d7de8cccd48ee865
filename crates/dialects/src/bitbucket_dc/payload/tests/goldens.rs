//! Every example of `docs/events/`, byte for byte, in both shapes.

use super::*;
use crate::bitbucket_dc::events::{DOCUMENTED, KEYS};

/// File name to body. `{canonical type}.{event key}.json`, colons as underscores; `….iso.json` where dates make a
/// difference.
pub(super) fn rendered() -> Files {
    let (world, iso_world) = (world(), iso_world());
    let mut files = Files::new();
    for kind in Happening::types() {
        let example = example(&kind);
        for (epoch, iso) in world.tell(&example).into_iter().zip(iso_world.tell(&example)) {
            let name = format!("{kind}.{}", epoch.kind.replace(':', "_"));
            if epoch.body != iso.body {
                files.insert(format!("{name}.iso.json"), iso.body);
            }
            files.insert(format!("{name}.json"), epoch.body);
        }
    }
    files
}

#[test]
fn examples_become_their_goldens() {
    assert_goldens("bitbucket_dc", &rendered());
}

#[test]
fn every_key_has_a_golden() {
    let world = world();
    let told: Vec<_> = Happening::types().iter().flat_map(|kind| world.tell(&example(kind))).map(|d| d.kind).collect();
    let untold: Vec<_> =
        KEYS.iter().chain(&DOCUMENTED).filter(|key| !told.iter().any(|kind| **kind == ***key)).collect();
    assert_eq!(untold, [&""; 0]);
    assert!(told.iter().all(|kind| KEYS.contains(&&**kind) || DOCUMENTED.contains(&&**kind)), "{told:?}");
}

#[test]
fn bodies_are_compact_json_on_one_line_that_begins_with_its_key() {
    assert_compact(&rendered());
    for (name, body) in rendered() {
        let again = serde_json::from_slice::<Value>(&body).expect("JSON");
        let key = again["eventKey"].as_str().expect("a text");
        assert!(name.contains(&format!(".{}.", key.replace(':', "_"))), "{name}: {key}");
        assert!(body.starts_with(br#"{"eventKey":""#), "{name}");
        assert_eq!(again["date"], "2026-01-02T03:04:05+0000", "{name}");
    }
}
