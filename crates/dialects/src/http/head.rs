//! Heads of logged requests and responses.

use serde_json::{Map, Value};

/// Header lines as a map from name to text; a name that comes twice has its values joined.
pub(crate) fn header_map(head: &[u8]) -> Map<String, Value> {
    let text = String::from_utf8_lossy(head);
    let mut headers: Map<String, Value> = Map::new();
    for (name, value) in text.split("\r\n").filter_map(|line| line.split_once(':')) {
        match headers.get_mut(name) {
            Some(Value::String(known)) => {
                known.push_str(", ");
                known.push_str(value.trim());
            }
            _ => drop(headers.insert(name.to_owned(), Value::from(value.trim()))),
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn header_lines_become_a_map_of_strings() {
        let map = header_map(b"Accept: */*\r\nX-A: 1\r\nX-A: 2\r\nEmpty:\r\n");
        assert_eq!(Value::Object(map), json!({"Accept": "*/*", "X-A": "1, 2", "Empty": ""}));
        assert_eq!(header_map(b""), Map::new());
    }
}
