//! `/login/device`: where a person types the code that their device shows, sees who asks for what, and decides.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use domain::account::TokenHash;
use domain::application::Application;
use domain::grant::{Device, DeviceAnswer};
use domain::ports::StoreError;

use super::ask::{Ask, Asked, Posted};
use super::login::sign_in_first;
use super::pages::{self, Demand, DeviceConsentPage, DevicePage, own_form};
use super::session::SignedIn;
use super::{scopes, user_code};

/// Wrong codes one user may type in the window (RFC 8628 section 5.1): with 34 bits and at most a thousand codes in use,
/// a guess hits once in 25 million.
const MAX_GUESSES: u32 = 10;

/// `GET /login/device`
pub(super) async fn page(Asked(ask): Asked) -> Response {
    match SignedIn::of(&ask).await {
        Ok(Some(me)) => form(&ask, &me, None),
        Ok(None) => sign_in_first("/login/device"),
        Err(error) => pages::unavailable(&ask, &error),
    }
}

fn form(ask: &Ask, me: &SignedIn, problem: Option<&'static str>) -> Response {
    let mut response = pages::draw(ask, &DevicePage { frame: pages::frame(ask), me, problem }, None);
    if problem.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    response
}

/// `POST /login/device`: the code first, then the decision.
pub(super) async fn submit(Posted(ask): Posted) -> Response {
    let me = match own_form(&ask).await {
        Ok(me) => me,
        Err(refusal) => return refusal,
    };
    let limited = ask.oauth.guesses.count(me.user.id, MAX_GUESSES, ask.oauth.ports.clock.now());
    if limited.is_err() {
        return pages::too_many_guesses(&ask);
    }
    match find(&ask).await {
        Err(error) => pages::unavailable(&ask, &error),
        Ok(None) => form(&ask, &me, Some("There is no such code, or it was used, or it has expired.")),
        Ok(Some(found)) => {
            ask.oauth.guesses.forgive(me.user.id, MAX_GUESSES, ask.oauth.ports.clock.now());
            answer(&ask, &me, &found).await.unwrap_or_else(|error| pages::unavailable(&ask, &error))
        }
    }
}

/// A device that waits, by what was typed.
struct Found {
    hash: TokenHash,
    device: Device,
    application: Arc<Application>,
}

async fn find(ask: &Ask) -> Result<Option<Found>, StoreError> {
    let ports = &ask.oauth.ports;
    let Some(hash) = ask.params.get("user_code").and_then(user_code::hash) else { return Ok(None) };
    let now = ports.clock.now();
    let waits = |device: &Device| device.answer.is_none() && now < device.expires_at;
    let Some(device) = ports.store.device(hash).await?.filter(waits) else { return Ok(None) };
    let application = ports.directory().application_by_id(device.app).filter(|app| app.device_flow);
    Ok(application.map(|application| Found { hash, device, application }))
}

async fn answer(ask: &Ask, me: &SignedIn, found: &Found) -> Result<Response, StoreError> {
    let offered = scopes::offered(found.device.scopes, me.session.scopes);
    let (answer, told) = match ask.params.get("authorize") {
        None => return Ok(consent(ask, me, found)),
        Some("1") => {
            let (signed_in_with, token_ends) = (me.session.token, me.session.expires_at);
            let yes = DeviceAnswer::Approved { user: me.user.id, scopes: offered, signed_in_with, token_ends };
            (yes, "Your device is connected. You can go back to it.")
        }
        Some(_) => (DeviceAnswer::Denied, "Nothing was connected. You can close this page."),
    };
    let store = &ask.oauth.ports.store;
    if store.answer_device(found.hash, ask.oauth.ports.clock.now(), answer).await? {
        return Ok(pages::told(ask, "Done", told));
    }
    Ok(form(ask, me, Some("That code was used or has expired meanwhile.")))
}

/// Who asks for what. Whoever was sent a code by somebody else must be able to see that something is wrong (RFC 8628
/// section 5.4).
fn consent(ask: &Ask, me: &SignedIn, found: &Found) -> Response {
    let offered = scopes::offered(found.device.scopes, me.session.scopes);
    let page = DeviceConsentPage {
        frame: pages::frame(ask),
        me,
        demand: Demand::of(ask, &found.application, found.device.scopes, offered),
        user_code: ask.params.get("user_code").unwrap_or_default(),
    };
    pages::draw(ask, &page, None)
}
