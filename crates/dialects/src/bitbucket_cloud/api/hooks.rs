//! Webhooks of repositories and workspaces (contract bitbucket-cloud section 1, rows 1 to 10).

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::response::{IntoResponse, Response};
use domain::account::Principal;
use domain::hook::{BodyFormat, HookScope, NewHook};
use domain::id::Uid;
use domain::rules::access::HookAccess;

use super::app::App;
use super::call::{Call, RawBody};
use super::errors::ApiError;
use super::hook_fields::HookFields;
use super::hook_json::HookObject;
use super::paging::{PAGELEN, page};
use super::problems::Problems;
use crate::bitbucket_cloud::dialect::NAME;
use crate::http::{anything_goes, at_most};

/// The hooks, oldest first.
pub(super) async fn list(call: Call) -> Result<Response, ApiError> {
    let subject = call.subject(HookAccess::Read)?;
    let hooks = call.app.ports.directory().hooks_of(subject.scope(), NAME);
    let page = page(&call, &hooks, PAGELEN, |hook| HookObject::of(hook, &subject, &call.links));
    page.map(IntoResponse::into_response)
}

/// One hook.
pub(super) async fn get(call: Call) -> Result<Response, ApiError> {
    let (subject, hook) = call.hook(HookAccess::Read)?;
    Ok(Json(HookObject::of(&hook, &subject, &call.links)).into_response())
}

/// Creates a hook.
pub(super) async fn create(call: Call, body: RawBody) -> Result<Response, ApiError> {
    let subject = call.subject(HookAccess::Write)?;
    let (app, scope) = (&call.app, subject.scope());
    let fields = HookFields::read(&body.object()?, app, scope, true)?;
    fields.vet(app, None).await?;
    let new = new_hook(app, scope, call.myself()?, fields)?;
    let hook = app.ports.store.create_hook(new, at_most(app.own.max_hooks(scope))).await?;
    let json = Json(HookObject::of(&hook, &subject, &call.links));
    Ok((StatusCode::CREATED, [(LOCATION, subject.hook_url(&call.links, &hook))], json).into_response())
}

/// The hook to be.
fn new_hook(app: &App, scope: HookScope, me: &Principal, mut fields: HookFields) -> Result<NewHook, ApiError> {
    let extra = fields.extra();
    let HookFields { url: Some(url), events: Some(events), .. } = fields else {
        return Err(ApiError::Invalid(Problems::one("url", "is required, and so are events")));
    };
    let now = app.ports.clock.now();
    Ok(NewHook {
        uid: Uid::new(now, &*app.ports.entropy),
        dialect: NAME,
        scope,
        active: fields.active.unwrap_or(true),
        url,
        events,
        secret: fields.secret.apply(None),
        credentials: None,
        headers: Vec::new(),
        format: BodyFormat::Json,
        insecure_tls: fields.skip_cert_verification.unwrap_or(false),
        timeout: None,
        retries: None,
        extra,
        creator: me.user.id,
        app: me.app,
        expires_at: None,
        created_at: now,
    })
}

/// Edits a hook: what is not mentioned stays.
pub(super) async fn update(call: Call, body: RawBody) -> Result<Response, ApiError> {
    let (subject, hook) = call.hook(HookAccess::Write)?;
    let fields = HookFields::read(&body.object()?, &call.app, subject.scope(), false)?;
    fields.vet(&call.app, Some(&hook.url)).await?;
    let (store, now) = (&call.app.ports.store, call.app.ports.clock.now());
    let hook = store.update_hook(hook.id, now, Box::new(|hook| fields.apply(hook)), anything_goes()).await?;
    Ok(Json(HookObject::of(&hook, &subject, &call.links)).into_response())
}

/// Deletes a hook. The npm client reads the content type of the empty answer, and breaks without one.
pub(super) async fn delete(call: Call) -> Result<Response, ApiError> {
    let (_, hook) = call.hook(HookAccess::Admin)?;
    call.app.ports.store.delete_hook(hook.id).await?;
    Ok((StatusCode::NO_CONTENT, [(CONTENT_TYPE, "text/html; charset=utf-8")]).into_response())
}
