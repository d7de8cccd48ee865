//! Reading the body of a create or update (contract bitrise section 3).

use domain::hook::Hook;
use domain::rules::target::TargetUrl;
use domain::secret::Secret;
use serde_json::{Map, Value};

use crate::UrlPolicy;
use crate::bitrise::api::errors::Reject;
use crate::bitrise::dialect::reserved;
use crate::bitrise::events::{WORDS_MEMBER, is_word, types_of};
use crate::http::{MAX_HEADERS, check_header};

/// Longest secret, in bytes.
const MAX_SECRET: usize = 1_024;
/// What a URL gets that has no scheme.
const SCHEME: &str = "http://";
/// The member of [`Hook::extra`] of hooks whose URL was given without a scheme. The text itself is not kept there: it
/// can hold a password, and the hook's URL is sealed then.
const WITHOUT_SCHEME: &str = "without_scheme";
/// Most characters of a value that a refusal repeats.
const MAX_SHOWN: usize = 100;

/// What becomes of something that a request may leave out.
#[derive(Debug)]
pub(super) enum Change<T> {
    /// It was left out.
    Keep,
    /// This.
    To(T),
}

/// A body that makes sense; unknown members were ignored (section 2, "stability").
#[derive(Debug)]
pub(super) struct Fields {
    /// Where deliveries go.
    pub(super) url: TargetUrl,
    /// The types of event.
    pub(super) events: Vec<String>,
    /// What its maker wants with each delivery.
    pub(super) headers: Vec<(String, Secret)>,
    /// Signs deliveries; an empty one does not.
    pub(super) secret: Change<Option<Secret>>,
    words: Vec<String>,
    without_scheme: bool,
}

impl Fields {
    /// Reads a body. Both calls need `url` and `events`, whatever is to change.
    pub(super) fn read(body: &Map<String, Value>, policy: &UrlPolicy) -> Result<Self, Reject> {
        let (url, without_scheme) = url(body.get("url"), policy)?;
        let words = words(body.get("events"))?;
        let headers = headers(body.get("headers"))?;
        let events = types_of(&words);
        Ok(Self { url, events, headers, secret: secret(body.get("secret"))?, words, without_scheme })
    }

    /// Notes what the hook keeps for this surface alone.
    pub(super) fn put_extra(&self, extra: &mut Map<String, Value>) {
        extra.insert(WORDS_MEMBER.to_owned(), self.words.clone().into());
        if self.without_scheme {
            extra.insert(WITHOUT_SCHEME.to_owned(), true.into());
        } else {
            extra.remove(WITHOUT_SCHEME);
        }
    }

    /// The hook after this edit.
    pub(super) fn apply(self, mut hook: Hook) -> Hook {
        self.put_extra(&mut hook.extra);
        hook.url = self.url;
        hook.events = self.events;
        hook.headers = self.headers;
        if let Change::To(secret) = self.secret {
            hook.secret = secret;
        }
        hook
    }
}

/// The URL of a hook as it was given.
pub(super) fn verbatim_url(hook: &Hook) -> &str {
    let bare = hook.extra.get(WITHOUT_SCHEME).and_then(Value::as_bool).unwrap_or(false);
    let text = hook.url.as_str();
    if bare { text.strip_prefix(SCHEME).unwrap_or(text) } else { text }
}

/// Null counts as absent.
fn given(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

/// The URL, and whether it came without a scheme: the vendor's own example has none.
fn url(value: Option<&Value>, policy: &UrlPolicy) -> Result<(TargetUrl, bool), Reject> {
    let text = given(value).ok_or_else(|| Reject::bad("url: is required"))?;
    let text = text.as_str().ok_or_else(|| Reject::bad("url: must be a string"))?;
    let without_scheme = !text.is_empty() && !text.contains("://");
    let parsed = if without_scheme { TargetUrl::parse(&format!("{SCHEME}{text}")) } else { TargetUrl::parse(text) };
    let url = parsed.map_err(|error| Reject::bad(format!("url: {error}")))?;
    let refused = |reason| Reject::bad(format!("url: may not be called from here: {reason}"));
    policy.check(&url).map_err(refused)?;
    Ok((url, without_scheme))
}

/// The words in the order they came in, each of them once.
fn words(value: Option<&Value>) -> Result<Vec<String>, Reject> {
    const NOT_A_LIST: &str = "events: must be a list of all, build or pipeline";
    let items = given(value).ok_or_else(|| Reject::bad("events: is required"))?;
    let items = items.as_array().ok_or_else(|| Reject::bad(NOT_A_LIST))?;
    let mut words: Vec<String> = Vec::new();
    for item in items {
        let word = item.as_str().ok_or_else(|| Reject::bad(NOT_A_LIST))?;
        if !is_word(word) {
            let shown: String = word.chars().take(MAX_SHOWN).collect();
            return Err(Reject::bad(format!(
                "events: unknown event {shown:?}, known ones are all, build and pipeline"
            )));
        }
        if !words.iter().any(|known| known == word) {
            words.push(word.to_owned());
        }
    }
    if words.is_empty() { Err(Reject::bad("events: must name at least one event")) } else { Ok(words) }
}

/// The headers in the order they came in (E-13).
fn headers(value: Option<&Value>) -> Result<Vec<(String, Secret)>, Reject> {
    let Some(value) = given(value) else { return Ok(Vec::new()) };
    let map = value.as_object().ok_or_else(|| Reject::bad("headers: must be an object of strings"))?;
    if map.len() > MAX_HEADERS {
        return Err(Reject::bad(format!("headers: there can be at most {MAX_HEADERS}")));
    }
    let mut headers: Vec<(String, Secret)> = Vec::with_capacity(map.len());
    for (name, value) in map {
        let value = value.as_str().ok_or_else(|| Reject::bad("headers: must be an object of strings"))?;
        check_header(name, value, reserved).map_err(|problem| {
            let shown: String = name.chars().take(MAX_SHOWN).collect();
            Reject::bad(format!("headers: {shown:?} {problem}"))
        })?;
        if headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return Err(Reject::bad(format!("headers: {name:?} is there twice")));
        }
        headers.push((name.clone(), Secret::new(value)));
    }
    Ok(headers)
}

fn secret(value: Option<&Value>) -> Result<Change<Option<Secret>>, Reject> {
    match value {
        None => Ok(Change::Keep),
        Some(Value::Null) => Ok(Change::To(None)),
        Some(Value::String(text)) if text.len() > MAX_SECRET => {
            Err(Reject::bad(format!("secret: can have at most {MAX_SECRET} bytes")))
        }
        Some(Value::String(text)) => Ok(Change::To((!text.is_empty()).then(|| Secret::new(text.as_str())))),
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(Reject::bad("secret: must be a string"))
        }
    }
}

#[cfg(test)]
mod tests;
