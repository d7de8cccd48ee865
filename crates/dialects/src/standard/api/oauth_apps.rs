//! `/api/v1/oauth-apps`: OAuth applications of users and organizations (docs/oauth.md).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use domain::account::{Account, AccountKind, OrgRole, Scope, TokenHash};
use domain::application::{
    Application, MAX_APP_NAME, MAX_REDIRECT_URLS, NewApplication, mint_client_id, mint_client_secret,
};
use domain::event::Place;
use domain::rules::redirect::{REDIRECT_RULE, may_be_registered};
use serde::{Deserialize, Serialize};

use super::caller::Caller;
use super::errors::Reject;
use super::fields::Fields;
use super::paging::{Items, Page};
use super::request::{JsonBody, Names, Params};
use super::{Answer, Api, Context};

/// Most applications of one account.
const MAX_APPS: usize = 100;

/// An application as it is shown. Its secret is never there.
#[derive(Debug, Serialize)]
pub(crate) struct AppJson {
    id: i64,
    client_id: String,
    name: String,
    owner: String,
    homepage: Option<String>,
    redirect_uris: Vec<String>,
    device_flow: bool,
    created_at: String,
    updated_at: String,
}

impl AppJson {
    fn new(context: &Context, app: &Application) -> Self {
        let owner = context.ports.directory().account_by_id(app.owner);
        Self {
            id: app.id.0,
            client_id: app.client_id.clone(),
            name: app.name.clone(),
            owner: owner.map(|owner| owner.login.clone()).unwrap_or_default(),
            homepage: app.homepage.clone(),
            redirect_uris: app.redirect_urls.clone(),
            device_flow: app.device_flow,
            created_at: app.created_at.rfc3339_millis(),
            updated_at: app.updated_at.rfc3339_millis(),
        }
    }
}

/// An application with its secret: the one answer that shows it (S-3).
#[derive(Serialize)]
struct Fresh {
    #[serde(flatten)]
    shown: AppJson,
    client_secret: String,
}

/// Registers an application.
pub(crate) async fn create(
    State(context): Api,
    caller: Caller,
    JsonBody(mut body): JsonBody,
) -> Answer<impl IntoResponse> {
    let owner = owner(&context, &caller, body.optional("owner")?)?;
    let name = body.text("name")?.ok_or_else(|| Reject::invalid("name", "is missing")).and_then(app_name)?;
    let homepage = homepage(&mut body)?;
    let redirect_urls = redirect_urls(&mut body)?.unwrap_or_default();
    let device_flow = body.optional("device_flow")?.unwrap_or(false);
    body.finish()?;
    if context.ports.directory().applications_of(owner.id).len() >= MAX_APPS {
        return Err(Reject::conflict("the account has 100 applications already"));
    }
    let secret = mint_client_secret(&*context.ports.entropy);
    let new = NewApplication {
        client_id: mint_client_id(&*context.ports.entropy),
        secret: TokenHash::of(secret.expose()),
        name,
        owner: owner.id,
        homepage,
        redirect_urls,
        device_flow,
        created_at: context.ports.clock.now(),
    };
    let app = context.ports.store.create_application(new).await?;
    let fresh = Fresh { shown: AppJson::new(&context, &app), client_secret: secret.expose().to_owned() };
    Ok((StatusCode::CREATED, [(CACHE_CONTROL, "no-store")], Json(fresh)))
}

/// Whose applications.
#[derive(Debug, Deserialize)]
pub(crate) struct Whose {
    pub(crate) owner: Option<String>,
}

/// Lists the applications of an account the caller may manage.
pub(crate) async fn list(
    State(context): Api,
    caller: Caller,
    Params(page): Params<Page>,
    Params(query): Params<Whose>,
) -> Answer<Json<Items<AppJson>>> {
    let window = page.window()?;
    let owner = owner(&context, &caller, query.owner)?;
    let found = context.ports.directory().applications_of(owner.id);
    Ok(window.cut(&found, |app| app.id.0, |app| AppJson::new(&context, app)))
}

/// Shows an application.
pub(crate) async fn show(
    State(context): Api,
    caller: Caller,
    Names(client_id): Names<String>,
) -> Answer<Json<AppJson>> {
    let app = managed(&context, &caller, &client_id)?;
    Ok(Json(AppJson::new(&context, &app)))
}

/// Changes an application; what is not named stays.
pub(crate) async fn update(
    State(context): Api,
    caller: Caller,
    Names(client_id): Names<String>,
    JsonBody(mut body): JsonBody,
) -> Answer<Json<AppJson>> {
    let app = managed(&context, &caller, &client_id)?;
    let name = body.text("name")?.map(app_name).transpose()?;
    let homepage = homepage(&mut body)?;
    let redirect_urls = redirect_urls(&mut body)?;
    let device_flow: Option<bool> = body.optional("device_flow")?;
    body.finish()?;
    let edit = Box::new(move |old: Application| Application {
        name: name.unwrap_or(old.name),
        homepage: homepage.or(old.homepage),
        redirect_urls: redirect_urls.unwrap_or(old.redirect_urls),
        device_flow: device_flow.unwrap_or(old.device_flow),
        ..old
    });
    let app = context.ports.store.update_application(app.id, context.ports.clock.now(), edit).await?;
    Ok(Json(AppJson::new(&context, &app)))
}

/// Deletes an application: its tokens are refused from now on.
pub(crate) async fn remove(State(context): Api, caller: Caller, Names(client_id): Names<String>) -> Answer<StatusCode> {
    let app = managed(&context, &caller, &client_id)?;
    context.ports.store.delete_application(app.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives an application a new secret; the old one is refused from now on.
pub(crate) async fn new_secret(
    State(context): Api,
    caller: Caller,
    Names(client_id): Names<String>,
) -> Answer<impl IntoResponse> {
    let app = managed(&context, &caller, &client_id)?;
    let value = mint_client_secret(&*context.ports.entropy);
    let secret = TokenHash::of(value.expose());
    let edit = Box::new(move |old| Application { secret, ..old });
    let app = context.ports.store.update_application(app.id, context.ports.clock.now(), edit).await?;
    let fresh = Fresh { shown: AppJson::new(&context, &app), client_secret: value.expose().to_owned() };
    Ok(([(CACHE_CONTROL, "no-store")], Json(fresh)))
}

/// The application of that client id, if the caller manages it; to others it does not exist.
pub(crate) fn managed(context: &Context, caller: &Caller, client_id: &str) -> Answer<Arc<Application>> {
    caller.need_person()?;
    let directory = context.ports.directory();
    let found = directory.application(client_id);
    let found = found.and_then(|app| directory.account_by_id(app.owner).map(|owner| (app, owner)));
    match found {
        Some((app, owner)) if is_manager(context, caller, &owner) => need_scope(caller, &owner).map(|()| app),
        _ => Err(Reject::not_found("there is no such application")),
    }
}

/// Whose things are meant: the caller's own, or those of an account the caller manages.
pub(crate) fn owner(context: &Context, caller: &Caller, login: Option<String>) -> Answer<Arc<Account>> {
    caller.need_person()?;
    let Some(login) = login else { return need_scope(caller, &caller.0.user).map(|()| caller.0.user.clone()) };
    let found = context.ports.directory().account(&login).filter(|account| is_manager(context, caller, account));
    let found = found.ok_or_else(|| Reject::not_found("there is no such account, or it is not yours").at("owner"))?;
    need_scope(caller, &found).map(|()| found)
}

fn is_manager(context: &Context, caller: &Caller, owner: &Account) -> bool {
    let place = Place { account: owner.id, repository: None, app: None };
    let role = caller.role(context.ports.directory(), place);
    caller.is_site_admin() || role == Some(OrgRole::Owner)
}

fn need_scope(caller: &Caller, owner: &Account) -> Answer<()> {
    caller.need_any(match owner.kind {
        AccountKind::User => &[Scope::User, Scope::SiteAdmin],
        AccountKind::Organization => &[Scope::AdminOrg, Scope::SiteAdmin],
    })
}

/// A name that people will trust: short, and without characters that they cannot see.
fn app_name(name: String) -> Answer<String> {
    let unseen =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    if name.len() > MAX_APP_NAME {
        return Err(Reject::invalid("name", "is longer than 100 bytes"));
    }
    if name.chars().any(unseen) {
        return Err(Reject::invalid("name", "must not contain invisible characters"));
    }
    Ok(name)
}

fn homepage(body: &mut Fields) -> Answer<Option<String>> {
    let Some(url) = body.text("homepage")? else { return Ok(None) };
    let web = may_be_registered(&url) && (url.starts_with("https://") || url.starts_with("http://"));
    if web { Ok(Some(url)) } else { Err(Reject::invalid("homepage", "must be a web address")) }
}

fn redirect_urls(body: &mut Fields) -> Answer<Option<Vec<String>>> {
    let Some(urls) = body.optional::<Vec<String>>("redirect_uris")? else { return Ok(None) };
    if urls.len() > MAX_REDIRECT_URLS {
        return Err(Reject::invalid("redirect_uris", "are more than 10"));
    }
    match urls.iter().find(|url| !may_be_registered(url)) {
        Some(_) => Err(Reject::invalid("redirect_uris", REDIRECT_RULE)),
        None => Ok(Some(urls)),
    }
}
