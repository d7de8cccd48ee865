//! The pages people see: plain HTML without script, escaped by askama, with the headers of contract
//! delivery-and-security U-2.

use askama::Template;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::account::Scopes;
use domain::application::Application;
use domain::ports::StoreError;

use super::ask::Ask;
use super::scopes;
use super::session::{SignedIn, is_own_form};

/// What every page shows around its own content.
pub(super) struct Frame {
    /// The connection is not protected: people are told (U-3).
    insecure: bool,
}

/// The frame of an answer to this request.
pub(super) fn frame(ask: &Ask) -> Frame {
    Frame { insecure: !ask.is_secure() }
}

/// A scope, and what it means.
struct Meaning {
    /// Its name.
    name: &'static str,
    /// What it lets an application do.
    words: &'static str,
}

/// What scopes mean, in words.
fn meanings(scopes: Scopes) -> Vec<Meaning> {
    scopes.iter().map(|scope| Meaning { name: scope.as_str(), words: scopes::meaning(scope) }).collect()
}

/// Who asks for what: what both questions are about.
pub(super) struct Demand<'a> {
    /// Who asks.
    application: &'a Application,
    /// The login of the application's owner.
    owner: String,
    /// What it will get.
    granted: Vec<Meaning>,
    /// What it asked for and will not get.
    withheld: Vec<Meaning>,
}

impl<'a> Demand<'a> {
    /// What `application` asks for, and how much of that the user can give.
    pub(super) fn of(ask: &Ask, application: &'a Application, asked: Scopes, offered: Scopes) -> Self {
        let owner = ask.oauth.ports.directory().account_by_id(application.owner);
        Self {
            application,
            owner: owner.map(|owner| owner.login.clone()).unwrap_or_default(),
            granted: meanings(offered),
            withheld: meanings(scopes::withheld(asked, offered)),
        }
    }
}

/// The host that a person will be sent to, or the scheme of a program of their own.
pub(super) fn host_of(url: &str) -> String {
    let parsed = url::Url::parse(url).ok();
    let host = parsed.as_ref().and_then(|url| url.host_str().filter(|host| !host.is_empty()));
    host.or(parsed.as_ref().map(url::Url::scheme)).unwrap_or_default().to_owned()
}

/// Where one signs in.
#[derive(Template)]
#[template(path = "oauth/sign_in.html")]
pub(super) struct SignInPage {
    /// See [`Frame`].
    pub(super) frame: Frame,
    /// The form's token.
    pub(super) csrf: String,
    /// Who is expected.
    pub(super) hint: Option<String>,
    /// Where to go on; may be empty.
    pub(super) return_to: String,
    /// What was wrong with the last attempt.
    pub(super) problem: Option<&'static str>,
}

/// Where one sees that one is signed in.
#[derive(Template)]
#[template(path = "oauth/signed_in.html")]
pub(super) struct SignedInPage<'a> {
    /// See [`Frame`].
    pub(super) frame: Frame,
    /// Who is signed in.
    pub(super) me: &'a SignedIn,
}

/// Where one decides about an application.
#[derive(Template)]
#[template(path = "oauth/consent.html")]
pub(super) struct ConsentPage<'a> {
    /// See [`Frame`].
    pub(super) frame: Frame,
    /// Who decides.
    pub(super) me: &'a SignedIn,
    /// Who asks for what.
    pub(super) demand: Demand<'a>,
    /// Who should have decided, as the application believes, if that is somebody else.
    pub(super) expected: Option<&'a str>,
    /// Where the user goes afterwards.
    pub(super) target: String,
    /// The request, repeated.
    pub(super) fields: Vec<(&'static str, String)>,
    /// This page, to come back to as somebody else.
    pub(super) here: String,
}

/// Where one types a device's code.
#[derive(Template)]
#[template(path = "oauth/device.html")]
pub(super) struct DevicePage<'a> {
    /// See [`Frame`].
    pub(super) frame: Frame,
    /// Who types.
    pub(super) me: &'a SignedIn,
    /// What was wrong with the last attempt.
    pub(super) problem: Option<&'static str>,
}

/// Where one decides about a device.
#[derive(Template)]
#[template(path = "oauth/device_consent.html")]
pub(super) struct DeviceConsentPage<'a> {
    /// See [`Frame`].
    pub(super) frame: Frame,
    /// Who decides.
    pub(super) me: &'a SignedIn,
    /// Who asks for what.
    pub(super) demand: Demand<'a>,
    /// The code, as typed.
    pub(super) user_code: &'a str,
}

/// A heading and a sentence.
#[derive(Template)]
#[template(path = "oauth/message.html")]
struct MessagePage<'a> {
    frame: Frame,
    heading: &'a str,
    text: &'a str,
}

/// Draws a page whose form may lead to `form_target`, too.
pub(super) fn draw(ask: &Ask, page: &impl Template, form_target: Option<&str>) -> Response {
    let Ok(html) = page.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action 'self'{}{}; frame-ancestors 'none'; base-uri 'none'",
        if form_target.is_some() { " " } else { "" },
        form_target.unwrap_or_default(),
    );
    let policy = HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let mut response = ([(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    // Nothing for other sites; but with `no-referrer` browsers would send our own forms with `Origin: null`.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    for name in ["cross-origin-opener-policy", "cross-origin-resource-policy"] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static("same-origin"));
    }
    if ask.is_secure() {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
    response
}

/// A page that says one thing.
pub(super) fn told(ask: &Ask, heading: &str, text: &str) -> Response {
    draw(ask, &MessagePage { frame: frame(ask), heading, text }, None)
}

fn told_as(status: StatusCode, ask: &Ask, heading: &str, text: &str) -> Response {
    let mut response = told(ask, heading, text);
    *response.status_mut() = status;
    response
}

/// The request makes no sense, and there is nobody to send the user back to.
pub(super) fn bad_request(ask: &Ask, problem: &str) -> Response {
    told_as(StatusCode::BAD_REQUEST, ask, "This request cannot be answered", problem)
}

/// A form that is not one of ours (U-4).
pub(super) fn foreign_form(ask: &Ask) -> Response {
    told_as(StatusCode::FORBIDDEN, ask, "Nothing was done", "The form was too old, or came from another site.")
}

/// The session has ended while a page was open.
fn session_over(ask: &Ask) -> Response {
    let text = "You are no longer signed in. Please start again where you came from.";
    told_as(StatusCode::FORBIDDEN, ask, "Nothing was done", text)
}

/// Too many wrong user codes.
pub(super) fn too_many_guesses(ask: &Ask) -> Response {
    let text = "Too many codes were wrong. Please wait a quarter of an hour.";
    told_as(StatusCode::TOO_MANY_REQUESTS, ask, "Not now", text)
}

/// Who sent a form of ours from a live session; everybody else is answered here (U-4).
pub(super) async fn own_form(ask: &Ask) -> Result<SignedIn, Response> {
    match SignedIn::of(ask).await {
        Ok(Some(me)) if is_own_form(ask, &me.csrf) => Ok(me),
        Ok(Some(_)) => Err(foreign_form(ask)),
        Ok(None) => Err(session_over(ask)),
        Err(error) => Err(unavailable(ask, &error)),
    }
}

/// Too many tokens were typed.
pub(super) fn too_many_sign_ins(ask: &Ask) -> Response {
    let text = "Too many have tried to sign in from where you are. Please wait a minute.";
    told_as(StatusCode::TOO_MANY_REQUESTS, ask, "Not now", text)
}

/// The store did not do it.
pub(super) fn unavailable(ask: &Ask, error: &StoreError) -> Response {
    tracing::error!(%error, "the store refused a step of an OAuth flow");
    let status = match error {
        StoreError::Full => StatusCode::INSUFFICIENT_STORAGE,
        StoreError::Busy | StoreError::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        // The session's token was revoked just now.
        StoreError::NotFound => return session_over(ask),
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    told_as(status, ask, "Not now", "The server cannot do that at the moment. Nothing was changed.")
}

/// `GET /login/style.css`
pub(super) async fn style() -> Response {
    let css = include_str!("../../../templates/oauth/style.css");
    let headers = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=3600")];
    (headers, css).into_response()
}
