//! One request, as handlers see it: who asks, about what, and with which body.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use bytes::Bytes;
use domain::account::Principal;
use domain::hook::Hook;
use domain::id::HookId;
use serde_json::{Map, Value};

use super::app::App;
use super::at::{self, At};
use super::errors::ApiError;
use super::frame::is_json;
use crate::bitbucket_dc::dialect::NAME;
use crate::bitbucket_dc::links::Links;
use crate::http::{Asked, BodyError, MAX_MANAGEMENT_BODY, parse_json, read_body};

/// A request taken apart.
#[derive(Debug)]
pub(super) struct Call {
    /// What handlers share.
    pub(super) app: Arc<App>,
    /// Who asks, and about what.
    pub(super) asked: Asked,
    /// Where URLs in the answer point.
    pub(super) links: Links,
}

impl FromRequestParts<Arc<App>> for Call {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let asked = Asked::admitted(parts).await.ok_or(ApiError::NoRoute)?;
        let links = app.links(&parts.headers, &parts.uri);
        Ok(Self { app: app.clone(), asked, links })
    }
}

impl Call {
    /// A yes-or-no query parameter, in any case; anything but `true` is no.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.asked.query(name).map(|value| value.eq_ignore_ascii_case("true"))
    }

    /// The caller.
    pub(super) fn myself(&self) -> Result<&Principal, ApiError> {
        self.asked.principal.as_ref().ok_or(ApiError::Anonymous)
    }

    /// What the path names, whoever asks.
    pub(super) fn named(&self) -> Result<At, ApiError> {
        let directory = self.app.ports.directory();
        let (key, slug) = (self.asked.param("project"), self.asked.param("repository"));
        let project = at::project(directory, key).ok_or_else(|| ApiError::NoSuchProject(key.to_owned()))?;
        if slug.is_empty() {
            return Ok(At { project, repository: None });
        }
        let repository = at::repository(directory, &project, slug);
        let repository = repository.ok_or_else(|| ApiError::NoSuchRepository(key.to_owned(), slug.to_owned()))?;
        Ok(At { project, repository: Some(repository) })
    }

    /// What the path names, if the caller administers it. Whoever may not even see it is told the same, as the product
    /// does (section 1.2).
    pub(super) fn administered(&self) -> Result<At, ApiError> {
        let me = self.myself()?;
        let at = self.named()?;
        if at.is_administered_by(self.app.ports.directory(), me) { Ok(at) } else { Err(ApiError::NotPermitted) }
    }

    /// As [`administered`](Self::administered), to change something.
    pub(super) fn changeable(&self) -> Result<At, ApiError> {
        let at = self.administered()?;
        let archived = at.repository.as_ref().is_some_and(|repository| repository.archived);
        if archived { Err(ApiError::Archived) } else { Ok(at) }
    }

    /// The hook the path names, if it is one of this surface made there.
    pub(super) fn hook(&self, at: &At) -> Result<Arc<Hook>, ApiError> {
        self.hook_numbered(at, self.asked.param("webhook"))
    }

    /// The hook of that number, if it is one of this surface made there.
    pub(super) fn hook_numbered(&self, at: &At, number: &str) -> Result<Arc<Hook>, ApiError> {
        let plain = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        let id = number.parse().ok().filter(|_| plain).map(HookId).ok_or(ApiError::NoSuchHook)?;
        let found = self.app.ports.directory().hook(id);
        found.filter(|hook| hook.dialect == NAME && hook.scope == at.scope()).ok_or(ApiError::NoSuchHook)
    }
}

/// A request body, whole, at most 1 MiB. Parsed only after the caller was found to be allowed.
#[derive(Debug)]
pub(super) struct RawBody {
    bytes: Bytes,
    /// Not declared to be anything but JSON.
    json: bool,
}

impl FromRequest<Arc<App>> for RawBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _app: &Arc<App>) -> Result<Self, ApiError> {
        let declared = request.headers().get(CONTENT_TYPE);
        let json = declared.is_none_or(|kind| kind.to_str().is_ok_and(is_json));
        match read_body(request.into_body(), MAX_MANAGEMENT_BODY).await {
            Ok(bytes) => Ok(Self { bytes, json }),
            Err(BodyError::TooLarge) => Err(ApiError::TooLarge),
            Err(BodyError::Broken) => Err(ApiError::BadJson),
        }
    }
}

impl RawBody {
    /// The JSON object it holds. No body at all is an empty object, whatever its type.
    pub(super) fn object(&self) -> Result<Map<String, Value>, ApiError> {
        if self.bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(Map::new());
        }
        if !self.json {
            return Err(ApiError::NotJson);
        }
        match parse_json(&self.bytes) {
            Some(Value::Object(members)) => Ok(members),
            Some(_) | None => Err(ApiError::BadJson),
        }
    }
}
