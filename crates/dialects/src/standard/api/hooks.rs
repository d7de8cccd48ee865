//! `/api/v1/hooks`: hooks of every dialect.

use std::collections::HashMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::account::{OrgRole, Permission, Scope};
use domain::dialect::Scene;
use domain::event::Place;
use domain::flow::builds::place_of as place_of_app;
use domain::flow::{ping as flow, publish::find_source};
use domain::hook::{Hook, HookConflict, HookScope, NewHook};
use domain::id::{HookId, Uid};
use domain::rules::access::{HookAccess, repository_hook_access, sees_hook};
use domain::rules::breaker::OnOpen;
use domain::rules::target::TargetUrl;
use serde::Deserialize;

use super::caller::{Caller, is_organization};
use super::errors::Reject;
use super::hook_json::{self, Health, HookJson};
use super::paging::{Items, Page};
use super::request::{JsonBody, Names, Params};
use super::{Answer, Api, Context};
use crate::http::{Terms, at_most, sibling_rule};

/// Which hooks.
#[derive(Debug, Deserialize)]
pub(crate) struct Whose {
    scope: Option<String>,
}

/// Lists the hooks of a repository or an organization, of all dialects.
pub(crate) async fn list(
    State(context): Api,
    caller: Caller,
    Params(page): Params<Page>,
    Params(whose): Params<Whose>,
) -> Answer<Json<Items<HookJson>>> {
    let window = page.window()?;
    let text = whose.scope.ok_or_else(|| Reject::bad_request("say whose: ?scope=/repos/OWNER/NAME").at("scope"))?;
    let (place, _) = find_scope(&context, &text)?;
    need_access(&context, &caller, place, HookAccess::Read, "there is no such repository, organization or app")?;
    let directory = context.ports.directory();
    let of = |dialect: &Arc<dyn domain::dialect::Dialect>| directory.hooks_of(scope_of(place), dialect.name());
    let mut hooks: Vec<Arc<Hook>> = context.ports.dialects.iter().flat_map(of).collect();
    hooks.retain(|hook| shows(&context, &caller, hook));
    hooks.sort_by_key(|hook| hook.id);
    let health = health_of(&context, &hooks).await?;
    let hooks: Vec<_> = hooks.into_iter().zip(health).collect();
    Ok(window.cut(&hooks, |(hook, _)| hook.id.0, |(hook, health)| HookJson::new(directory, hook, health)))
}

/// How these hooks fare.
async fn health_of(context: &Context, hooks: &[Arc<Hook>]) -> Answer<Vec<Health>> {
    let ids: Vec<_> = hooks.iter().map(|hook| hook.id).collect();
    let breakers: HashMap<_, _> = context.ports.store.breakers_of(&ids).await?.into_iter().collect();
    let now = context.ports.clock.now();
    let mut found = Vec::with_capacity(hooks.len());
    for hook in hooks {
        let skips = context.settings.skipping.contains(&hook.dialect);
        found.push(Health {
            queued: context.ports.store.queued(hook.id).await?,
            breaker: breakers.get(&hook.id).copied().unwrap_or_default(),
            on_open: if skips { OnOpen::Skip } else { OnOpen::Hold },
            now,
        });
    }
    Ok(found)
}

/// A hook as it is answered.
async fn shown(context: &Context, hook: Arc<Hook>) -> Answer<Json<HookJson>> {
    let health = health_of(context, std::slice::from_ref(&hook)).await?;
    let health = health.first().ok_or_else(no_hook)?;
    Ok(Json(HookJson::new(context.ports.directory(), &hook, health)))
}

/// Creates a hook.
pub(crate) async fn create(
    State(context): Api,
    caller: Caller,
    JsonBody(mut body): JsonBody,
) -> Answer<(StatusCode, Json<HookJson>)> {
    let (place, source) = find_scope(&context, &body.required::<String>("scope")?)?;
    need_access(&context, &caller, place, HookAccess::Write, "there is no such repository or organization")?;
    need_unarchived(&context, place)?;
    let name: String = body.required("dialect")?;
    let dialect = context.ports.dialects.get(&name);
    let dialect = dialect.ok_or_else(|| Reject::invalid("dialect", format!("there is no dialect {name:?}")))?;
    let scope = scope_of(place);
    let terms = dialect.hook_terms(scope);
    let url = body.required::<String>("url")?;
    let url = TargetUrl::parse(&url).map_err(|error| Reject::invalid("url", error.to_string()))?;
    context.settings.url_policy.check(&url).map_err(|reason| Reject::invalid("url", refused_target(&reason)))?;
    let now = context.ports.clock.now();
    let new = NewHook {
        uid: Uid::new(now, &*context.ports.entropy),
        dialect: dialect.name(),
        scope,
        active: body.optional("active")?.unwrap_or(true),
        url,
        events: hook_json::events(&mut body, terms.wildcard, |event| dialect.knows_event(event, scope))?,
        secret: hook_json::secret(&mut body)?,
        credentials: None,
        headers: Vec::new(),
        format: hook_json::format(&mut body, terms.form)?,
        insecure_tls: body.optional("insecure_ssl")?.unwrap_or(false),
        timeout: hook_json::timeout(&mut body)?,
        retries: hook_json::retries(&mut body)?,
        extra: serde_json::Map::new(),
        creator: caller.0.user.id,
        app: caller.0.app,
        expires_at: None,
        created_at: now,
    };
    body.finish()?;
    let limit = context.settings.max_hooks_per_event;
    let per_event = || sibling_rule(Terms { limit, kept: Vec::new(), isolated: terms.isolated });
    let hook = context.ports.store.create_hook(new, terms.max_hooks.map_or_else(per_event, at_most)).await?;
    tracing::info!(hook = %hook.id, source, user = caller.0.user.login, "a hook was created");
    Ok((StatusCode::CREATED, shown(&context, hook).await?))
}

fn refused_target(reason: &str) -> String {
    format!("deliveries may not go there: {reason} (the operator can allow it: egress.allow)")
}

/// Shows a hook.
pub(crate) async fn show(State(context): Api, caller: Caller, Names(id): Names<i64>) -> Answer<Json<HookJson>> {
    let hook = accessible(&context, &caller, id, HookAccess::Read)?;
    shown(&context, hook).await
}

/// Closes a hook's breaker by hand: an edit that changes nothing else. What was held goes out at once.
pub(crate) async fn close_breaker(
    State(context): Api,
    caller: Caller,
    Names(id): Names<i64>,
) -> Answer<Json<HookJson>> {
    let hook = accessible(&context, &caller, id, HookAccess::Write)?;
    let ports = &context.ports;
    if ports.store.breakers_of(&[hook.id]).await?.is_empty() {
        return shown(&context, hook).await;
    }
    let edited = ports.store.update_hook(hook.id, ports.clock.now(), Box::new(|hook| hook), Arc::new(|_, _| Ok(())));
    let edited = edited.await?;
    tracing::info!(hook = %edited.id, user = caller.0.user.login, "the breaker of hook {} was closed by hand", edited.id);
    shown(&context, edited).await
}

/// Deletes a hook; its log stays.
pub(crate) async fn remove(State(context): Api, caller: Caller, Names(id): Names<i64>) -> Answer<StatusCode> {
    let hook = accessible(&context, &caller, id, HookAccess::Admin)?;
    need_unarchived(&context, place_of(&context, hook.scope).ok_or_else(no_hook)?)?;
    context.ports.store.delete_hook(hook.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends a hook the message with which its dialect says hello.
pub(crate) async fn ping(State(context): Api, caller: Caller, Names(id): Names<i64>) -> Answer<StatusCode> {
    let hook = accessible(&context, &caller, id, HookAccess::Read)?;
    let ports = &context.ports;
    let directory = ports.directory();
    let place = place_of(&context, hook.scope).ok_or_else(no_hook)?;
    let account = directory.account_by_id(place.account).ok_or_else(no_hook)?;
    let repository = place.repository.and_then(|id| directory.locate_by_id(id)).map(|found| found.repository);
    let app = place.app.and_then(|id| directory.ci_app_by_id(id));
    let dialect = ports.dialects.get(hook.dialect.0).ok_or_else(no_hook)?;
    let scene = Scene {
        place,
        account: &account,
        repository: repository.as_ref(),
        app: app.as_ref(),
        directory,
        public_url: &ports.public_url,
        occurred_at: ports.clock.now(),
        shape: dialect.shape(&hook),
    };
    let draft = dialect.ping(&hook, &scene, &caller.0.user);
    let draft = draft.ok_or_else(|| Reject::conflict("this hook's dialect has no ping"))?;
    let source = match (&app, &repository) {
        (Some(app), _) => format!("/apps/{}", app.uid),
        (None, Some(repository)) => format!("/repos/{}/{}", account.login, repository.name),
        (None, None) => format!("/orgs/{}", account.login),
    };
    flow::ping(ports, &hook, place, source, draft).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a conflict is called here.
pub(crate) fn explain(conflict: HookConflict) -> Reject {
    match conflict {
        HookConflict::Duplicate => Reject::conflict("such a hook exists: same URL, settings and event"),
        HookConflict::TooMany { events, limit } if events.is_empty() => {
            Reject::conflict(format!("there are {limit} hooks here already"))
        }
        HookConflict::TooMany { events, limit } => {
            let message = format!("there are {limit} hooks already for {}", events.join(", "));
            Reject::invalid("events", message)
        }
    }
}

/// Finds what `/repos/OWNER/NAME`, `/orgs/ORG` or `/apps/SLUG` names, and its short form.
fn find_scope(context: &Context, text: &str) -> Answer<(Place, String)> {
    let missing = || Reject::not_found("there is no such repository or organization").at("scope");
    let (source, place) = find_source(&context.ports, text).map_err(|_| missing())?;
    let fits = place.app.is_some() || place.repository.is_some() || is_organization(context.ports.directory(), place);
    if fits { Ok((place, source)) } else { Err(missing()) }
}

fn scope_of(place: Place) -> HookScope {
    match (place.app, place.repository) {
        (Some(app), _) => HookScope::App(app),
        (None, Some(repository)) => HookScope::Repository(repository),
        (None, None) => HookScope::Account(place.account),
    }
}

fn place_of(context: &Context, scope: HookScope) -> Option<Place> {
    match scope {
        HookScope::Repository(id) => context.ports.directory().locate_by_id(id).map(|found| found.place()),
        HookScope::Account(account) => Some(Place { account, repository: None, app: None }),
        HookScope::App(app) => {
            let app = context.ports.directory().ci_app_by_id(app)?;
            Some(place_of_app(&context.ports, &app, false))
        }
        HookScope::Topic(topic) => {
            let page = context.ports.directory().topic_by_id(topic)?.page.clone()?;
            context.ports.directory().locate_by_id(page.repository).map(|found| found.place())
        }
    }
}

fn no_hook() -> Reject {
    Reject::not_found("there is no such hook")
}

/// The hook, if the caller has this access to it.
pub(crate) fn accessible(context: &Context, caller: &Caller, id: i64, needed: HookAccess) -> Answer<Arc<Hook>> {
    let hook = context.ports.directory().hook(HookId(id)).ok_or_else(no_hook)?;
    let Some(place) = place_of(context, hook.scope) else {
        // A subscription of somebody else's topic: the operator's business.
        let theirs = matches!(hook.scope, HookScope::Topic(_)) && caller.is_site_admin();
        return if theirs { Ok(hook) } else { Err(no_hook()) };
    };
    need_access(context, caller, place, needed, "there is no such hook")?;
    if shows(context, caller, &hook) { Ok(hook) } else { Err(no_hook()) }
}

/// Is the hook shown to this caller at all? What its dialect hides from applications and people on its own surface is not
/// shown here either, but to site admins, who answer for everything that leaves the server.
fn shows(context: &Context, caller: &Caller, hook: &Hook) -> bool {
    let dialect = context.ports.dialects.get(hook.dialect.0);
    let isolated = dialect.is_some_and(|dialect| dialect.hook_terms(hook.scope).isolated);
    caller.is_site_admin() || sees_hook(isolated, hook.app, caller.0.app)
}

/// Repository hooks are for admins of the repository, with the scopes of GitHub's repository hooks; organization hooks
/// for owners with `admin:org_hook`. `missing` is what those read who may not even know.
pub(crate) fn need_access(
    context: &Context,
    caller: &Caller,
    place: Place,
    needed: HookAccess,
    missing: &'static str,
) -> Answer<()> {
    let directory = context.ports.directory();
    let Some(id) = place.repository else {
        return match caller.role(directory, place) {
            Some(OrgRole::Owner) => caller.need(Scope::AdminOrgHook),
            Some(OrgRole::Member) => Err(Reject::forbidden("only owners manage the organization's hooks")),
            None => Err(Reject::not_found(missing)),
        };
    };
    let found = directory.locate_by_id(id).ok_or_else(|| Reject::not_found(missing))?;
    match caller.permission(directory, &found.repository) {
        Some(Permission::Admin) => {}
        Some(_) => return Err(Reject::forbidden("only admins manage the repository's hooks")),
        None => return Err(Reject::not_found(missing)),
    }
    match repository_hook_access(caller.0.scopes, found.repository.private) {
        Some(access) if access >= needed => Ok(()),
        _ => caller.need_any(match needed {
            HookAccess::Read => &[Scope::ReadRepoHook],
            HookAccess::Write => &[Scope::WriteRepoHook],
            HookAccess::Admin => &[Scope::AdminRepoHook],
        }),
    }
}

/// Archived repositories keep their hooks as they are.
fn need_unarchived(context: &Context, place: Place) -> Answer<()> {
    let found = place.repository.and_then(|id| context.ports.directory().locate_by_id(id));
    match found {
        Some(found) if found.repository.archived => Err(Reject::forbidden("the repository is archived: read-only")),
        _ => Ok(()),
    }
}
