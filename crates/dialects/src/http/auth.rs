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
/// any case. With Basic, a password that is empty or `x-oauth-basic` means that the user name is the token, as curl
/// recipes have it. `Some("")` stands for something unreadable.
pub fn presented_token(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(AUTHORIZATION)?;
    let Ok(text) = value.to_str().map(str::trim) else { return Some(String::new()) };
    let Some((scheme, rest)) = text.split_once(' ') else { return Some(text.to_owned()) };
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("basic") {
        let decoded = BASE64_STANDARD.decode(rest).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let pair = decoded.as_deref().and_then(|pair| pair.split_once(':'));
        let token = pair.map(|(user, password)| if matches!(password, "" | "x-oauth-basic") { user } else { password });
        return Some(token.unwrap_or_default().to_owned());
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

#[cfg(test)]
mod tests {
    use super::*;

    fn token(value: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value.parse().expect("a header value"));
        presented_token(&headers)
    }

    #[test]
    fn every_form_that_clients_send_yields_the_token() {
        let basic = |pair: &str| format!("Basic {}", BASE64_STANDARD.encode(pair));
        let forms = [
            "token T",
            "Bearer T",
            "bearer  T",
            "TOKEN T",
            "T",
            &basic("me:T"),
            &basic("T:"),
            &basic("T:x-oauth-basic"),
        ];
        for form in forms {
            assert_eq!(token(form).as_deref(), Some("T"), "{form}");
        }
        for unreadable in ["Digest T", "Basic !!", "Basic bm9jb2xvbg==", ""] {
            assert_eq!(token(unreadable).as_deref(), Some(""), "{unreadable}");
        }
        assert_eq!(presented_token(&HeaderMap::new()), None);
    }
}
