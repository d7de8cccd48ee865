//! Payloads that come ready-made: what `github.push` and the like are published with.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use domain::dialect::Draft;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::events;

/// Longest `action` that is noted, in bytes. GitHub's longest has 25.
const MAX_ACTION: usize = 64;

/// The message, body unchanged. It must be an event of the catalogue and a JSON object; no tree is built to see that.
pub(super) fn draft(kind: &str, data: &Bytes) -> Result<Draft, String> {
    if events::actions(kind).is_none() {
        return Err(format!("github has no event {kind:?}"));
    }
    let text = std::str::from_utf8(data).map_err(|error| format!("is not UTF-8: {error}"))?;
    let object: Object<'_> = serde_json::from_str(text).map_err(|error| format!("is not a JSON object: {error}"))?;
    let action = object.action.filter(|action| action.len() <= MAX_ACTION && !action.contains(char::is_control));
    Ok(Draft { kind: kind.into(), action: action.map(Into::into), body: data.clone() })
}

/// A JSON object of which only `action` matters.
struct Object<'a> {
    action: Option<Cow<'a, str>>,
}

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        source.deserialize_map(ObjectVisitor)
    }
}

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut action = None;
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            if key == "action" {
                // Not a string: then it is not an action, and still GitHub's business.
                let value: &'de RawValue = map.next_value()?;
                action = serde_json::from_str::<String>(value.get()).ok().map(Cow::Owned);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Object { action })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action_of(kind: &str, data: &'static str) -> Result<Option<String>, String> {
        let data = Bytes::from_static(data.as_bytes());
        let draft = draft(kind, &data)?;
        assert_eq!(draft.body, data, "the body is never touched");
        Ok(draft.action.map(|action| action.to_string()))
    }

    #[test]
    fn a_ready_made_payload_keeps_its_bytes_and_shows_its_action() {
        assert_eq!(action_of("issues", r#" {"action" : "op\u0065ned", "n": 1e5} "#), Ok(Some("opened".to_owned())));
        assert_eq!(action_of("push", r#"{"n":{"action":"inner"}}"#), Ok(None));
        assert_eq!(action_of("workflow_run", r#"{"action":7}"#), Ok(None));
        assert_eq!(action_of("issues", "{\"action\":\"a\\nb\"}"), Ok(None), "no line breaks in what a header may show");
    }

    #[test]
    fn what_github_would_not_send_is_refused() {
        for (kind, data) in [("push", "[]"), ("push", "{"), ("push", ""), ("push", "{} {}"), ("pushed", "{}")] {
            assert!(action_of(kind, data).is_err(), "{kind} {data}");
        }
        assert!(draft("push", &Bytes::from_static(b"{\"a\":\"\xFF\"}")).is_err(), "not UTF-8");
    }
}
