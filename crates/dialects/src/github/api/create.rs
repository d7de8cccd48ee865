//! `POST …/hooks` (contract github section 1.1).

use std::sync::Arc;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::account::Account;
use domain::hook::{BodyFormat, Hook, NewHook};
use domain::id::Uid;
use domain::rules::access::HookAccess;
use domain::secret::{MASK, Secret};

use super::app::App;
use super::call::{Call, RawBody};
use super::errors::{ApiError, Problem};
use super::ping::send_ping;
use super::subject::Subject;
use super::validate::{ALIAS_KEY, Config, ConfigFields, HookFields, Sense, read_hook};
use crate::github::dialect::NAME;
use crate::github::events::DEFAULT_EVENT;

/// Creates a hook and pings it.
pub(super) async fn create(call: Call, body: RawBody) -> Result<Response, ApiError> {
    let subject = call.subject(HookAccess::Write)?;
    let (me, app) = (call.myself()?.user.clone(), call.myself()?.app);
    let new = NewHook { app, ..new_hook(&call.app, &subject, &me, read_hook(&body.object()?)?)? };
    let rule = subject.sibling_rule(&call.app, Vec::new());
    let hook = call.app.ports.store.create_hook(new, rule).await;
    let hook = hook.map_err(|error| subject.refused(error))?;
    greet(&call.app, &subject, &hook, &me).await;
    let json = Json(subject.hook_json(&call.links, &hook, None));
    let mut response = (StatusCode::CREATED, json).into_response();
    if let Ok(location) = HeaderValue::from_str(&subject.hook_url(&call.links, &hook)) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Pings a new hook, unless it was made inactive.
pub(super) async fn greet(app: &App, subject: &Subject, hook: &Arc<Hook>, me: &Account) {
    if hook.active
        && let Err(error) = send_ping(&app.ports, subject, hook, me).await
    {
        // The hook stands either way; the ping can be asked for again.
        tracing::warn!(%error, hook = %hook.id, "no ping was sent to the new hook {}", hook.id);
    }
}

/// The hook to be, if the fields make one.
fn new_hook(app: &App, subject: &Subject, me: &Arc<Account>, fields: HookFields) -> Result<NewHook, ApiError> {
    let scope = subject.scope();
    let mut sense = Sense::default();
    if let Some(name) = fields.name.as_deref().filter(|name| *name != "web") {
        sense.add(Problem::invalid("name", name));
    }
    let config =
        sense.config(fields.config.as_ref().unwrap_or(&ConfigFields::default()), &app.settings.url_policy, true);
    if config.secret.as_ref().is_some_and(|secret| secret.expose() == MASK) {
        // The mask of another hook's answer; stored, it would be a secret that everybody knows (S-4).
        sense.add(Problem::custom(Some("secret"), "secret cannot be the mask of a secret"));
    }
    let events = fields.events.filter(|events| !events.is_empty()).unwrap_or_else(|| vec![DEFAULT_EVENT.to_owned()]);
    sense.events(&events, scope);
    sense.verdict()?;
    let Config { url: Some(url), format, secret, insecure_tls } = config else { return Err(ApiError::NotFound) };
    let alias = format.and_then(|format| format.alias);
    let now = app.ports.clock.now();
    Ok(NewHook {
        uid: Uid::new(now, &*app.ports.entropy),
        dialect: NAME,
        scope,
        active: fields.active.unwrap_or(true),
        url,
        events,
        secret: secret.filter(has_text),
        credentials: None,
        headers: Vec::new(),
        format: format.map_or(BodyFormat::Form, |format| format.format),
        insecure_tls: insecure_tls.unwrap_or(false),
        timeout: None,
        retries: None,
        extra: alias.map(|alias| (ALIAS_KEY.to_owned(), alias.into())).into_iter().collect(),
        creator: me.id,
        app: None,
        expires_at: None,
        created_at: now,
    })
}

/// A blank secret is none.
pub(super) fn has_text(secret: &Secret) -> bool {
    !secret.expose().is_empty()
}
