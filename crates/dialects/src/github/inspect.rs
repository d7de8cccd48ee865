//! Values as GitHub's messages print them: the way Ruby does.

use std::fmt::Write as _;

use serde_json::Value;

/// Longest text printed, in bytes; the rest is cut.
const MAX: usize = 1_000;

/// `nil`, `1`, `"x"`, `[1, nil]`, `{"a"=>true}`.
pub(crate) fn inspect(value: &Value) -> String {
    let mut text = String::new();
    write_value(&mut text, value);
    if text.len() > MAX {
        let end = (0..=MAX).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

fn write_value(text: &mut String, value: &Value) {
    if text.len() > MAX {
        return;
    }
    match value {
        Value::Null => text.push_str("nil"),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            let _ = write!(text, "{value}");
        }
        Value::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at > 0 { ", " } else { "" });
                write_value(text, item);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (at, (key, item)) in members.iter().enumerate() {
                let _ = write!(text, "{}{}=>", if at > 0 { ", " } else { "" }, Value::String(key.clone()));
                write_value(text, item);
            }
            text.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_print_as_in_ruby_and_not_without_end() {
        assert_eq!(inspect(&json!({"a": [1, null, "x\""], "b": true})), r#"{"a"=>[1, nil, "x\""], "b"=>true}"#);
        assert!(inspect(&json!("é".repeat(5_000))).len() < 1_010);
        assert!(inspect(&json!(vec![7; 100_000])).len() < 1_010);
    }
}
