//! `/login` and `/logout`. There are no passwords yet: a person signs in with a token they made themselves, and the
//! session can do no more than that token.

use axum::http::header::{LOCATION, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::account::{AccountKind, Principal, TokenHash};
use domain::ports::StoreError;
use domain::rules::redirect::form_target;

use super::ask::{Ask, Asked, Posted};
use super::mint;
use super::pages::{self, SignInPage, SignedInPage};
use super::request::{Refusal, Request};
use super::session::{Cookie, SignedIn, csrf, is_own_form};

/// Longest token looked at, in bytes.
const MAX_TOKEN: usize = 512;
/// Tokens that may be typed in a minute at one address (U-6).
const MAX_SIGN_INS: u32 = 20;
/// Longest path to go on to after signing in, in bytes.
const MAX_RETURN: usize = 8_192;

/// Sends a person to sign in, and back to `path` afterwards.
pub(super) fn sign_in_first(path: &str) -> Response {
    let query = form_urlencoded::Serializer::new(String::new()).append_pair("return_to", path).finish();
    see_other(&format!("/login?{query}"))
}

/// A redirect that turns a POST into a GET (RFC 9700 section 4.12).
pub(super) fn see_other(location: &str) -> Response {
    match HeaderValue::from_str(location) {
        Ok(location) => (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// Where to go on: only to pages here that need a session. Anything else could be anybody's (open redirect).
fn onward(ask: &Ask) -> Option<String> {
    let path = ask.params.get("return_to")?;
    let plain = path.len() <= MAX_RETURN && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let known = path == "/login/device" || path.starts_with("/login/oauth/authorize?");
    (plain && known).then(|| path.to_owned())
}

/// `GET /login`
pub(super) async fn page(Asked(ask): Asked) -> Response {
    match SignedIn::of(&ask).await {
        Err(error) => pages::unavailable(&ask, &error),
        Ok(None) => form(&ask, None),
        Ok(Some(me)) => match onward(&ask) {
            Some(path) => see_other(&path),
            None => pages::draw(&ask, &SignedInPage { frame: pages::frame(&ask), me: &me }, None),
        },
    }
}

/// The form, with a cookie that it belongs to.
fn form(ask: &Ask, problem: Option<&'static str>) -> Response {
    let cookie = Cookie::SignIn.read(ask).unwrap_or_else(|| mint(&ask.oauth.ports));
    let return_to = onward(ask);
    let beyond = return_to.as_deref().and_then(|path| leads_to(ask, path));
    let page = SignInPage {
        frame: pages::frame(ask),
        csrf: csrf(&cookie),
        hint: return_to.as_deref().and_then(hinted_login),
        return_to: return_to.unwrap_or_default(),
        problem,
    };
    let mut response = pages::draw(ask, &page, beyond.as_deref());
    if problem.is_some() {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    set_cookie(&mut response, &Cookie::SignIn.set(ask, &cookie));
    response
}

/// Where the form can lead in the end: a request that waits behind it, and needs no question, goes on to its application
/// at once, and browsers want the page to allow that.
fn leads_to(ask: &Ask, path: &str) -> Option<String> {
    match Request::of(&ask.about(path.split_once('?')?.1)) {
        Ok(request) => form_target(&request.redirect_url),
        Err(Refusal::Back(url)) => form_target(&url),
        Err(Refusal::Page(_)) => None,
    }
}

/// Whom the application expects, from the request that waits behind the form.
fn hinted_login(path: &str) -> Option<String> {
    let (_, query) = path.split_once('?')?;
    let hint = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "login")?.1.into_owned();
    domain::account::is_valid_name(&hint).then_some(hint)
}

fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
}

/// `POST /login`
pub(super) async fn sign_in(Posted(ask): Posted) -> Response {
    let own = Cookie::SignIn.read(&ask).is_some_and(|cookie| is_own_form(&ask, &csrf(&cookie)));
    if !own {
        return form(&ask, Some("The form was too old, or came from elsewhere. Please try again."));
    }
    if ask.oauth.sign_ins.count(ask.source, MAX_SIGN_INS, ask.oauth.ports.clock.now()).is_err() {
        return pages::too_many_sign_ins(&ask);
    }
    let Some(me) = presented(&ask) else {
        return form(&ask, Some("That is not a token of yours that is still good."));
    };
    match begin(&ask, &me).await {
        Err(error) => pages::unavailable(&ask, &error),
        Ok(value) => {
            let mut response = see_other(&onward(&ask).unwrap_or_else(|| "/login".to_owned()));
            set_cookie(&mut response, &Cookie::Session.set(&ask, &value));
            set_cookie(&mut response, &Cookie::SignIn.set(&ask, ""));
            response
        }
    }
}

/// Whose token was typed. An application's token does not sign anybody in: it would give itself more rights.
fn presented(ask: &Ask) -> Option<Principal> {
    let token = ask.params.get("token").map(str::trim).filter(|token| token.len() <= MAX_TOKEN)?;
    let found = ask.oauth.ports.directory().authenticate(&TokenHash::of(token), ask.oauth.ports.clock.now());
    found.filter(|me| me.app.is_none() && me.user.kind == AccountKind::User)
}

/// A session under a new id, whatever the browser had before (U-3).
async fn begin(ask: &Ask, me: &Principal) -> Result<String, StoreError> {
    let store = &ask.oauth.ports.store;
    if let Some(old) = Cookie::Session.read(ask) {
        store.end_session(TokenHash::of(&old)).await?;
    }
    let value = mint(&ask.oauth.ports);
    store.begin_session(TokenHash::of(&value), me.token, ask.oauth.ports.clock.now()).await?;
    tracing::info!(user = %me.user.id, "user {} signed in", me.user.id);
    Ok(value)
}

/// `POST /logout`
pub(super) async fn sign_out(Posted(ask): Posted) -> Response {
    let Some(value) = Cookie::Session.read(&ask) else { return see_other("/login") };
    if !is_own_form(&ask, &csrf(&value)) {
        return pages::foreign_form(&ask);
    }
    if let Err(error) = ask.oauth.ports.store.end_session(TokenHash::of(&value)).await {
        return pages::unavailable(&ask, &error);
    }
    let onward = onward(&ask);
    let mut response = onward.map_or_else(|| see_other("/login"), |path| sign_in_first(&path));
    set_cookie(&mut response, &Cookie::Session.set(&ask, ""));
    response
}
