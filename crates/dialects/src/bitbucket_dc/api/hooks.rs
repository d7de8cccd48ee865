//! Listing, finding, showing, creating and deleting webhooks (contract bitbucket-datacenter section 1, rows 1, 2, 3, 5
//! and 10).

use std::sync::Arc;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::hook::{BodyFormat, Hook, HookScope, NewHook};
use domain::id::{AccountId, Uid};
use domain::secret::MASK;
use serde_json::Value;

use super::app::App;
use super::at::At;
use super::call::{Call, RawBody};
use super::errors::ApiError;
use super::fields::{Wanted, read_hook};
use super::history::{Detail, history_of};
use super::hook_json::{Secrets, scope_type, webhook};
use super::paging::Page;
use crate::bitbucket_dc::dialect::{MAX_HOOKS, NAME};
use crate::http::at_most;

/// The webhooks made here, oldest first.
pub(super) async fn list(call: Call) -> Result<Response, ApiError> {
    let at = call.administered()?;
    let hooks = call.app.ports.directory().hooks_of(at.scope(), NAME);
    page(&call, &at, hooks).await
}

/// The webhooks that events of this repository go to: its own and its project's.
pub(super) async fn search(call: Call) -> Result<Response, ApiError> {
    let at = call.administered()?;
    let scopes = call.asked.queries("scopeType");
    let wanted = |scope: &HookScope| {
        scopes.is_empty() || scopes.iter().any(|name| name.eq_ignore_ascii_case(scope_type(*scope)))
    };
    let scopes = [at.scope(), at.project_alone().scope()].into_iter().filter(wanted);
    let directory = call.app.ports.directory();
    page(&call, &at, scopes.flat_map(|scope| directory.hooks_of(scope, NAME)).collect()).await
}

/// One page of those hooks that listen to any of the events asked for.
async fn page(call: &Call, at: &At, mut hooks: Vec<Arc<Hook>>) -> Result<Response, ApiError> {
    let events = call.asked.queries("event");
    hooks.retain(|hook| events.is_empty() || events.iter().any(|event| hook.listens_to(event)));
    let page = Page::of(call);
    let mut values = Vec::new();
    for hook in page.cut(&hooks) {
        values.push(shown(call, at, &hook, Detail::Outline).await?);
    }
    Ok(Json(page.wrap(values, hooks.len())).into_response())
}

/// One webhook.
pub(super) async fn get(call: Call) -> Result<Response, ApiError> {
    let at = call.administered()?;
    let hook = call.hook(&at)?;
    Ok(Json(shown(&call, &at, &hook, Detail::Whole).await?).into_response())
}

/// A webhook as this request wants it. Whoever administers a repository but not its project reads the project's
/// webhooks without their secrets, and without statistics: those tell of other repositories.
pub(super) async fn shown(call: &Call, at: &At, hook: &Hook, detail: Detail) -> Result<Value, ApiError> {
    let me = call.myself()?;
    let inherited = hook.scope != at.scope();
    let hidden = inherited && !at.project_alone().is_administered_by(call.app.ports.directory(), me);
    let masked = hidden || call.app.own.mask_secrets;
    let mut whole = webhook(hook, if masked { Secrets::Masked } else { Secrets::Clear });
    if call.flag("statistics") == Some(true) && !hidden {
        whole.insert("statistics".to_owned(), history_of(call, hook, detail).await?);
    }
    Ok(Value::Object(whole))
}

/// Creates a webhook. Nothing is sent to it: the product's webhooks are tested by hand.
pub(super) async fn create(call: Call, body: RawBody) -> Result<Response, ApiError> {
    let at = call.changeable()?;
    let me = call.myself()?;
    let wanted = read_hook(&call.app, at.scope(), &body.object()?).complete()?;
    let new = NewHook { app: me.app, ..new_hook(&call.app, at.scope(), me.user.id, wanted)? };
    let hook = call.app.ports.store.create_hook(new, at_most(MAX_HOOKS)).await?;
    Ok((StatusCode::CREATED, Json(shown(&call, &at, &hook, Detail::Outline).await?)).into_response())
}

fn new_hook(app: &App, scope: HookScope, creator: AccountId, wanted: Wanted) -> Result<NewHook, ApiError> {
    if wanted.configuration.secret.as_ref().is_some_and(|secret| secret.expose() == MASK) {
        // The mask of another webhook's answer; stored, it would be a secret that everybody knows (S-4).
        return Err(ApiError::field("configuration.secret", "configuration.secret must not be the mask of a secret."));
    }
    let now = app.ports.clock.now();
    Ok(NewHook {
        uid: Uid::new(now, &*app.ports.entropy),
        dialect: NAME,
        scope,
        active: wanted.active,
        url: wanted.url,
        events: wanted.events,
        secret: wanted.configuration.secret.filter(|secret| !secret.expose().is_empty()),
        credentials: wanted.login.map(|login| login.over(None)),
        headers: Vec::new(),
        format: BodyFormat::Json,
        insecure_tls: wanted.insecure_tls,
        timeout: None,
        retries: None,
        extra: Wanted::extra(wanted.name, wanted.configuration.entries),
        creator,
        app: None,
        expires_at: None,
        created_at: now,
    })
}

/// Deletes a webhook.
pub(super) async fn delete(call: Call) -> Result<StatusCode, ApiError> {
    let at = call.changeable()?;
    let hook = call.hook(&at)?;
    call.app.ports.store.delete_hook(hook.id).await?;
    Ok(StatusCode::NO_CONTENT)
}
