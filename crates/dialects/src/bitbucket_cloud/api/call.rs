//! One request, as handlers see it: who asks, about what, and where answers should point.

use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use bytes::Bytes;
use domain::account::{Account, OrgRole, Permission, Principal};
use domain::directory::Located;
use domain::id::Uid;
use domain::rules::access::sees_repository;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::app::App;
use super::errors::ApiError;
use super::scopes::REPOSITORY;
use crate::bitbucket_cloud::links::Links;
use crate::http::{Asked, BodyError, Credentials, MAX_MANAGEMENT_BODY, authenticate, parse_json, read_body};

/// The answer for a workspace that is not there.
const NO_WORKSPACE: ApiError = ApiError::NotFound("There is no such workspace.");
/// The answer for a repository that is not there, or not for this caller.
const NO_REPOSITORY: ApiError = ApiError::NotFound("There is no such repository, or none that you may see.");

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
        let principal = match authenticate(&app.ports, &parts.headers) {
            Credentials::Good(principal) => Some(principal),
            Credentials::None => None,
            Credentials::Bad => return Err(ApiError::BadCredentials),
        };
        let asked = Asked::by(principal, parts).await.ok_or(ApiError::NotFound("The path is not UTF-8."))?;
        let links = app.links(&parts.headers, &parts.uri);
        Ok(Self { app: app.clone(), asked, links })
    }
}

impl Call {
    /// The caller, where there must be one.
    pub(super) fn myself(&self) -> Result<&Principal, ApiError> {
        self.asked.principal.as_ref().ok_or(ApiError::NoCredentials)
    }

    /// The workspace the path names, by slug or by uuid in braces.
    pub(super) fn workspace(&self) -> Result<Arc<Account>, ApiError> {
        let (directory, name) = (self.app.ports.directory(), self.asked.param("workspace"));
        let found = match braced_uid(name) {
            Some(uid) => directory.account_by_uid(uid),
            None => directory.account(name),
        };
        found.ok_or(NO_WORKSPACE)
    }

    /// The repository the path names, by slug or by uuid in braces, whoever asks.
    fn named_repository(&self) -> Result<Located, ApiError> {
        let (directory, name) = (self.app.ports.directory(), self.asked.param("repo_slug"));
        let owner = self.workspace()?;
        let Some(uid) = braced_uid(name) else { return directory.locate(&owner.login, name).ok_or(NO_REPOSITORY) };
        let repository = directory.repositories_of(owner.id).into_iter().find(|repository| repository.uid == uid);
        repository.map(|repository| Located { repository, owner }).ok_or(NO_REPOSITORY)
    }

    /// The repository the path names, if the caller's account may see it, and what it may do there. What the token may
    /// do is another question.
    pub(super) fn visible_repository(&self) -> Result<(Located, Permission), ApiError> {
        let found = self.named_repository()?;
        let permission = self.permission(&found).ok_or(NO_REPOSITORY)?;
        Ok((found, permission))
    }

    /// What the caller's account may do in a repository; `None` if it may not even see it.
    pub(super) fn permission(&self, found: &Located) -> Option<Permission> {
        match &self.asked.principal {
            Some(me) => self.app.ports.directory().permission(&found.repository, me.user.id),
            None => (!found.repository.private).then_some(Permission::Read),
        }
    }

    /// Does the caller's account own the workspace? Everybody owns the one of their own name.
    pub(super) fn owns(&self, workspace: &Account) -> bool {
        let Some(me) = &self.asked.principal else { return false };
        let role = self.app.ports.directory().role(workspace.id, me.user.id);
        workspace.id == me.user.id || role == Some(OrgRole::Owner)
    }

    /// May the caller's token see it, too?
    pub(super) fn token_sees(&self, found: &Located) -> Result<(), ApiError> {
        match &self.asked.principal {
            Some(me) if !sees_repository(me.scopes, found.repository.private) => {
                Err(ApiError::MissingScope { required: REPOSITORY, granted: me.scopes })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Reads `{…}` around a uuid.
pub(super) fn braced_uid(text: &str) -> Option<Uid> {
    plain_uid(text.strip_prefix('{')?.strip_suffix('}')?)
}

/// Reads a uuid as 8-4-4-4-12 hex digits in any case; the other spellings that exist are none here.
pub(super) fn plain_uid(text: &str) -> Option<Uid> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok()).flatten().map(Uid)
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
    /// The JSON object it holds, whatever the content type says.
    pub(super) fn object(&self) -> Result<Map<String, Value>, ApiError> {
        match parse_json(&self.0) {
            Some(Value::Object(members)) => Ok(members),
            Some(_) | None => Err(ApiError::BadJson),
        }
    }
}
