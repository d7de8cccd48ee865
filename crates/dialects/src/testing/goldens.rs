//! Bodies under `src/{dialect}/fixtures/`, byte for byte.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;

use super::here;

/// File name to body.
pub(crate) type Files = BTreeMap<String, Bytes>;

/// These, and no others, are the goldens of a dialect's folder. With `UPDATE_GOLDENS` set, they become so first.
pub(crate) fn assert_goldens(dialect: &str, rendered: &Files) {
    let folder = here("src").join(dialect).join("fixtures");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).expect("writable");
        for (name, body) in rendered {
            std::fs::write(folder.join(name), body).expect("writable");
        }
    }
    for (name, body) in rendered {
        let golden = std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let texts = (String::from_utf8_lossy(&golden), String::from_utf8_lossy(body));
        assert_eq!(texts.0, texts.1, "{name}");
    }
    for entry in std::fs::read_dir(folder).expect("exists") {
        let name = entry.expect("readable").file_name().to_string_lossy().into_owned();
        assert!(rendered.contains_key(&name), "{name} belongs to no example");
    }
}

/// All are JSON without a byte too many.
pub(crate) fn assert_compact(rendered: &Files) {
    for (name, body) in rendered {
        let again = serde_json::from_slice::<Value>(body).expect("JSON");
        assert_eq!(serde_json::to_vec(&again).expect("serializes"), *body, "{name}");
    }
}
