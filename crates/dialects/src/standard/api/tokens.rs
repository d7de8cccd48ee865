//! `/api/v1/tokens` and `/api/v1/whoami`.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use domain::account::{Account, AccountKind, Scope, Scopes, Token, TokenHash, mint_token};
use domain::id::TokenId;
use domain::ports::NewToken;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::caller::Caller;
use super::errors::Reject;
use super::fields::Fields;
use super::oauth_apps;
use super::paging::{Items, Page};
use super::request::{JsonBody, Names, Params};
use super::{Answer, Api, Context};

/// Longest lifetime that can be asked for, in seconds: ten years of 366 days.
const MAX_LIFETIME: u64 = 10 * 366 * 86_400;

/// What `whoami` answers.
#[derive(Debug, Serialize)]
pub(crate) struct Whoami {
    login: String,
    site_admin: bool,
    scopes: Vec<&'static str>,
}

/// Says whom the token acts for and what it may do.
pub(crate) async fn whoami(Caller(principal): Caller) -> Json<Whoami> {
    Json(Whoami {
        login: principal.user.login.clone(),
        site_admin: principal.user.site_admin,
        scopes: names(principal.scopes),
    })
}

/// A token as it is listed.
#[derive(Debug, Serialize)]
pub(crate) struct TokenJson {
    id: i64,
    user: String,
    /// The client id of the OAuth application it was given to.
    oauth_app: Option<String>,
    scopes: Vec<&'static str>,
    note: Option<String>,
    created_at: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
}

impl TokenJson {
    fn new(context: &Context, user: &Account, token: &Token) -> Self {
        let app = token.app.and_then(|app| context.ports.directory().application_by_id(app));
        Self {
            id: token.id.0,
            user: user.login.clone(),
            oauth_app: app.map(|app| app.client_id.clone()),
            scopes: names(token.scopes),
            note: token.note.clone(),
            created_at: token.created_at.rfc3339_millis(),
            expires_at: token.expires_at.map(Timestamp::rfc3339_millis),
            last_used_at: token.last_used_at.map(Timestamp::rfc3339_millis),
        }
    }
}

fn names(scopes: Scopes) -> Vec<&'static str> {
    scopes.iter().map(Scope::as_str).collect()
}

/// A token as the one answer that shows it.
#[derive(Serialize)]
struct Fresh {
    #[serde(flatten)]
    listed: TokenJson,
    token: String,
}

/// Creates a token. Its value is answered this once and stored only as a hash (S-3).
pub(crate) async fn create(
    State(context): Api,
    caller: Caller,
    JsonBody(mut body): JsonBody,
) -> Answer<impl IntoResponse> {
    let now = context.ports.clock.now();
    let user = whose(&context, &caller, body.optional("user")?, "user")?;
    let app = body.optional::<String>("oauth_app")?;
    let app = app.map(|client_id| oauth_apps::managed(&context, &caller, &client_id).map_err(|no| no.at("oauth_app")));
    let app = app.transpose()?;
    let scopes = scopes_for(&caller, &user, &mut body)?;
    let note = body.text("note")?;
    let expires_at = end(&caller, now, body.optional("expires_in")?)?;
    body.finish()?;
    let token = mint_token(&*context.ports.entropy);
    let hash = TokenHash::of(token.expose());
    let new = NewToken {
        hash,
        user: user.id,
        app: app.as_ref().map(|app| app.id),
        scopes,
        note,
        created_at: now,
        expires_at,
    };
    let stored = context.ports.store.create_token(new).await?;
    let fresh = Fresh { listed: TokenJson::new(&context, &user, &stored), token: token.expose().to_owned() };
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(fresh)))
}

/// The user concerned: oneself, or for a site admin anybody. Applications have no business with tokens.
fn whose(context: &Context, caller: &Caller, login: Option<String>, field: &'static str) -> Answer<Arc<Account>> {
    caller.need_person()?;
    match login {
        Some(login) if !login.eq_ignore_ascii_case(&caller.0.user.login) => {
            caller.need_site_admin()?;
            let user = context.ports.directory().account(&login).filter(|account| account.kind == AccountKind::User);
            user.ok_or_else(|| Reject::invalid(field, "there is no such user"))
        }
        _ => Ok(caller.0.user.clone()),
    }
}

/// The scopes asked for. A token hands on what it has; only site admins give more.
fn scopes_for(caller: &Caller, user: &Account, body: &mut Fields) -> Answer<Scopes> {
    let asked: Vec<String> = body.required("scopes")?;
    let scopes = Scopes::parse(&asked.join(","));
    let scopes = scopes.map_err(|unknown| Reject::invalid("scopes", format!("there is no scope {unknown:?}")))?;
    if scopes.contains(Scope::SiteAdmin) && !user.site_admin {
        return Err(Reject::invalid("scopes", "site_admin is for site admins only"));
    }
    match scopes.iter().find(|scope| !caller.has(*scope)) {
        Some(more) if !caller.is_site_admin() => {
            let message = format!("the token cannot hand on {}, which it does not have", more.as_str());
            Err(Reject::forbidden(message).at("scopes"))
        }
        _ => Ok(scopes),
    }
}

/// When the new token ends: never later than the one that made it, unless a site admin asks.
fn end(caller: &Caller, now: Timestamp, asked: Option<u64>) -> Answer<Option<Timestamp>> {
    let asked = match asked {
        Some(seconds) if (1..=MAX_LIFETIME).contains(&seconds) => Some(now.plus(Duration::from_secs(seconds))),
        Some(_) => return Err(Reject::invalid("expires_in", "must be a number of seconds, at most ten years")),
        None => None,
    };
    Ok(match caller.0.expires_at {
        Some(own) if !caller.is_site_admin() => Some(asked.map_or(own, |asked| asked.min(own))),
        _ => asked,
    })
}

/// Whose tokens.
#[derive(Debug, Deserialize)]
pub(crate) struct Whose {
    user: Option<String>,
}

/// Lists tokens, without their values.
pub(crate) async fn list(
    State(context): Api,
    caller: Caller,
    Params(page): Params<Page>,
    Params(query): Params<Whose>,
) -> Answer<Json<Items<TokenJson>>> {
    let window = page.window()?;
    let user = whose(&context, &caller, query.user, "user")?;
    let tokens = context.ports.store.tokens_of(user.id).await?;
    Ok(window.cut(&tokens, |token| token.id.0, |token| TokenJson::new(&context, &user, token)))
}

/// Revokes a token: one's own, or for a site admin any.
pub(crate) async fn remove(State(context): Api, caller: Caller, Names(id): Names<i64>) -> Answer<StatusCode> {
    caller.need_person()?;
    let own = context.ports.store.tokens_of(caller.0.user.id).await?;
    if !caller.is_site_admin() && own.iter().all(|token| token.id.0 != id) {
        return Err(Reject::not_found("there is no such token"));
    }
    context.ports.store.delete_token(TokenId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
