//! What the client verbs print: tables for people, JSON for programs.

use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};

use serde_json::Value;

use crate::cli::Global;

/// Where and how to print.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    json: bool,
}

/// A column of a table: its title, and the field of an item it shows; a path if it begins with a slash.
pub(crate) type Column = (&'static str, &'static str);

impl Output {
    /// JSON if asked for or if standard output is not a terminal.
    pub(crate) fn from_global(global: &Global) -> Self {
        Self { json: global.json || !std::io::stdout().is_terminal() }
    }

    /// Prints a list: a table of these columns, or an array of whole items.
    pub(crate) fn list(self, items: Vec<Value>, columns: &[Column]) -> anyhow::Result<()> {
        if self.json {
            return print(&pretty(&Value::Array(items)));
        }
        print(&table(&items, columns, true))
    }

    /// Prints one thing: its fields line by line, or the whole object.
    pub(crate) fn one(self, item: &Value) -> anyhow::Result<()> {
        print(&if self.json { pretty(item) } else { sheet(item) })
    }

    /// Prints one thing: told in lines of its own, or the whole object.
    pub(crate) fn told(self, item: &Value, lines: &str) -> anyhow::Result<()> {
        if self.json { print(&pretty(item)) } else { print(lines) }
    }

    /// Prints one of many things to come: a table row, or an object on a line of its own.
    pub(crate) fn row(self, item: &Value, columns: &[Column], titled: bool) -> anyhow::Result<()> {
        if self.json {
            return print(&(visible_in_json(&item.to_string()) + "\n"));
        }
        print(&table(std::slice::from_ref(item), columns, titled))
    }

    /// Tells a person that something is done. Programs see the exit code.
    pub(crate) fn done(self, what: &str) -> anyhow::Result<()> {
        if self.json { Ok(()) } else { print(&(visible(what) + "\n")) }
    }
}

/// Writes to standard output. A reader that went away (`| head`) is not an error.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => std::process::exit(0),
        other => Ok(other?),
    }
}

/// A terminal would obey, hide or reorder by these: control characters (ESC among them) and bidi marks (U-1).
fn is_treacherous(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// `text` with everything a terminal would obey written out: `\n`, `\u{1b}`.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_treacherous(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// A log for a terminal: lines and colours stay, everything else that a terminal would obey is written out.
pub(crate) fn visible_log(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let colour = rest.strip_prefix("\u{1b}[").and_then(|after| {
            let end = after.find(|c: char| !c.is_ascii_digit() && c != ';')?;
            after[end..].starts_with('m').then_some(end + 3)
        });
        let length = colour.unwrap_or(c.len_utf8());
        if colour.is_some() || matches!(c, '\n' | '\t') || !is_treacherous(c) {
            shown.push_str(&rest[..length]);
        } else if c != '\r' || !rest.starts_with("\r\n") {
            shown.extend(c.escape_default());
        }
        rest = &rest[length..];
    }
    shown
}

/// The same for JSON text, which stays the same JSON: its own line breaks stay, the rest becomes `\u001b`.
fn visible_in_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for c in json.chars() {
        if is_treacherous(c) && c != '\n' {
            // A raw line break only stands between tokens, and all that is_treacherous knows is below U+10000.
            let _ = write!(shown, "\\u{:04x}", u32::from(c));
        } else {
            shown.push(c);
        }
    }
    shown
}

fn pretty(value: &Value) -> String {
    visible_in_json(&format!("{value:#}\n"))
}

/// A value in a cell; lists are joined, nothing is a dash.
fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => visible(text),
        Some(Value::Bool(yes)) => if *yes { "yes" } else { "no" }.to_owned(),
        Some(Value::Array(items)) => items.iter().map(|item| cell(Some(item))).collect::<Vec<_>>().join(", "),
        Some(other) => visible(&other.to_string()),
    }
}

fn table(items: &[Value], columns: &[Column], titled: bool) -> String {
    let title = titled.then(|| columns.iter().map(|(title, _)| (*title).to_owned()).collect::<Vec<_>>());
    let value =
        |item: &'_ Value, field: &str| cell(if field.starts_with('/') { item.pointer(field) } else { item.get(field) });
    let rows = items.iter().map(|item| columns.iter().map(|(_, field)| value(item, field)).collect());
    let rows: Vec<Vec<String>> = title.into_iter().chain(rows).collect();
    let widths: Vec<usize> = (0..columns.len())
        .map(|at| rows.iter().map(|row| row[at].chars().count()).max().unwrap_or(0).max(columns[at].0.len()))
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// Fields line by line; an object's own fields follow it, indented, and so do pairs of names and values (headers).
fn sheet(item: &Value) -> String {
    let mut text = String::new();
    write_sheet(&mut text, item, 0);
    text
}

fn write_sheet(text: &mut String, item: &Value, indent: usize) {
    let Some(fields) = fields_of(item) else {
        text.push_str(&cell(Some(item)));
        text.push('\n');
        return;
    };
    let short = fields.iter().filter(|(_, value)| fields_of(value).is_none());
    let width = short.map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    for (name, value) in fields {
        let name = visible(name);
        if fields_of(value).is_some() {
            let _ = writeln!(text, "{:indent$}{name}", "");
            write_sheet(text, value, indent + 2);
        } else {
            let _ = writeln!(text, "{:indent$}{name:width$}  {}", "", cell(Some(value)));
        }
    }
}

/// The fields of an object, or of a list of pairs, which keeps their order and may name one twice.
fn fields_of(item: &Value) -> Option<Vec<(&str, &Value)>> {
    let pair = |item: &Value| matches!(item.as_array().map(Vec::as_slice), Some([Value::String(_), Value::String(_)]));
    match item {
        Value::Object(fields) => Some(fields.iter().map(|(name, value)| (name.as_str(), value)).collect()),
        Value::Array(items) if !items.is_empty() && items.iter().all(pair) => {
            Some(items.iter().filter_map(|item| Some((item[0].as_str()?, &item[1]))).collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tables_line_up() {
        let items = [json!({"id": 1, "login": "alice", "site_admin": true}), json!({"id": 23, "login": "bo"})];
        let shown = table(&items, &[("ID", "id"), ("LOGIN", "login"), ("ADMIN", "site_admin")], true);
        assert_eq!(shown, "ID  LOGIN  ADMIN\n1   alice  yes\n23  bo     -\n");
    }

    #[test]
    fn u1_control_and_bidi_characters_are_written_out() {
        let evil = "a\u{1b}[2J\nb\u{202e}c\u{7f}\u{9b}";
        assert_eq!(visible(evil), "a\\u{1b}[2J\\nb\\u{202e}c\\u{7f}\\u{9b}");
        assert_eq!(table(&[json!({"x": evil})], &[("X", "x")], false), format!("{}\n", visible(evil)));
        let shown = pretty(&json!({"x": evil}));
        assert!(!shown.chars().any(|c| is_treacherous(c) && c != '\n'), "{shown}");
        let back: Value = serde_json::from_str(&shown).expect("still JSON");
        assert_eq!(back["x"], evil, "programs get the text itself");
    }

    #[test]
    fn u1_logs_keep_lines_and_colours_and_nothing_else_a_terminal_obeys() {
        let log = "\u{1b}[1;32mok\u{1b}[0m\tdone\r\n\u{1b}[2J\u{1b}]0;title\u{7}\rover\u{1b}[31";
        let shown = "\u{1b}[1;32mok\u{1b}[0m\tdone\n\\u{1b}[2J\\u{1b}]0;title\\u{7}\\rover\\u{1b}[31";
        assert_eq!(visible_log(log), shown);
    }

    #[test]
    fn nested_objects_are_indented() {
        let shown = sheet(&json!({"id": 7, "request": {"headers": {"A": "b"}, "body": "x"}}));
        assert_eq!(shown, "id  7\nrequest\n  headers\n    A  b\n  body  x\n");
    }

    #[test]
    fn pairs_are_shown_one_a_line() {
        let shown = sheet(
            &json!({"id": 7, "headers": [["host", "a"], ["x", "b"], ["x", "c\n"]], "events": ["push", "create"]}),
        );
        assert_eq!(shown, "id      7\nheaders\n  host  a\n  x     b\n  x     c\\n\nevents  push, create\n");
    }
}
