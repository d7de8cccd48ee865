//! Outgoing webhooks of an app, and what was delivered to them (contract bitrise section 3).

mod fields;
mod item_json;
mod items;
mod json;

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use domain::ci::CiApp;
use domain::hook::{BodyFormat, Hook, HookScope, NewHook};
use domain::id::Uid;
use domain::rules::access::HookAccess;

use self::fields::{Change, Fields};
use self::json::{Created, HookObject};
use super::Table;
use super::call::{Call, OpenCall, RawBody};
use super::errors::{Data, Reject, Reply};
use super::paging::{Page, Wanted};
use crate::bitrise::dialect::{MAX_HOOKS, NAME};
use crate::bitrise::settings::CreateEnvelope;
use crate::bitrise::ulid;
use crate::http::{anything_goes, at_most};

/// Paths and methods.
pub(super) fn table() -> Table {
    vec![
        ("/apps/{app}/outgoing-webhooks", get(list).post(create)),
        // The vendor's own client for language models edits with PATCH.
        ("/apps/{app}/outgoing-webhooks/{hook}", put(update).patch(update).delete(delete)),
        ("/apps/{app}/outgoing-webhooks/{hook}/delivery-items", get(items::list)),
        ("/apps/{app}/outgoing-webhooks/{hook}/delivery-items/{item}", get(items::show)),
        ("/apps/{app}/outgoing-webhooks/{hook}/delivery-items/{item}/redeliver", post(items::redeliver)),
    ]
}

/// The hooks, oldest first. Open to add-ons.
async fn list(OpenCall { call, .. }: OpenCall) -> Result<Reply<Page<HookObject>>, Reject> {
    let app = call.app_with_hooks(HookAccess::Read)?;
    let hooks = hooks_of(&call, &app);
    let page = Wanted::by(&call.asked)?.of(&hooks, |hook| ulid::of_uid(hook.uid), |hook| HookObject::of(hook))?;
    Ok(Reply::ok(page))
}

/// Creates a hook. Open to add-ons.
async fn create(OpenCall { call, by_addon }: OpenCall, body: RawBody) -> Result<Response, Reject> {
    let app = call.app_with_hooks(HookAccess::Write)?;
    let fields = Fields::read(&body.object()?, &call.shared.settings.url_policy)?;
    let new = new_hook(&call, &app, fields, by_addon);
    let hook = call.shared.ports.store.create_hook(new, at_most(MAX_HOOKS)).await?;
    let object = HookObject::of(&hook);
    Ok(match call.shared.own.create_envelope {
        CreateEnvelope::Both => Reply(StatusCode::CREATED, Created::of(object)).into_response(),
        CreateEnvelope::Bare => Reply(StatusCode::CREATED, object).into_response(),
        CreateEnvelope::Data => Reply::ok(Data { data: object }).into_response(),
    })
}

/// The hook to be.
fn new_hook(call: &Call, app: &CiApp, fields: Fields, by_addon: bool) -> NewHook {
    let now = call.shared.ports.clock.now();
    let mut extra = serde_json::Map::new();
    fields.put_extra(&mut extra);
    if by_addon {
        extra.insert(json::BY_ADDON.to_owned(), true.into());
    }
    NewHook {
        uid: Uid::new(now, &*call.shared.ports.entropy),
        dialect: NAME,
        scope: HookScope::App(app.id),
        active: true,
        url: fields.url,
        events: fields.events,
        secret: match fields.secret {
            Change::Keep => None,
            Change::To(secret) => secret,
        },
        credentials: None,
        headers: fields.headers,
        format: BodyFormat::Json,
        insecure_tls: false,
        timeout: None,
        retries: None,
        extra,
        creator: call.me.user.id,
        app: call.me.app,
        expires_at: None,
        created_at: now,
    }
}

/// Replaces a hook's URL, events and headers; its secret stays unless another is sent.
async fn update(call: Call, body: RawBody) -> Result<Reply<Data<HookObject>>, Reject> {
    let hook = named_hook(&call, HookAccess::Write)?;
    let fields = Fields::read(&body.object()?, &call.shared.settings.url_policy)?;
    let (store, now) = (&call.shared.ports.store, call.shared.ports.clock.now());
    let hook = store.update_hook(hook.id, now, Box::new(|hook| fields.apply(hook)), anything_goes()).await?;
    Ok(Reply::ok(Data { data: HookObject::of(&hook) }))
}

/// Deletes a hook, and shows it for the last time.
async fn delete(call: Call) -> Result<Reply<Data<HookObject>>, Reject> {
    let hook = named_hook(&call, HookAccess::Admin)?;
    call.shared.ports.store.delete_hook(hook.id).await?;
    Ok(Reply::ok(Data { data: HookObject::of(&hook) }))
}

/// The hooks of an app, in the order they were made in.
fn hooks_of(call: &Call, app: &CiApp) -> Vec<Arc<Hook>> {
    call.shared.ports.directory().hooks_of(HookScope::App(app.id), NAME)
}

/// The hook the path names.
fn named_hook(call: &Call, need: HookAccess) -> Result<Arc<Hook>, Reject> {
    let app = call.app_with_hooks(need)?;
    let uid = ulid::to_uid(call.asked.param("hook")).ok_or_else(Reject::not_found)?;
    hooks_of(call, &app).into_iter().find(|hook| hook.uid == uid).ok_or_else(Reject::not_found)
}
