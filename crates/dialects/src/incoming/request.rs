//! A request as the providers see it: headers and bytes.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use serde::de::DeserializeOwned;

use super::reading::{NotBuilt, refused};

/// The media type of nearly all hooks.
pub(super) const JSON: &str = "application/json";
/// The media type of forms.
pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// A request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// Its header lines.
    pub(crate) headers: &'a HeaderMap,
    /// Its body, byte for byte.
    pub(crate) body: &'a [u8],
    /// Is the repository a Bitbucket pull request comes from private? `None`: nobody has asked, or the answer did not
    /// come; then it is taken to be, because a key opens public repositories as well.
    pub(crate) fork_is_private: Option<bool>,
}

impl<'a> Request<'a> {
    /// A request that nothing more is known about.
    pub(crate) fn new(headers: &'a HeaderMap, body: &'a [u8]) -> Self {
        Self { headers, body, fork_is_private: None }
    }

    /// A header's first value; an empty one counts as absent, as does one that is not UTF-8.
    pub(super) fn header(&self, name: &str) -> Option<&'a str> {
        let value = self.headers.get(name)?.as_bytes();
        std::str::from_utf8(value).ok().filter(|text| !text.is_empty())
    }

    /// The content type, or the refusal for want of one.
    pub(super) fn content_type(&self) -> Result<&'a str, NotBuilt> {
        self.header(CONTENT_TYPE.as_str()).ok_or_else(|| refused("Issue with Headers: No Content-Type Header found"))
    }

    /// A header that names the event, or the refusal for want of it. `name` is written as the answer writes it.
    pub(super) fn event(&self, name: &str) -> Result<&'a str, NotBuilt> {
        self.header(name).ok_or_else(|| refused(format!("Issue with Headers: No {name} Header found")))
    }

    /// The body as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, NotBuilt> {
        parse(self.body, "Failed to parse request body as JSON")
    }

    /// The body as JSON, or as a form whose field `payload` is JSON.
    pub(super) fn json_or_payload<T: DeserializeOwned>(&self, content_type: &str) -> Result<T, NotBuilt> {
        if content_type == JSON {
            return self.json();
        }
        let payload = self.field("payload").unwrap_or_default();
        if payload.is_empty() {
            return Err(refused("failed to parse request body: empty payload"));
        }
        parse(payload.as_bytes(), "Failed to parse payload")
    }

    /// The first value of a form's field.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.body).find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
    }
}

/// The refusal of a content type.
pub(super) fn unsupported(content_type: &str) -> NotBuilt {
    refused(format!("Content-Type is not supported: {content_type}"))
}

/// Events are objects; without looking, a list would be taken for one whose fields have no names.
fn parse<T: DeserializeOwned>(text: &[u8], problem: &str) -> Result<T, NotBuilt> {
    if text.trim_ascii_start().first() == Some(&b'[') {
        return Err(refused(format!("{problem}: it is a list, not an object")));
    }
    serde_json::from_slice(text).map_err(|error| refused(format!("{problem}: {error}")))
}
