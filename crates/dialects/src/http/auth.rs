//! Who is asking: `Authorization` in the forms that published clients send.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::account::{Principal, TokenHash};
use domain::flow::Ports;

/// What a request presented.
#[derive(Clone, Debug)]
pub enum Credentials {
    /// Nothing.
    None,
    /// A token that is unknown, has expired, or is not in a form we read.
    Bad,
    /// A valid token.
    Good(Principal),
}

/// The token in `Authorization`: `token X`, `Bearer X`, `Basic base64(user:X)` or the bare token, with the scheme in
/// any case. `Some("")` stands for something unreadable.
pub fn presented_token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?;
    let Ok(text) = value.to_str().map(str::trim) else { return Some(String::new()) };
    let Some((scheme, rest)) = text.split_once(' ') else { return Some(text.to_owned()) };
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("basic") {
        let decoded = BASE64_STANDARD.decode(rest).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let password = decoded.as_deref().and_then(|pair| pair.split_once(':')).map(|(_, password)| password);
        return Some(password.unwrap_or_default().to_owned());
    }
    let known = scheme.eq_ignore_ascii_case("token") || scheme.eq_ignore_ascii_case("bearer");
    Some(if known { rest.to_owned() } else { String::new() })
}

/// Checks what the request presents.
pub fn authenticate(ports: &Ports, headers: &HeaderMap) -> Credentials {
    let Some(token) = presented_token(headers) else { return Credentials::None };
    match ports.directory().authenticate(&TokenHash::of(&token), ports.clock.now()) {
        Some(principal) => Credentials::Good(principal),
        None => Credentials::Bad,
    }
}
