//! The authorization request (RFC 6749 section 4.1.1), checked before anybody is asked anything.

use std::sync::Arc;

use domain::account::Scopes;
use domain::application::Application;
use domain::rules::redirect::matches;
use form_urlencoded::Serializer;

use super::ask::{Ask, Params, Repeated};
use super::{pkce, scopes};

/// Where errors are explained.
const DOCS: &str = "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-authorization-request-errors";
/// Longest `state` given back, in bytes.
const MAX_STATE: usize = 4_096;

/// What an application asks a user for.
#[derive(Debug)]
pub(super) struct Request {
    /// The application.
    pub(super) application: Arc<Application>,
    /// Where the user is sent back to: one of the application's own.
    pub(super) redirect_url: String,
    /// What is asked for, as far as we know such things.
    pub(super) scopes: Scopes,
    /// Given back as it came.
    pub(super) state: Option<String>,
    /// The PKCE challenge.
    pub(super) challenge: Option<String>,
    /// Who should sign in, as the application believes.
    pub(super) login: Option<String>,
    /// The application wants the user to be asked in any case.
    pub(super) prompt: bool,
}

/// Why there is no such request.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Nobody to send the user back to: no such application, or no redirect URL that is known to be its own.
    Page(&'static str),
    /// The application is told, at a URL of its own.
    Back(String),
}

/// An answer to the application, by way of the user's browser.
pub(super) struct Back<'a> {
    /// The redirect URL; it is registered, whoever asked.
    pub(super) url: &'a str,
    /// See [`Request::state`].
    pub(super) state: Option<&'a str>,
    /// Our own name, against mix-up of authorization servers (RFC 9207).
    pub(super) issuer: &'a str,
}

impl Back<'_> {
    /// The URL with an answer in its query.
    pub(super) fn with(&self, members: &[(&str, &str)]) -> String {
        let mut query = Serializer::new(String::new());
        query.extend_pairs(members);
        query.extend_pairs(self.state.map(|state| ("state", state)));
        query.append_pair("iss", self.issuer);
        let joint = match self.url.split_once('?') {
            None => "?",
            Some((_, "")) => "",
            Some(_) => "&",
        };
        format!("{}{joint}{}", self.url, query.finish())
    }

    /// The URL with an error in its query.
    pub(super) fn with_error(&self, error: &str, description: &str) -> String {
        self.with(&[("error", error), ("error_description", description), ("error_uri", DOCS)])
    }
}

impl Request {
    /// Checks a request's parameters.
    pub(super) fn of(ask: &Ask) -> Result<Self, Refusal> {
        let params = &ask.params;
        let twice = |_: Repeated| Refusal::Page("A parameter of the request came twice.");
        let application = params.one("client_id").map_err(twice)?;
        let application = application.and_then(|id| ask.oauth.ports.directory().application(id));
        let application = application.ok_or(Refusal::Page("There is no such application."))?;
        let state = params.one("state");
        let redirect_url = redirect_url(ask, &application, params.one("redirect_uri").map_err(twice)?)?;
        let given_back = state.as_ref().ok().copied().flatten().filter(|state| state.len() <= MAX_STATE);
        let back = Back { url: &redirect_url, state: given_back, issuer: &ask.base };
        let wanted = Wanted::of(params).map_err(|(error, why)| Refusal::Back(back.with_error(error, why)))?;
        Ok(Self {
            application,
            scopes: wanted.scopes,
            state: given_back.map(str::to_owned),
            challenge: wanted.challenge,
            login: params.get("login").map(str::to_owned),
            prompt: params.get("prompt").is_some(),
            redirect_url,
        })
    }

    /// The way back.
    pub(super) fn back<'a>(&'a self, issuer: &'a str) -> Back<'a> {
        Back { url: &self.redirect_url, state: self.state.as_deref(), issuer }
    }
}

/// The redirect URL asked for, if it is one of the application's; the first of those if none is asked for. A wrong one is
/// told to the application at its own URL, as GitHub does; nobody is ever sent to what is not registered (RFC 9700
/// section 4.11).
fn redirect_url(ask: &Ask, application: &Application, asked: Option<&str>) -> Result<String, Refusal> {
    let first = application.redirect_urls.first();
    let Some(asked) = asked else {
        return first.cloned().ok_or(Refusal::Page("The application has no redirect URL."));
    };
    if application.redirect_urls.iter().any(|registered| matches(registered, asked)) {
        return Ok(asked.to_owned());
    }
    let first = first.ok_or(Refusal::Page("The redirect URL is not one of the application's."))?;
    let state = ask.params.get("state").filter(|state| state.len() <= MAX_STATE);
    let why = "The redirect_uri MUST match the registered callback URL for this application.";
    Err(Refusal::Back(Back { url: first, state, issuer: &ask.base }.with_error("redirect_uri_mismatch", why)))
}

/// The parameters whose faults the application is told of.
struct Wanted {
    scopes: Scopes,
    challenge: Option<String>,
}

impl Wanted {
    fn of(params: &Params) -> Result<Self, (&'static str, &'static str)> {
        let one = |name| params.one(name).map_err(|_| ("invalid_request", "A parameter of the request came twice."));
        if one("state")?.is_some_and(|state| state.len() > MAX_STATE) {
            return Err(("invalid_request", "state is longer than 4096 bytes."));
        }
        if one("response_type")?.is_some_and(|kind| kind != "code") {
            return Err(("unsupported_response_type", "response_type must be code."));
        }
        let scopes = scopes::asked(one("scope")?).ok_or(("invalid_scope", "scope is no list of names."))?;
        let challenge = match (one("code_challenge")?, one("code_challenge_method")?) {
            (None, None) => None,
            (Some(challenge), Some(pkce::METHOD)) if pkce::is_challenge(challenge) => Some(challenge.to_owned()),
            (Some(_), Some(pkce::METHOD)) => return Err(("invalid_request", "code_challenge must be a SHA-256.")),
            _ => return Err(("invalid_request", "code_challenge_method must be S256, beside a code_challenge.")),
        };
        Ok(Self { scopes, challenge })
    }
}
