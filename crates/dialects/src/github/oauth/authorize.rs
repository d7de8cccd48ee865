//! `/login/oauth/authorize`: asks the user, and sends them back with a code (RFC 6749 section 4.1).

use axum::response::Response;
use domain::account::{Scopes, TokenHash};
use domain::grant::{CODE_LIFE, Code, NewCode};
use domain::ports::StoreError;
use domain::rules::access::held_of;
use domain::rules::redirect::{form_target, is_local};

use super::ask::{Ask, Asked, Posted};
use super::login::{see_other, sign_in_first};
use super::pages::{self, ConsentPage, Demand, own_form};
use super::request::{Refusal, Request};
use super::session::SignedIn;
use super::{mint, scopes};

/// `GET /login/oauth/authorize`
pub(super) async fn page(Asked(ask): Asked) -> Response {
    let request = match Request::of(&ask) {
        Ok(request) => request,
        Err(refusal) => return refused(&ask, refusal),
    };
    let me = match SignedIn::of(&ask).await {
        Ok(Some(me)) => me,
        Ok(None) => return sign_in_first(ask.uri.path_and_query().map_or("/login", |path| path.as_str())),
        Err(error) => return pages::unavailable(&ask, &error),
    };
    let offered = scopes::offered(request.scopes, me.session.scopes);
    if is_settled(&ask, &request, &me, offered) {
        return send_back(&ask, &request, &me, offered).await;
    }
    let page = ConsentPage {
        frame: pages::frame(&ask),
        me: &me,
        demand: Demand::of(&ask, &request.application, request.scopes, offered),
        expected: request.login.as_deref().filter(|login| !login.eq_ignore_ascii_case(&me.user.login)),
        target: pages::host_of(&request.redirect_url),
        fields: fields(&ask),
        here: ask.uri.path_and_query().map(|path| path.as_str().to_owned()).unwrap_or_default(),
    };
    pages::draw(&ask, &page, form_target(&request.redirect_url).as_deref())
}

/// May the question be left out? The user has allowed all of it before, the application does not insist, nobody else
/// was expected, and what comes back can only reach the application (RFC 8252 section 8.6).
fn is_settled(ask: &Ask, request: &Request, me: &SignedIn, offered: Scopes) -> bool {
    let (directory, now) = (ask.oauth.ports.directory(), ask.oauth.ports.clock.now());
    let given = directory.granted(request.application.id, me.user.id, now);
    let expected = request.login.as_ref().is_none_or(|login| login.eq_ignore_ascii_case(&me.user.login));
    let all = given.is_some_and(|given| held_of(offered, given) == offered);
    all && expected && !request.prompt && !is_local(&request.redirect_url)
}

/// What the form repeats of the request; it is checked anew when it comes back.
fn fields(ask: &Ask) -> Vec<(&'static str, String)> {
    const NAMES: [&str; 7] =
        ["client_id", "redirect_uri", "scope", "state", "response_type", "code_challenge", "code_challenge_method"];
    NAMES.into_iter().filter_map(|name| Some((name, ask.params.get(name)?.to_owned()))).collect()
}

/// `POST /login/oauth/authorize`
pub(super) async fn decide(Posted(ask): Posted) -> Response {
    let me = match own_form(&ask).await {
        Ok(me) => me,
        Err(refusal) => return refusal,
    };
    let request = match Request::of(&ask) {
        Ok(request) => request,
        Err(refusal) => return refused(&ask, refusal),
    };
    if ask.params.get("authorize") != Some("1") {
        let why = "The user has denied your application access.";
        return see_other(&request.back(&ask.base).with_error("access_denied", why));
    }
    send_back(&ask, &request, &me, scopes::offered(request.scopes, me.session.scopes)).await
}

/// Sends the user back with a code.
async fn send_back(ask: &Ask, request: &Request, me: &SignedIn, scopes: Scopes) -> Response {
    match keep_code(ask, request, me, scopes).await {
        Ok(code) => see_other(&request.back(&ask.base).with(&[("code", &code)])),
        Err(error) => pages::unavailable(ask, &error),
    }
}

/// A fresh code, stored before anybody is told.
async fn keep_code(ask: &Ask, request: &Request, me: &SignedIn, scopes: Scopes) -> Result<String, StoreError> {
    let ports = &ask.oauth.ports;
    let value = mint(ports);
    let code = Code {
        app: request.application.id,
        user: me.user.id,
        scopes,
        redirect_url: request.redirect_url.clone(),
        challenge: request.challenge.clone(),
        token_ends: me.session.expires_at,
        expires_at: ports.clock.now().plus(CODE_LIFE),
    };
    ports.store.keep_code(NewCode { hash: TokenHash::of(&value), code, signed_in_with: me.session.token }).await?;
    Ok(value)
}

fn refused(ask: &Ask, refusal: Refusal) -> Response {
    match refusal {
        Refusal::Page(problem) => pages::bad_request(ask, problem),
        Refusal::Back(url) => see_other(&url),
    }
}
