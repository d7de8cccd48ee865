//! `/api/v1/apps`: apps whose code is built, and what hooks of git hosts call.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::response::IntoResponse;
use domain::account::{Account, AccountKind, OrgRole, Permission, Scope};
use domain::ci::{AppRole, CiApp, mint_trigger_token};
use domain::directory::Located;
use domain::event::Place;
use domain::id::Uid;
use serde::{Deserialize, Serialize};

use super::app_json::{CiAppJson, Said, SaidConfig, config};
use super::caller::Caller;
use super::errors::Reject;
use super::paging::Page;
use super::request::{Base, ConfigBody, JsonBody, Names, Params};
use super::{Answer, Api, Context};
use crate::apps::{MAX_APPS, Wish};

/// Answers may carry a trigger token: no cache keeps them.
const SECRET: [(axum::http::HeaderName, &str); 1] = [(CACHE_CONTROL, "no-store")];

/// Registers an app.
pub(crate) async fn create(
    State(context): Api,
    caller: Caller,
    Base(base): Base,
    ConfigBody(mut body): ConfigBody,
) -> Answer<impl IntoResponse> {
    let directory = context.ports.directory();
    let owner = owner(&context, &caller, body.optional("owner")?)?;
    let said = Said::read(&mut body, directory, &caller)?;
    let config = config(&mut body)?.and_then(|said| said.text);
    body.finish()?;
    let repository = said.repository.flatten();
    let (is_public, relay) = (said.is_public.unwrap_or(false), said.relay.unwrap_or(false));
    need_scope(&caller, is_public)?;
    if relay {
        need_relay(&context, &caller, repository.as_ref())?;
    }
    if directory.ci_apps_of(owner.id).len() >= MAX_APPS {
        return Err(Reject::conflict(format!("the account has {MAX_APPS} apps already")));
    }
    let wish = Wish {
        owner,
        title: said.title,
        project_type: said.project_type.flatten(),
        repo_url: said.repo_url,
        provider: said.provider,
        repository,
        is_public,
        default_branch: said.default_branch,
        manual_approval: said.manual_approval.unwrap_or(true),
        relay,
        webhook_secret: said.webhook_secret.flatten(),
        config,
    };
    let app = context.ports.store.create_ci_app(wish.grant(&context.ports, &base)).await?;
    let shown = CiAppJson::new(directory, &app, AppRole::Owner, &base);
    Ok((StatusCode::CREATED, SECRET, Json(shown)))
}

/// Whose apps.
#[derive(Debug, Deserialize)]
pub(crate) struct Whose {
    owner: Option<String>,
}

/// Lists the apps the caller has to do with; those that are merely public are found by their owner.
pub(crate) async fn list(
    State(context): Api,
    caller: Caller,
    Base(base): Base,
    Params(page): Params<Page>,
    Params(whose): Params<Whose>,
) -> Answer<impl IntoResponse> {
    let directory = context.ports.directory();
    let window = page.window()?;
    let found = match &whose.owner {
        Some(login) => {
            let owner = directory.account(login);
            directory.ci_apps_of(owner.ok_or_else(|| Reject::not_found("there is no such account").at("owner"))?.id)
        }
        None => directory.ci_apps(),
    };
    let known = |app: Arc<CiApp>| {
        let role = seen_as(&context, &caller, &app)?;
        let stranger = whose.owner.is_none() && role == AppRole::Tester && !is_member(&context, &caller, &app);
        (!stranger).then_some((app, role))
    };
    let found: Vec<_> = found.into_iter().filter_map(known).collect();
    let show = |(app, role): &(Arc<CiApp>, AppRole)| CiAppJson::new(directory, app, *role, &base);
    Ok((SECRET, window.cut(&found, |(app, _)| app.id.0, show)))
}

/// Shows an app.
pub(crate) async fn show(
    State(context): Api,
    caller: Caller,
    Base(base): Base,
    Names(slug): Names<String>,
) -> Answer<impl IntoResponse> {
    let (app, role) = visible(&context, &caller, &slug)?;
    Ok((SECRET, Json(CiAppJson::new(context.ports.directory(), &app, role, &base))))
}

/// Changes an app; what is not named stays.
pub(crate) async fn update(
    State(context): Api,
    caller: Caller,
    Base(base): Base,
    Names(slug): Names<String>,
    JsonBody(mut body): JsonBody,
) -> Answer<impl IntoResponse> {
    let directory = context.ports.directory();
    let (app, role) = managed(&context, &caller, &slug, AppRole::Admin)?;
    let said = Said::read(&mut body, directory, &caller)?;
    let is_disabled: Option<bool> = body.optional("is_disabled")?;
    body.finish()?;
    if let Some(is_public) = said.is_public {
        need_scope(&caller, is_public)?;
    }
    let kept = || app.repository.and_then(|id| directory.locate_by_id(id));
    let linked = said.repository.clone().unwrap_or_else(kept);
    let newly = said.relay == Some(true) && !app.relay || said.repository.is_some();
    if newly && said.relay.unwrap_or(app.relay) {
        need_relay(&context, &caller, linked.as_ref())?;
    }
    let edit = Box::new(move |old: CiApp| CiApp {
        title: said.title.unwrap_or(old.title),
        repository: said.repository.map_or(old.repository, |at| at.map(|at| at.repository.id)),
        repo_url: said.repo_url.unwrap_or(old.repo_url),
        provider: said.provider.unwrap_or(old.provider),
        project_type: said.project_type.unwrap_or(old.project_type),
        default_branch: said.default_branch.unwrap_or(old.default_branch),
        is_public: said.is_public.unwrap_or(old.is_public),
        is_disabled: is_disabled.unwrap_or(old.is_disabled),
        manual_approval: said.manual_approval.unwrap_or(old.manual_approval),
        relay: said.relay.unwrap_or(old.relay),
        webhook_secret: said.webhook_secret.unwrap_or(old.webhook_secret),
        ..old
    });
    let app = context.ports.store.update_ci_app(app.id, context.ports.clock.now(), edit).await?;
    Ok((SECRET, Json(CiAppJson::new(directory, &app, role, &base))))
}

/// Deletes an app with its hooks, builds and requests.
pub(crate) async fn remove(State(context): Api, caller: Caller, Names(slug): Names<String>) -> Answer<StatusCode> {
    let (app, _) = managed(&context, &caller, &slug, AppRole::Owner)?;
    context.ports.store.delete_ci_app(app.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives an app a new trigger token; URLs with the old one are refused from now on.
pub(crate) async fn rotate_token(
    State(context): Api,
    caller: Caller,
    Base(base): Base,
    Names(slug): Names<String>,
) -> Answer<impl IntoResponse> {
    let (app, role) = managed(&context, &caller, &slug, AppRole::Admin)?;
    let trigger_token = mint_trigger_token(&*context.ports.entropy);
    let edit = Box::new(move |old| CiApp { trigger_token, ..old });
    let app = context.ports.store.update_ci_app(app.id, context.ports.clock.now(), edit).await?;
    Ok((SECRET, Json(CiAppJson::new(context.ports.directory(), &app, role, &base))))
}

/// An app's `bitrise.yml`.
#[derive(Debug, Serialize)]
pub(crate) struct ConfigJson {
    config: Option<Arc<str>>,
    /// What is odd in it, though it works.
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<String>>,
}

/// Shows an app's configuration, which may hold what its builds need to know.
pub(crate) async fn show_config(
    State(context): Api,
    caller: Caller,
    Names(slug): Names<String>,
) -> Answer<Json<ConfigJson>> {
    let (app, _) = managed(&context, &caller, &slug, AppRole::Developer)?;
    Ok(Json(ConfigJson { config: app.config.clone(), warnings: None }))
}

/// Stores another configuration, if it is a sound one.
pub(crate) async fn set_config(
    State(context): Api,
    caller: Caller,
    Names(slug): Names<String>,
    ConfigBody(mut body): ConfigBody,
) -> Answer<Json<ConfigJson>> {
    let (app, _) = managed(&context, &caller, &slug, AppRole::Admin)?;
    let config = config(&mut body)?.ok_or_else(|| Reject::invalid("config", "is missing"))?;
    body.finish()?;
    let SaidConfig { text, warnings } = config;
    let edit = Box::new(move |old| CiApp { config: text, ..old });
    let app = context.ports.store.update_ci_app(app.id, context.ports.clock.now(), edit).await?;
    Ok(Json(ConfigJson { config: app.config.clone(), warnings: Some(warnings) }))
}

/// Whose app it will be: the caller's own, or that of an account the caller owns.
fn owner(context: &Context, caller: &Caller, login: Option<String>) -> Answer<Arc<Account>> {
    let Some(login) = login else { return Ok(caller.0.user.clone()) };
    let directory = context.ports.directory();
    let owner = directory.account(&login).ok_or_else(|| Reject::invalid("owner", "there is no such account"))?;
    let place = Place { account: owner.id, repository: None, app: None };
    match caller.role(directory, place) {
        Some(OrgRole::Owner) => Ok(owner),
        _ if owner.kind == AccountKind::User && caller.is_site_admin() => Ok(owner),
        _ => Err(Reject::forbidden("only owners of the account may register apps for it").at("owner")),
    }
}

/// Managing an app takes `repo`, or `public_repo` for a public one.
pub(super) fn need_scope(caller: &Caller, is_public: bool) -> Answer<()> {
    let public: &[Scope] = if is_public { &[Scope::PublicRepo] } else { &[] };
    caller.need_any(&[&[Scope::Repo, Scope::SiteAdmin], public].concat())
}

/// What comes in through the app is published at the repository: whoever turns that on must administer it.
fn need_relay(context: &Context, caller: &Caller, repository: Option<&Located>) -> Answer<()> {
    let at = repository.ok_or_else(|| Reject::invalid("relay", "needs a `repository` to publish at"))?;
    match caller.permission(context.ports.directory(), &at.repository) {
        Some(Permission::Admin) => Ok(()),
        _ => Err(Reject::forbidden("only admins of the repository may have events published there").at("relay")),
    }
}

/// The caller's role in an app, as far as the token lets them see it.
fn seen_as(context: &Context, caller: &Caller, app: &CiApp) -> Option<AppRole> {
    need_scope(caller, app.is_public).ok()?;
    context.ports.directory().app_role(app, caller.0.user.id)
}

/// The apps the caller sees, and its roles in them.
pub(super) fn roles(context: &Context, caller: &Caller) -> impl Iterator<Item = (Arc<CiApp>, AppRole)> {
    let apps = context.ports.directory().ci_apps().into_iter();
    apps.filter_map(|app| seen_as(context, caller, &app).map(|role| (app, role)))
}

/// Does the caller belong to the account that owns the app?
fn is_member(context: &Context, caller: &Caller, app: &CiApp) -> bool {
    let place = Place { account: app.owner, repository: None, app: None };
    caller.role(context.ports.directory(), place).is_some()
}

/// The app of that slug and the caller's role, if the caller sees it.
pub(super) fn visible(context: &Context, caller: &Caller, slug: &str) -> Answer<(Arc<CiApp>, AppRole)> {
    let unknown = || Reject::not_found("there is no such app; `postrider app list` shows their slugs");
    let app = Uid::parse(slug).and_then(|uid| context.ports.directory().ci_app(uid)).ok_or_else(unknown)?;
    let role = context.ports.directory().app_role(&app, caller.0.user.id).ok_or_else(unknown)?;
    need_scope(caller, app.is_public)?;
    Ok((app, role))
}

/// The same, if the caller's role reaches that far.
pub(super) fn managed(context: &Context, caller: &Caller, slug: &str, least: AppRole) -> Answer<(Arc<CiApp>, AppRole)> {
    let (app, role) = visible(context, caller, slug)?;
    let whose = match least {
        AppRole::Owner => "owners",
        AppRole::Admin => "admins",
        AppRole::Developer | AppRole::Tester => "developers",
    };
    if role < least {
        return Err(Reject::forbidden(format!("only {whose} of the app may do this")));
    }
    Ok((app, role))
}
