//! One request, as handlers see it: who asks, about what, and where answers should point.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use bytes::Bytes;
use domain::account::{Account, AccountKind, Permission, Principal};
use domain::directory::Located;
use domain::id::{AccountId, AttemptId, RepositoryId};
use domain::rules::access::sees_repository;
use serde_json::{Map, Value};

use super::app::App;
use super::errors::ApiError;
use crate::github::links::Links;
use crate::http::{Asked, BodyError, Form, FormError, MAX_FORM_BODY, MAX_MANAGEMENT_BODY, parse_json, read_body};

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
        let asked = Asked::admitted(parts).await.ok_or(ApiError::NotFound)?;
        let links = app.links(&parts.headers, &parts.uri);
        Ok(Self { app: app.clone(), asked, links })
    }
}

impl Call {
    /// A number in the path: digits alone.
    pub(super) fn id(&self, name: &str) -> Result<i64, ApiError> {
        let text = self.asked.param(name);
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| plain).ok_or(ApiError::NotFound)
    }

    /// The caller, where the answer is about the caller.
    pub(super) fn myself(&self) -> Result<&Principal, ApiError> {
        self.asked.principal.as_ref().ok_or(ApiError::RequiresAuthentication)
    }

    /// The repository the path names, whoever asks.
    pub(super) fn named_repository(&self) -> Result<Located, ApiError> {
        let directory = self.app.ports.directory();
        let found = if self.asked.param("repository_id").is_empty() {
            directory.locate(self.asked.param("owner"), self.asked.param("repo"))
        } else {
            directory.locate_by_id(RepositoryId(self.id("repository_id")?))
        };
        found.ok_or(ApiError::NotFound)
    }

    /// The repository the path names, if the caller may know it, and what the caller may do there.
    pub(super) fn repository(&self) -> Result<(Located, Permission), ApiError> {
        let found = self.named_repository()?;
        let permission = self.permission(&found).ok_or(ApiError::NotFound)?;
        Ok((found, permission))
    }

    /// What the caller may do in a repository, its token's scopes considered; `None` if it may not even see it.
    pub(super) fn permission(&self, found: &Located) -> Option<Permission> {
        let private = found.repository.private;
        let Some(me) = &self.asked.principal else { return (!private).then_some(Permission::Read) };
        let permission = self.app.ports.directory().permission(&found.repository, me.user.id)?;
        sees_repository(me.scopes, private).then_some(permission)
    }

    /// The delivery id in the path.
    pub(super) fn delivery_id(&self) -> Result<AttemptId, ApiError> {
        self.id("delivery_id").map(AttemptId)
    }

    /// The account that the path names, of either kind.
    pub(super) fn account(&self, param: &str) -> Result<Arc<Account>, ApiError> {
        self.app.ports.directory().account(self.asked.param(param)).ok_or(ApiError::NotFound)
    }

    /// The user that the path names.
    pub(super) fn user(&self, param: &str) -> Result<Arc<Account>, ApiError> {
        self.account(param).ok().filter(|account| account.kind == AccountKind::User).ok_or(ApiError::NotFound)
    }

    /// The organization that the path names, by login or by number.
    pub(super) fn organization(&self) -> Result<Arc<Account>, ApiError> {
        let found = if self.asked.param("organization_id").is_empty() {
            self.account("org").ok()
        } else {
            self.app.ports.directory().account_by_id(AccountId(self.id("organization_id")?))
        };
        found.filter(|account| account.kind == AccountKind::Organization).ok_or(ApiError::NotFound)
    }
}

/// A request body, whole, at most 1 MiB. Parsed only after the caller was found to be allowed.
#[derive(Debug)]
pub(super) struct RawBody(Bytes);

impl FromRequest<Arc<App>> for RawBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, _app: &Arc<App>) -> Result<Self, ApiError> {
        match read_body(request.into_body(), MAX_MANAGEMENT_BODY).await {
            Ok(bytes) => Ok(Self(bytes)),
            Err(BodyError::TooLarge) => Err(ApiError::TooLarge),
            Err(BodyError::Broken) => Err(ApiError::BadJson),
        }
    }
}

impl RawBody {
    /// The form it holds, at most 64 KiB; empty if its content type is that of no form.
    pub(super) fn form(&self, headers: &HeaderMap) -> Result<Form, ApiError> {
        match Form::read(headers, &self.0, MAX_FORM_BODY) {
            Err(FormError::ContentType) => Ok(Form::default()),
            read => read.map_err(ApiError::BadForm),
        }
    }

    /// The JSON object it holds, whatever the content type says; no body at all is an empty object.
    pub(super) fn object(&self) -> Result<Map<String, Value>, ApiError> {
        if self.0.iter().all(u8::is_ascii_whitespace) {
            return Ok(Map::new());
        }
        match parse_json(&self.0) {
            Some(Value::Object(members)) => Ok(members),
            Some(_) => Err(ApiError::NotAnObject),
            None => Err(ApiError::BadJson),
        }
    }
}
