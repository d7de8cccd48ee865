//! `/applications/{client_id}/…`: an OAuth application asks about, renews and gives back the tokens it holds. It shows
//! its client id and secret by Basic authentication.

use std::sync::Arc;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::routing::{MethodRouter, delete, post};
use domain::account::{Scope, Token, TokenHash, mint_token};
use domain::application::Application;
use domain::time::Timestamp;
use serde_json::{Value, json};

use super::app::App;
use super::call::{Call, RawBody};
use super::errors::{ApiError, Problem};
use super::json::{Object, object};
use super::types::Types;
use crate::github::oauth::{basic_credentials, is_secret_of};
use crate::github::payload::shapes::User;
use crate::http::hex;

/// What all these paths begin with. The frame lets them through without a token: they have credentials of their own.
pub(super) const PATTERN: &str = "/applications/{client_id}/";

/// Path patterns and their methods.
pub(super) fn table() -> Vec<(String, MethodRouter<Arc<App>>)> {
    let token = post(check).patch(reset).delete(revoke);
    vec![(format!("{PATTERN}token"), token), (format!("{PATTERN}grant"), delete(revoke_grant))]
}

/// A call of an application that has proved to be the one the path names.
pub(super) struct ByClient {
    call: Call,
    application: Arc<Application>,
}

impl FromRequestParts<Arc<App>> for ByClient {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let basic = basic_credentials(&parts.headers).map_err(|_| ApiError::BadCredentials)?;
        let (client_id, secret) = basic.ok_or(ApiError::RequiresAuthentication)?;
        let application = app.ports.directory().application(&client_id).ok_or(ApiError::BadCredentials)?;
        if !is_secret_of(&application, &secret) {
            return Err(ApiError::BadCredentials);
        }
        let call = Call::from_request_parts(parts, app).await?;
        let named = call.asked.param("client_id") == application.client_id;
        named.then_some(Self { call, application }).ok_or(ApiError::NotFound)
    }
}

impl ByClient {
    /// The token in the body and its value, if it is one of this application's. Others do not exist to it.
    fn token(&self, body: &RawBody) -> Result<(Arc<Token>, String), ApiError> {
        let body = body.object()?;
        let mut types = Types::default();
        let value = types.string(&body, "access_token");
        types.verdict()?;
        let missing = || ApiError::Invalid(vec![Problem::missing("OauthAccess", "access_token")]);
        let value = value.ok_or_else(missing)?;
        let (ports, now) = (&self.call.app.ports, self.call.app.ports.clock.now());
        let found = ports
            .directory()
            .token(&TokenHash::of(&value))
            .filter(|token| token.app == Some(self.application.id) && token.expires_at.is_none_or(|end| now < end));
        found.map(|token| (token, value)).ok_or(ApiError::NotFound)
    }

    /// The authorization object, with its user.
    fn shown(&self, token: &Token, value: &str) -> Json<Object> {
        let links = &self.call.links;
        let app = json!({
            "name": self.application.name,
            "url": self.application.homepage.as_deref().unwrap_or(&links.html),
            "client_id": self.application.client_id,
        });
        let mut shown = authorization(&self.call, token, value, &app);
        let user = self.call.app.ports.directory().account_by_id(token.user);
        shown.insert("user".to_owned(), user.map(|user| Value::Object(object(User::of(&user, links)))).into());
        Json(shown)
    }
}

/// A token as GitHub shows it to whom it belongs, its value in clear.
pub(super) fn authorization(call: &Call, token: &Token, value: &str, app: &Value) -> Object {
    let made = token.created_at.rfc3339_seconds();
    object(json!({
        "id": token.id,
        "url": format!("{}/authorizations/{}", call.links.api, token.id),
        "app": app,
        "token": value,
        "hashed_token": hex(&TokenHash::of(value).0),
        "token_last_eight": value.get(value.len().saturating_sub(8)..),
        "note": token.note,
        "note_url": null,
        "created_at": made,
        "updated_at": made,
        "expires_at": token.expires_at.map(Timestamp::rfc3339_seconds),
        "scopes": token.scopes.iter().map(Scope::as_str).collect::<Vec<_>>(),
        "fingerprint": null,
    }))
}

/// `POST …/token`: is the token good, and for what?
async fn check(by: ByClient, body: RawBody) -> Result<Json<Object>, ApiError> {
    let (token, value) = by.token(&body)?;
    Ok(by.shown(&token, &value))
}

/// `PATCH …/token`: the same token under a new value.
async fn reset(by: ByClient, body: RawBody) -> Result<Json<Object>, ApiError> {
    let (token, _) = by.token(&body)?;
    let ports = &by.call.app.ports;
    let value = mint_token(&*ports.entropy);
    let token = ports.store.reset_token(token.id, TokenHash::of(value.expose()), ports.clock.now()).await?;
    Ok(by.shown(&token, value.expose()))
}

/// `DELETE …/token`
async fn revoke(by: ByClient, body: RawBody) -> Result<StatusCode, ApiError> {
    let (token, _) = by.token(&body)?;
    by.call.app.ports.store.delete_token(token.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE …/grant`: all that the token's user gave the application.
async fn revoke_grant(by: ByClient, body: RawBody) -> Result<StatusCode, ApiError> {
    let (token, _) = by.token(&body)?;
    by.call.app.ports.store.revoke_grant(by.application.id, token.user).await?;
    Ok(StatusCode::NO_CONTENT)
}
