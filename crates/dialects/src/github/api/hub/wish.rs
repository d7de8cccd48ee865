//! Reading the form of `POST /hub`.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;
use domain::hook::{BodyFormat, HookScope};
use domain::id::RepositoryId;
use domain::rules::target::TargetUrl;
use domain::secret::{MASK, Secret};

use super::topic::Topic;
use crate::UrlPolicy;
use crate::github::api::errors::ApiError;
use crate::github::api::validate::MAX_SECRET;
use crate::github::events::may_subscribe;
use crate::http::Form;

/// What is to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// The callback shall hear of the event.
    Subscribe,
    /// It shall no longer.
    Unsubscribe,
}

/// One request, its fields checked for themselves.
#[derive(Clone, Debug)]
pub(super) struct Wish {
    /// `hub.mode`.
    pub(super) mode: Mode,
    /// `hub.topic`; its event is one that repositories have.
    pub(super) topic: Topic,
    /// `hub.callback`; whether it may be called is not checked yet.
    pub(super) callback: TargetUrl,
    /// `hub.secret`, unless blank.
    pub(super) secret: Option<Secret>,
    /// Whether `Accept` names JSON.
    accepts_json: bool,
}

impl Wish {
    /// Reads the four fields that count; any other is ignored.
    pub(super) fn read(form: &Form, headers: &HeaderMap) -> Result<Self, ApiError> {
        let mode = one(form, "hub.mode")?;
        let mode = match mode.to_ascii_lowercase().as_str() {
            "subscribe" => Mode::Subscribe,
            "unsubscribe" => Mode::Unsubscribe,
            _ => return Err(invalid("mode", mode)),
        };
        let text = one(form, "hub.topic")?;
        let topic = Topic::parse(text).ok_or_else(|| invalid("topic", text))?;
        // Which repository it is makes no difference: all have the same events.
        if !may_subscribe(&topic.event, HookScope::Repository(RepositoryId(0))) {
            return Err(ApiError::Unacceptable(format!("Invalid event: \"{}\"", topic.event)));
        }
        let callback = one(form, "hub.callback")?;
        let callback = TargetUrl::parse(callback).map_err(|_| invalid("callback", callback))?;
        Ok(Self {
            mode,
            topic,
            callback,
            secret: secret(one(form, "hub.secret")?)?,
            accepts_json: accepts_json(headers),
        })
    }

    /// How deliveries are to be written: as a form, unless topic or `Accept` ask for JSON.
    pub(super) fn format(&self) -> BodyFormat {
        if self.topic.json || self.accepts_json { BodyFormat::Json } else { BodyFormat::Form }
    }

    /// May the callback be called, by the server's rules (E-2)?
    pub(super) fn check_callback(&self, policy: &UrlPolicy) -> Result<(), ApiError> {
        policy.check(&self.callback).map_err(|reason| {
            let url = self.callback.as_str();
            let why = format!("is not supported because it isn't reachable over the public Internet ({reason})");
            ApiError::Unacceptable(format!("Invalid hub.callback: '{url}' {why}"))
        })
    }
}

/// The value of a field, empty if it is absent.
fn one<'a>(form: &'a Form, name: &str) -> Result<&'a str, ApiError> {
    let repeated = |_| ApiError::Unacceptable(format!("{name} was given more than once, with different values"));
    form.one(name).map_err(repeated).map(Option::unwrap_or_default)
}

fn invalid(field: &str, value: &str) -> ApiError {
    ApiError::Unacceptable(format!("Invalid hub.{field}: '{value}'"))
}

/// The key of signatures; none if blank. Never part of a message.
fn secret(text: &str) -> Result<Option<Secret>, ApiError> {
    if text == MASK {
        // The mask of a hook's secret; stored, it would be a secret that everybody knows (S-4).
        return Err(ApiError::Unacceptable("Invalid hub.secret: it cannot be the mask of a secret".to_owned()));
    }
    if text.len() > MAX_SECRET {
        return Err(ApiError::Unacceptable(format!("Invalid hub.secret: it is longer than {MAX_SECRET} bytes")));
    }
    Ok(Some(text).filter(|text| !text.is_empty()).map(Secret::new))
}

/// Is `application/json` itself among the accepted types? The vendor's own types, which its clients send with every
/// request, do not count.
fn accepts_json(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let essence = |range: &str| range.split(';').next().map(str::trim).is_some_and(is_json);
    values.flat_map(|value| value.split(',')).any(essence)
}

fn is_json(media_type: &str) -> bool {
    media_type.eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_the_literal_type_asks_for_json() {
        let accepts = |values: &[&'static str]| {
            accepts_json(&values.iter().map(|value| (ACCEPT, HeaderValue::from_static(value))).collect())
        };
        for json in [&["application/json"][..], &["text/plain, Application/JSON;q=0.5"], &["*/*", "application/json"]] {
            assert!(accepts(json), "{json:?}");
        }
        let others = ["*/*", "application/*", "application/vnd.github.v3.full+json", "application/vnd.github+json", ""];
        for other in others {
            assert!(!accepts(&[other]), "{other}");
        }
        assert!(!accepts(&[]));
    }
}
