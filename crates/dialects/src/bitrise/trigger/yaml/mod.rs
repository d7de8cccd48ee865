//! YAML as far as a configuration needs it: a tree of values, read within limits.
//!
//! Aliases share what they refer to and are counted as if they were written out; the tree has a greatest depth. So
//! neither an alias bomb nor deep nesting costs more than a plain text of the largest size does.

mod load;
#[cfg(test)]
mod tests;

use std::fmt::Write as _;
use std::sync::Arc;

pub(super) use load::load;

/// A value; cheap to clone.
pub(super) type Node = Arc<Value>;

/// What a value is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A scalar, as it is written.
    Scalar(Box<str>, Kind),
    /// A sequence.
    List(Vec<Node>),
    /// A mapping, in the order it is written in; keys are unique.
    Map(Vec<(Box<str>, Node)>),
}

/// What a scalar stands for. Words of YAML 1.1 are understood, as the original's reader does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing.
    Null,
    /// `true`, `no`, …
    Bool(bool),
    /// A number.
    Number,
    /// Anything else, or anything in quotes.
    Text,
}

impl Value {
    /// The value of a key; `None` too if it is null.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        let (_, value) = self.entries().iter().find(|(name, _)| &**name == key)?;
        (!value.is_null()).then_some(value)
    }

    /// Pairs of a mapping; none of anything else.
    pub(super) fn entries(&self) -> &[(Box<str>, Node)] {
        match self {
            Self::Map(entries) => entries,
            Self::Scalar(..) | Self::List(_) => &[],
        }
    }

    /// Is it a mapping?
    pub(super) fn is_map(&self) -> bool {
        matches!(self, Self::Map(_))
    }

    /// Is it null?
    pub(super) fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(_, Kind::Null))
    }

    /// Values of a sequence.
    pub(super) fn list(&self) -> Option<&[Node]> {
        match self {
            Self::List(nodes) => Some(nodes),
            Self::Scalar(..) | Self::Map(_) => None,
        }
    }

    /// A text; numbers are none.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Scalar(text, Kind::Text) => Some(text),
            Self::Scalar(..) | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// A name: any scalar as it is written.
    pub(super) fn name(&self) -> Option<&str> {
        match self {
            Self::Scalar(text, _) => Some(text),
            Self::List(_) | Self::Map(_) => None,
        }
    }

    /// True or false.
    pub(super) fn flag(&self) -> Option<bool> {
        match self {
            Self::Scalar(_, Kind::Bool(flag)) => Some(*flag),
            Self::Scalar(..) | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// Writes the value such that different values give different texts.
    pub(super) fn fingerprint(&self, out: &mut String) {
        match self {
            Self::Scalar(text, kind) => {
                let _ = write!(out, "{kind:?}{}:{text}", text.len());
            }
            Self::List(nodes) => {
                let _ = write!(out, "[{}:", nodes.len());
                for node in nodes {
                    node.fingerprint(out);
                }
            }
            Self::Map(entries) => {
                let _ = write!(out, "{{{}:", entries.len());
                for (key, node) in entries {
                    let _ = write!(out, "{}:{key}", key.len());
                    node.fingerprint(out);
                }
            }
        }
    }
}
