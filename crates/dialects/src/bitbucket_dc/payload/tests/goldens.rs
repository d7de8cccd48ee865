//! Every example of `docs/events/`, byte for byte, in both shapes.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::*;
use crate::bitbucket_dc::events::{DOCUMENTED, KEYS};

/// File name to body. `{canonical type}.{event key}.json`, colons as underscores; `….iso.json` where dates make a
/// difference.
pub(super) fn rendered() -> BTreeMap<String, Bytes> {
    let world = World::new();
    let mut files = BTreeMap::new();
    for kind in Happening::types() {
        let example = example(&kind);
        for (epoch, iso) in world.tell(&example).into_iter().zip(world.tell_iso(&example)) {
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
    let rendered = rendered();
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        drop(std::fs::remove_dir_all(fixtures()));
        std::fs::create_dir_all(fixtures()).expect("writable");
        for (name, body) in &rendered {
            std::fs::write(fixtures().join(name), body).expect("writable");
        }
    }
    for (name, body) in &rendered {
        let golden = std::fs::read(fixtures().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let texts = (String::from_utf8_lossy(&golden), String::from_utf8_lossy(body));
        assert_eq!(texts.0, texts.1, "{name}");
    }
    for entry in std::fs::read_dir(fixtures()).expect("exists") {
        let name = entry.expect("readable").file_name().to_string_lossy().into_owned();
        assert!(rendered.contains_key(&name), "{name} belongs to no example");
    }
}

#[test]
fn every_key_has_a_golden() {
    let world = World::new();
    let told: Vec<_> = Happening::types().iter().flat_map(|kind| world.tell(&example(kind))).map(|d| d.kind).collect();
    let untold: Vec<_> =
        KEYS.iter().chain(&DOCUMENTED).filter(|key| !told.iter().any(|kind| **kind == ***key)).collect();
    assert_eq!(untold, [&""; 0]);
    assert!(told.iter().all(|kind| KEYS.contains(&&**kind) || DOCUMENTED.contains(&&**kind)), "{told:?}");
}

#[test]
fn bodies_are_compact_json_on_one_line_that_begins_with_its_key() {
    for (name, body) in rendered() {
        let again = serde_json::from_slice::<Value>(&body).expect("JSON");
        assert_eq!(serde_json::to_vec(&again).expect("serializes"), body, "{name}");
        let key = again["eventKey"].as_str().expect("a text");
        assert!(name.contains(&format!(".{}.", key.replace(':', "_"))), "{name}: {key}");
        assert!(body.starts_with(br#"{"eventKey":""#), "{name}");
        assert_eq!(again["date"], "2026-01-02T03:04:05+0000", "{name}");
    }
}
