//! What a condition asks for: a text with wildcards, or a regular expression. Both take time that grows with the text
//! alone, whatever the pattern is.

use std::fmt;

use regex::{Regex, RegexBuilder};

use super::yaml::Node;

/// Largest compiled regular expression, in bytes.
pub(super) const MAX_REGEX: usize = 128 * 1024;
/// How much of a text a regular expression looks at, in bytes: each may take ten thousand steps.
const MAX_SEARCHED: usize = 16 * 1024;
/// How deep groups of a regular expression may be nested.
const MAX_NESTING: u32 = 50;

/// What is asked of a text.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    /// A text in which `*` stands for any run of characters, none included; the whole text has to match, case and all.
    Wildcard(Box<str>),
    /// A regular expression that has to be found somewhere in the text's first 16 KiB.
    Regex(Box<Regex>),
}

/// Why there is no regular expression.
#[derive(Debug)]
pub(super) enum BadRegex {
    /// The value is no text.
    NoText,
    /// It cannot be compiled, or not within the limit; says why.
    Refused(String),
}

impl Pattern {
    /// A text with wildcards.
    pub(super) fn wildcard(text: &str) -> Self {
        Self::Wildcard(text.into())
    }

    /// A regular expression.
    pub(super) fn regex(node: &Node) -> Result<Self, BadRegex> {
        let text = node.text().ok_or(BadRegex::NoText)?;
        let regex = RegexBuilder::new(text)
            .size_limit(MAX_REGEX)
            .dfa_size_limit(MAX_REGEX)
            .nest_limit(MAX_NESTING)
            .build()
            .map_err(|error| BadRegex::Refused(last_line(&error)))?;
        Ok(Self::Regex(Box::new(regex)))
    }

    /// Is it `*`, which is what holds where nothing is said?
    pub(super) fn is_anything(&self) -> bool {
        matches!(self, Self::Wildcard(text) if !text.is_empty() && text.bytes().all(|byte| byte == b'*'))
    }

    /// Does a text match?
    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Wildcard(pattern) => wildcard_matches(pattern, text),
            Self::Regex(regex) => regex.is_match(&text[..text.floor_char_boundary(MAX_SEARCHED)]),
        }
    }

    /// How many bytes of a text are looked at.
    pub(super) fn cost(&self, text: &str) -> usize {
        match self {
            Self::Wildcard(_) => text.len(),
            Self::Regex(_) => text.len().min(MAX_SEARCHED),
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wildcard(text) => write!(f, "`{text}`"),
            Self::Regex(regex) => write!(f, "regex `{regex}`"),
        }
    }
}

/// The parser's messages quote the expression over several lines; the last says what is wrong.
fn last_line(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(limit) => format!("it takes more than {limit} bytes when compiled"),
        other => {
            let text = other.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.strip_prefix("error: ").unwrap_or(last).to_owned()
        }
    }
}

/// The text begins with the first part of the pattern and ends with its last. Those in between are looked for one after
/// the other, each as far left as possible: if any way to match exists, this one does, so nothing is ever tried twice.
fn wildcard_matches(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(text) = text.strip_prefix(head) else { return false };
    let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
    let Some(mut text) = text.strip_suffix(tail) else { return false };
    for part in middle.split('*') {
        match text.find(part) {
            Some(start) => text = &text[start + part.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::yaml::{Kind, Value};
    use super::*;

    fn regex(text: &str) -> Result<Pattern, BadRegex> {
        Pattern::regex(&Arc::new(Value::Scalar(text.into(), Kind::Text)))
    }

    /// All ways to match, tried one by one: slow, and obviously right.
    fn tried(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|skipped| tried(rest, &text[skipped..])),
            Some((wanted, rest)) => {
                text.split_first().is_some_and(|(first, text)| first == wanted && tried(rest, text))
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn wildcards_match_what_trying_all_ways_finds(pattern in "[ab*é]{0,8}", text in "[abé]{0,10}") {
            let tried = tried(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>());
            assert_eq!(wildcard_matches(&pattern, &text), tried, "{pattern:?} {text:?}");
        }
    }

    #[test]
    fn a_wildcard_that_makes_backtracking_matchers_hang_takes_no_longer_than_others() {
        let text = "a".repeat(2_000_000);
        let many = "*a".repeat(5_000) + "*b*";
        assert!(!wildcard_matches(&many, &text), "backtracking would take longer than the universe lasts");
        let long = format!("*{}b*", "a".repeat(500_000));
        assert!(!wildcard_matches(&long, &text), "comparing at each place would take 10^12 steps");
        assert!(wildcard_matches(&"*a".repeat(5_000), &text));
    }

    #[test]
    fn regular_expressions_are_searched_for_and_limited() {
        assert!(regex("rel").expect("compiles").matches("my-release"));
        assert!(regex(r"^\d+\.\p{L}\w*$").expect("common ones fit the limit").matches("1.é_1"));
        let Err(BadRegex::Refused(reason)) = regex("(a{1000}){1000}") else { panic!("too large") };
        assert_eq!(reason, "it takes more than 131072 bytes when compiled");
        let Err(BadRegex::Refused(reason)) = regex("a(") else { panic!("not closed") };
        assert_eq!(reason, "unclosed group");
        let Err(BadRegex::Refused(_)) = regex(&"(".repeat(60)) else { panic!("nested too deep") };
        let far = format!("{}x", "é".repeat(MAX_SEARCHED));
        assert!(!regex("x").expect("compiles").matches(&far), "only the beginning of a text is searched");
        assert!(Pattern::wildcard("*x").matches(&far));
        let slow = regex("(a*)*b$").expect("compiles");
        assert!(!slow.matches(&"a".repeat(100_000)), "backtracking would never end");
    }
}
