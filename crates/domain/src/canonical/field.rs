//! How single fields of canonical payloads are read: text that must have a form is checked where it enters, so that a
//! mistake is reported under the field's own path.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::time::Timestamp;

/// Is it a git object id: 40 (SHA-1) or 64 (SHA-256) lowercase hex digits?
pub(crate) fn is_object_id(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// Is it the full name of a ref: `refs/` and then what `git check-ref-format` allows, roughly?
fn is_full_ref(text: &str) -> bool {
    let plain = |c: char| !c.is_control() && !matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    let shaped = text.strip_prefix("refs/").is_some_and(|rest| rest.contains('/') && !rest.ends_with('/'));
    shaped && text.len() <= 1_024 && text.chars().all(plain) && !text.contains("..") && !text.contains("//")
}

/// A git object id.
pub(super) fn object_id<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    let text = String::deserialize(source)?;
    if is_object_id(&text) { Ok(text) } else { Err(D::Error::custom("must be 40 or 64 lowercase hex digits")) }
}

/// A git object id, or none.
pub(super) fn optional_object_id<'de, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(source)?;
    if text.as_deref().is_none_or(is_object_id) {
        return Ok(text);
    }
    Err(D::Error::custom("must be 40 or 64 lowercase hex digits"))
}

/// Git object ids.
pub(super) fn object_ids<'de, D: Deserializer<'de>>(source: D) -> Result<Vec<String>, D::Error> {
    let texts = Vec::<String>::deserialize(source)?;
    if texts.iter().all(|text| is_object_id(text)) {
        return Ok(texts);
    }
    Err(D::Error::custom("each must be 40 or 64 lowercase hex digits"))
}

/// The full name of a ref.
pub(super) fn full_ref<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    let text = String::deserialize(source)?;
    if is_full_ref(&text) { Ok(text) } else { Err(D::Error::custom("must be a full ref name: refs/heads/main")) }
}

/// The full name of a ref, or none.
pub(super) fn optional_full_ref<'de, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(source)?;
    if text.as_deref().is_none_or(is_full_ref) {
        return Ok(text);
    }
    Err(D::Error::custom("must be a full ref name: refs/heads/main"))
}

/// An RFC 3339 date, kept as written: commit dates show the committer's own offset.
pub(super) fn date<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    let text = String::deserialize(source)?;
    if Timestamp::parse_rfc3339(&text).is_some() {
        return Ok(text);
    }
    Err(D::Error::custom("must be an RFC 3339 date: 2026-01-02T03:04:05Z"))
}

/// An RFC 3339 date, kept as written, or none.
pub(super) fn optional_date<'de, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(source)?;
    if text.as_deref().is_none_or(|text| Timestamp::parse_rfc3339(text).is_some()) {
        return Ok(text);
    }
    Err(D::Error::custom("must be an RFC 3339 date: 2026-01-02T03:04:05Z"))
}

/// Moments as RFC 3339 text; for `#[serde(with = …)]`.
pub(super) mod moment {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    use crate::time::Timestamp;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde calls")]
    pub(in super::super) fn serialize<S: Serializer>(moment: &Timestamp, sink: S) -> Result<S::Ok, S::Error> {
        sink.collect_str(&text(*moment))
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(source)?;
        Timestamp::parse_rfc3339(&text)
            .ok_or_else(|| D::Error::custom("must be an RFC 3339 date: 2026-01-02T03:04:05Z"))
    }

    /// Exact, and without decimals where there are none.
    pub(super) fn text(moment: Timestamp) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(moment.as_micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

/// Moments as RFC 3339 text, or none; for `#[serde(with = …)]`, together with `default`.
pub(super) mod optional_moment {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::time::Timestamp;

    #[expect(clippy::ref_option, reason = "the signature serde calls")]
    pub(in super::super) fn serialize<S: Serializer>(moment: &Option<Timestamp>, sink: S) -> Result<S::Ok, S::Error> {
        match moment {
            Some(moment) => super::moment::serialize(moment, sink),
            None => sink.serialize_none(),
        }
    }

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<Option<Timestamp>, D::Error> {
        #[derive(Deserialize)]
        struct Moment(#[serde(with = "super::moment")] Timestamp);
        Ok(Option::<Moment>::deserialize(source)?.map(|moment| moment.0))
    }
}

/// `true`, for `#[serde(default = …)]`.
pub(super) fn yes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_refs_are_what_git_allows() {
        for good in ["refs/heads/main", "refs/tags/v1.0", "refs/heads/feature/ünïcode", "refs/heads/a@b"] {
            assert!(is_full_ref(good), "{good}");
        }
        for bad in
            ["main", "refs/heads", "refs/heads/", "refs/heads/a b", "refs/heads/a..b", "refs/heads//x", "refs/heads/\n"]
        {
            assert!(!is_full_ref(bad), "{bad}");
        }
    }
}
