//! The forms by which a GitHub Enterprise Server is set up: users, organizations, tokens for others. Site admins only;
//! to everyone else these paths do not exist.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::account::{AccountKind, Principal, Scope, Scopes, Token, TokenHash, mint_token};
use domain::id::{AccountId, Uid};
use domain::ports::{NewAccount, NewToken, StoreError};
use domain::secret::Secret;
use serde_json::{Map, Value, json};

use super::super::applications::authorization;
use super::super::call::{Call, RawBody};
use super::super::errors::{ApiError, Problem};
use super::super::json::{Object, object};
use super::super::types::Types;
use crate::github::payload::shapes::{Organization, User};
use crate::members;

/// Marks the tokens made here, so that they can be found again.
const IMPERSONATION: &str = "impersonation";
/// How long they hold.
const IMPERSONATION_LIFE: Duration = Duration::from_secs(365 * 86_400);

fn site_admin(call: &Call) -> Result<&Principal, ApiError> {
    let me = call.asked.principal.as_ref().ok_or(ApiError::NotFound)?;
    let may = me.user.site_admin && me.scopes.contains(Scope::SiteAdmin);
    may.then_some(me).ok_or(ApiError::NotFound)
}

/// `POST /admin/users`
pub(super) async fn create_user(call: Call, body: RawBody) -> Result<Response, ApiError> {
    site_admin(&call)?;
    let body = body.object()?;
    let mut types = Types::default();
    let (login, email) = (types.string(&body, "login"), types.nullable_string(&body, "email").or(None));
    types.verdict()?;
    let login = checked_login(login, "User")?;
    let account = NewAccount { email, ..blank_account(&call, AccountKind::User, login) };
    let user = call.app.ports.store.create_account(account).await.map_err(|error| login_error(error, "User"))?;
    Ok((StatusCode::CREATED, Json(object(User::of(&user, &call.links)))).into_response())
}

/// `DELETE /admin/users/{login}`
pub(super) async fn delete_user(call: Call) -> Result<StatusCode, ApiError> {
    let me = site_admin(&call)?;
    let user = call.user("login")?;
    if user.id == me.user.id {
        return Err(ApiError::Forbidden("You cannot delete yourself."));
    }
    call.app.ports.store.delete_account(user.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `POST /admin/organizations`
pub(super) async fn create_organization(call: Call, body: RawBody) -> Result<Response, ApiError> {
    site_admin(&call)?;
    let body = body.object()?;
    let mut types = Types::default();
    let (login, admin) = (types.string(&body, "login"), types.string(&body, "admin"));
    let name = types.nullable_string(&body, "profile_name").or(None);
    types.verdict()?;
    let login = checked_login(login, "Organization")?;
    let owner = admin.as_deref().and_then(|admin| call.app.ports.directory().account(admin));
    let Some(owner) = owner.filter(|owner| owner.kind == AccountKind::User) else {
        return Err(ApiError::Invalid(vec![Problem::invalid("admin", admin).of("Organization")]));
    };
    let blank = blank_account(&call, AccountKind::Organization, login);
    let new = NewAccount { name, owner: Some(owner.id), ..blank };
    let made = call.app.ports.store.create_account(new).await.map_err(|error| login_error(error, "Organization"))?;
    Ok((StatusCode::CREATED, Json(object(Organization::of(&made, &call.links)))).into_response())
}

/// `PATCH /admin/organizations/{org}`: another login, at once; the words are those of a queue.
pub(super) async fn rename_organization(call: Call, body: RawBody) -> Result<Response, ApiError> {
    let me = site_admin(&call)?;
    let organization = call.organization()?;
    let body = body.object()?;
    let mut types = Types::default();
    let login = types.string(&body, "login");
    types.verdict()?;
    let login = checked_login(login, "Organization")?;
    let renamed = members::rename_organization(&call.app.ports, &organization, login, &me.user).await;
    let organization = renamed.map_err(|error| login_error(error, "Organization"))?;
    let message = "Job queued to rename organization. It may take a few minutes to complete.";
    let answer = json!({ "message": message, "url": call.links.organization(&organization) });
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

/// `POST /admin/users/{login}/authorizations`: a token that acts for the user, replacing an earlier one.
pub(super) async fn impersonate(call: Call, body: RawBody) -> Result<Response, ApiError> {
    site_admin(&call)?;
    let user = call.user("login")?;
    let scopes = read_scopes(&body.object()?)?;
    revoke(&call, user.id).await?;
    let (token, value) = mint(&call, user.id, scopes).await?;
    Ok((StatusCode::CREATED, Json(shown(&call, &token, value.expose()))).into_response())
}

/// Stores a fresh token for the user; the only moment its value is known.
async fn mint(call: &Call, user: AccountId, scopes: Scopes) -> Result<(Arc<Token>, Secret), ApiError> {
    let now = call.app.ports.clock.now();
    let value = mint_token(&*call.app.ports.entropy);
    let new = NewToken {
        hash: TokenHash::of(value.expose()),
        user,
        app: None,
        scopes,
        note: Some(IMPERSONATION.to_owned()),
        created_at: now,
        expires_at: Some(now.plus(IMPERSONATION_LIFE)),
    };
    Ok((call.app.ports.store.create_token(new).await?, value))
}

/// The authorization object, with the token in clear.
fn shown(call: &Call, token: &Token, value: &str) -> Object {
    let app = json!({ "name": "Impersonation", "url": call.links.html, "client_id": "00000000000000000000" });
    authorization(call, token, value, &app)
}

/// `DELETE /admin/users/{login}/authorizations`
pub(super) async fn end_impersonation(call: Call) -> Result<StatusCode, ApiError> {
    site_admin(&call)?;
    let user = call.user("login")?;
    revoke(&call, user.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn revoke(call: &Call, user: AccountId) -> Result<(), ApiError> {
    for token in call.app.ports.store.tokens_of(user).await? {
        if token.note.as_deref() == Some(IMPERSONATION) {
            call.app.ports.store.delete_token(token.id).await?;
        }
    }
    Ok(())
}

fn read_scopes(body: &Map<String, Value>) -> Result<Scopes, ApiError> {
    let mut types = Types::default();
    let names = types.strings(body, "scopes").unwrap_or_default();
    types.verdict()?;
    let unknown = |name: String| ApiError::Invalid(vec![Problem::invalid("scopes", name).of("OauthAccess")]);
    Scopes::parse(&names.join(",")).map_err(unknown)
}

fn blank_account(call: &Call, kind: AccountKind, login: String) -> NewAccount {
    let now = call.app.ports.clock.now();
    NewAccount {
        uid: Uid::new(now, &*call.app.ports.entropy),
        kind,
        login,
        name: None,
        email: None,
        description: None,
        project_key: None,
        site_admin: false,
        owner: None,
        created_at: now,
    }
}

fn checked_login(login: Option<String>, resource: &'static str) -> Result<String, ApiError> {
    let Some(login) = login else { return Err(ApiError::Invalid(vec![Problem::missing(resource, "login")])) };
    if domain::account::is_valid_name(&login) {
        return Ok(login);
    }
    let words = "login can only contain ASCII letters, digits, and the characters ., -, and _";
    Err(ApiError::Invalid(vec![Problem::custom(Some("login"), words).of(resource)]))
}

fn login_error(error: StoreError, resource: &'static str) -> ApiError {
    match error {
        StoreError::NameTaken => ApiError::Invalid(vec![Problem::already_exists("login").of(resource)]),
        error => error.into(),
    }
}
