//! From events of the parser to a tree. Nothing here calls itself: depth costs heap, and little of it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};

use super::{Kind, Node, Value};

/// How deep values may be nested, aliases written out.
const MAX_DEPTH: usize = 64;
/// How many values there may be, aliases written out.
const MAX_NODES: usize = 200_000;

/// Reads a text. The error is one sentence that names the line.
pub(in super::super) fn load(text: &str) -> Result<Node, String> {
    let mut loader = Loader::default();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| located(error.marker().line(), error.info()))?;
        loader.take(event).map_err(|reason| at(span, reason))?;
    }
    Ok(loader.root.unwrap_or_else(|| Arc::new(Value::Scalar(Box::default(), Kind::Null))))
}

fn at(span: Span, reason: &str) -> String {
    located(span.start.line(), reason)
}

fn located(line: usize, reason: &str) -> String {
    format!("line {line}: {reason}")
}

/// A container that is still open.
struct Open {
    /// The parser's number of its anchor; 0 for none.
    anchor: usize,
    /// How many values there were before it.
    before: usize,
    /// How deep what it holds is nested.
    height: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map(Pairs),
}

#[derive(Default)]
struct Pairs {
    entries: Vec<(Box<str>, Node)>,
    seen: HashSet<Box<str>>,
    /// Set between a key and its value.
    key: Option<Box<str>>,
    /// Values of `<<`: what they hold counts as long as no key of the mapping itself says otherwise.
    merged: Vec<Node>,
}

/// What an anchor stands for.
struct Anchored {
    node: Node,
    size: usize,
    height: usize,
}

#[derive(Default)]
struct Loader {
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    nodes: usize,
    documents: usize,
    root: Option<Node>,
}

impl Loader {
    fn take(&mut self, event: Event<'_>) -> Result<(), &'static str> {
        match event {
            Event::DocumentStart(_) => {
                self.documents += 1;
                if self.documents > 1 {
                    return Err("there is more than one document");
                }
                Ok(())
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1)?;
                let node = Arc::new(Value::Scalar(text.as_ref().into(), kind(&text, style, tag.as_deref())));
                self.remember(anchor, &node, 1, 0);
                self.put(node, 0)
            }
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).ok_or("an alias refers to what it is part of")?;
                let (node, size, height) = (Arc::clone(&known.node), known.size, known.height);
                self.count(size)?;
                if self.open.len() + height > MAX_DEPTH {
                    return Err("values are nested too deep");
                }
                self.put(node, height)
            }
            Event::SequenceStart(anchor, _) => self.begin(anchor, Content::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.begin(anchor, Content::Map(Pairs::default())),
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
        }
    }

    fn count(&mut self, nodes: usize) -> Result<(), &'static str> {
        self.nodes += nodes;
        if self.nodes > MAX_NODES { Err("there are too many values") } else { Ok(()) }
    }

    fn begin(&mut self, anchor: usize, content: Content) -> Result<(), &'static str> {
        if self.open.len() == MAX_DEPTH {
            return Err("values are nested too deep");
        }
        let before = self.nodes;
        self.count(1)?;
        self.open.push(Open { anchor, before, height: 0, content });
        Ok(())
    }

    fn end(&mut self) -> Result<(), &'static str> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let value = match open.content {
            Content::List(nodes) => Value::List(nodes),
            Content::Map(pairs) => Value::Map(self.merge(pairs)?),
        };
        let (node, height) = (Arc::new(value), open.height + 1);
        self.remember(open.anchor, &node, self.nodes - open.before, height);
        self.put(node, height)
    }

    fn remember(&mut self, anchor: usize, node: &Node, size: usize, height: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, Anchored { node: Arc::clone(node), size, height });
        }
    }

    /// Puts a value where it belongs: into what is open, or at the root.
    fn put(&mut self, node: Node, height: usize) -> Result<(), &'static str> {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.height = open.height.max(height);
        match &mut open.content {
            Content::List(nodes) => nodes.push(node),
            Content::Map(pairs) => pairs.put(node)?,
        }
        Ok(())
    }

    /// Adds what `<<` brings. What it copies counts, as all that is written out does.
    fn merge(&mut self, mut pairs: Pairs) -> Result<Vec<(Box<str>, Node)>, &'static str> {
        for source in std::mem::take(&mut pairs.merged) {
            for map in source.list().unwrap_or(std::slice::from_ref(&source)) {
                if !map.is_map() {
                    return Err("<< takes a mapping, or a list of them");
                }
                self.count(map.entries().len())?;
                for (key, node) in map.entries() {
                    if pairs.seen.insert(key.clone()) {
                        pairs.entries.push((key.clone(), Arc::clone(node)));
                    }
                }
            }
        }
        Ok(pairs.entries)
    }
}

impl Pairs {
    fn put(&mut self, node: Node) -> Result<(), &'static str> {
        let Some(key) = self.key.take() else {
            let name = node.name().ok_or("a key of a mapping is a list or a mapping")?;
            self.key = Some(name.into());
            return Ok(());
        };
        if &*key == "<<" {
            self.merged.push(node);
        } else if self.seen.insert(key.clone()) {
            self.entries.push((key, node));
        } else {
            return Err("a mapping has the same key twice");
        }
        Ok(())
    }
}

/// What a scalar stands for.
fn kind(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Kind {
    if style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str") {
        return Kind::Text;
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Kind::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Kind::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Kind::Bool(false),
        _ if is_number(text) => Kind::Number,
        _ => Kind::Text,
    }
}

/// `12`, `-1.5e3`, `0x1f`, `.inf`: anything that a version of YAML takes for a number. `inf` and `nan` are words.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if [".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"].contains(&digits) {
        return true;
    }
    for (prefix, radix) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(rest) = digits.strip_prefix(prefix) {
            return !rest.is_empty() && rest.chars().all(|c| c.is_digit(radix) || c == '_');
        }
    }
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') && digits.replace('_', "").parse::<f64>().is_ok()
}
