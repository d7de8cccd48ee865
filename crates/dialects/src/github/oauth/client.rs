//! Which application asks: its client id, and its secret in the body or by Basic authentication.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::account::TokenHash;
use domain::application::Application;
use domain::secret::constant_time_eq;

use super::answer::Fault;
use super::ask::Ask;

/// `Authorization` is there, and is no Basic authentication.
#[derive(Debug)]
pub(crate) struct NotBasic;

/// User name and password of Basic authentication, if there is any.
pub(crate) fn basic_credentials(headers: &HeaderMap) -> Result<Option<(String, String)>, NotBasic> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let read = || {
        let (scheme, rest) = value.to_str().ok()?.trim().split_once(' ')?;
        let bytes = BASE64_STANDARD.decode(rest.trim()).ok().filter(|_| scheme.eq_ignore_ascii_case("basic"))?;
        let (user, password) = std::str::from_utf8(&bytes).ok()?.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
    };
    read().map(Some).ok_or(NotBasic)
}

/// Is it the application's secret? Hashes are compared, all of them, in constant time (S-7).
pub(crate) fn is_secret_of(application: &Application, secret: &str) -> bool {
    constant_time_eq(&TokenHash::of(secret).0, &application.secret.0)
}

/// Who asks, as far as it has shown.
pub(super) struct Client {
    /// The application it says to be.
    pub(super) application: Arc<Application>,
    /// It proved that with its secret.
    pub(super) proven: bool,
}

impl Client {
    /// The client of a request. A wrong secret is refused even where none is needed.
    pub(super) fn of(ask: &Ask) -> Result<Self, Fault> {
        let param = |name| ask.params.one(name).map_err(|_| Fault::BadClient);
        let (mut id, mut secret) = (param("client_id")?.map(str::to_owned), param("client_secret")?.map(str::to_owned));
        if let Some((user, password)) = basic_credentials(&ask.headers).map_err(|_| Fault::BadClient)? {
            // Two ways at once are one too many (RFC 6749 section 2.3).
            if secret.is_some() || id.as_ref().is_some_and(|id| *id != user) {
                return Err(Fault::BadClient);
            }
            (id, secret) = (Some(user), Some(password).filter(|password| !password.is_empty()));
        }
        let application = id.and_then(|id| ask.oauth.ports.directory().application(&id)).ok_or(Fault::BadClient)?;
        if secret.as_ref().is_some_and(|secret| !is_secret_of(&application, secret)) {
            return Err(Fault::BadClient);
        }
        Ok(Self { application, proven: secret.is_some() })
    }
}
