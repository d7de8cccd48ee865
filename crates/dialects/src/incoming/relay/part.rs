//! Parts of a payload, read without trust: whatever is not of the form expected is not there.

use domain::time::Timestamp;
use serde_json::Value;

/// Stands for what is not there.
static NOTHING: Value = Value::Null;

/// Numbers above this are milliseconds since 1970, those below seconds (it is the year 5138 in seconds, 1973 in
/// milliseconds).
const FIRST_MILLIS: i64 = 100_000_000_000;

/// A part of a payload, and what it is called there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    value: &'a Value,
    name: &'a str,
}

impl<'a> Part<'a> {
    /// The whole payload.
    pub(super) fn root(value: &'a Value) -> Self {
        Self { value, name: "payload" }
    }

    /// The part of that name; nothing if there is none.
    pub(super) fn at(self, name: &'a str) -> Self {
        Self { value: self.value.get(name).unwrap_or(&NOTHING), name }
    }

    /// The tree itself.
    pub(super) fn value(self) -> &'a Value {
        self.value
    }

    /// Is there anything but null?
    pub(super) fn exists(self) -> bool {
        !self.value.is_null()
    }

    /// A text, which may be empty.
    pub(super) fn text(self, name: &str) -> Option<&'a str> {
        self.value.get(name)?.as_str()
    }

    /// A text that is not empty.
    pub(super) fn filled(self, name: &str) -> Option<&'a str> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// A text that must be there.
    pub(super) fn required(self, name: &str) -> Result<&'a str, String> {
        self.filled(name).ok_or_else(|| self.missing(name))
    }

    /// The first of these texts that is there and not empty.
    pub(super) fn first(self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| self.filled(name))
    }

    /// A whole number, not negative.
    pub(super) fn number(self, name: &str) -> Option<u64> {
        self.value.get(name)?.as_u64()
    }

    /// A number that must be there.
    pub(super) fn required_number(self, name: &str) -> Result<u64, String> {
        self.number(name).ok_or_else(|| self.missing(name))
    }

    /// `true`, if it says so.
    pub(super) fn flag(self, name: &str) -> bool {
        self.option(name) == Some(true)
    }

    /// Yes, no, or neither.
    pub(super) fn option(self, name: &str) -> Option<bool> {
        self.value.get(name)?.as_bool()
    }

    /// The parts of a list; none if it is not one.
    pub(super) fn items(self, name: &'a str) -> impl DoubleEndedIterator<Item = Self> {
        let items = self.value.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        items.iter().map(move |value| Self { value, name })
    }

    /// The texts of a list.
    pub(super) fn texts(self, name: &str) -> Vec<String> {
        let items = self.value.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// A moment, in any of the ways hosts write one.
    pub(super) fn moment(self, name: &str) -> Option<Timestamp> {
        match self.value.get(name)? {
            Value::String(text) => moment(text),
            Value::Number(number) => {
                let number = number.as_i64()?;
                let unit = if number < FIRST_MILLIS { 1_000_000 } else { 1_000 };
                number.checked_mul(unit).map(Timestamp::from_micros)
            }
            _ => None,
        }
    }

    /// The same as RFC 3339 text, with the offset it was written with, if it was.
    pub(super) fn date(self, name: &str) -> Option<String> {
        let as_written = self.filled(name).filter(|text| Timestamp::parse_rfc3339(text).is_some());
        as_written.map(str::to_owned).or_else(|| self.moment(name).map(Timestamp::rfc3339_seconds))
    }

    /// Says that a member is not there.
    pub(super) fn missing(self, name: &str) -> String {
        format!("{}.{name}: missing", self.name)
    }
}

/// RFC 3339; GitLab's `2026-01-02 03:04:05 UTC`; Data Center's `2026-01-02T03:04:05+0000`.
fn moment(text: &str) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(text).or_else(|| {
        let text = text.strip_suffix(" UTC").map_or_else(|| text.to_owned(), |start| format!("{start}Z"));
        let text = match text.char_indices().rev().nth(4) {
            Some((at, '+' | '-')) if text.is_char_boundary(text.len() - 2) && at >= 19 => {
                format!("{}:{}", &text[..text.len() - 2], &text[text.len() - 2..])
            }
            _ => text,
        };
        Timestamp::parse_rfc3339(&text.replacen(' ', "T", 1))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn moments_are_read_however_they_are_written() {
        let tree = json!({"all": [
            "2026-01-02T03:04:05Z", "2026-01-02T04:04:05+01:00", "2026-01-02 03:04:05 UTC", "2026-01-02T03:04:05+0000",
            "2026-01-02 05:04:05 +0200".replacen(" +", "+", 1), 1_767_323_045, 1_767_323_045_000_i64,
        ]});
        let expected = Timestamp::parse_rfc3339("2026-01-02T03:04:05Z");
        for value in tree["all"].as_array().expect("a list") {
            let tree = json!({"at": value});
            assert_eq!(Part::root(&tree).moment("at"), expected, "{value}");
        }
        for value in
            [json!("yesterday"), json!("ü+00ü"), json!(""), json!(null), json!(1e300), json!(i64::MAX), json!([])]
        {
            let tree = json!({"at": value});
            assert_eq!(Part::root(&tree).moment("at"), None, "{value}");
        }
    }

    #[test]
    fn what_is_missing_is_named_with_where() {
        let tree = json!({"head": {"sha": ""}});
        assert_eq!(Part::root(&tree).at("head").required("sha"), Err("head.sha: missing".to_owned()));
    }
}
