//! The frame around every request: who asks, which types they take, and the headers of every answer (contract
//! bitbucket-datacenter sections 1, 1.2 and 1.3).

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::app::App;
use super::errors::ApiError;
use crate::http::{Credentials, MAX_MANAGEMENT_BODY, authenticate};

/// The media type of every body.
const JSON: &str = "application/json;charset=UTF-8";
/// Who the server thinks is asking: clients read it to learn their own name.
const USER_NAME: HeaderName = HeaderName::from_static("x-ausername");

/// Wraps every route of this surface.
pub(super) async fn frame(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    // With Basic, the password is the token and any user name goes: it names nobody by itself, and published clients
    // send logins, e-mail addresses and made-up names beside a token.
    let credentials = authenticate(&app.ports, request.headers());
    let login = match &credentials {
        Credentials::Good(principal) => HeaderValue::from_str(&principal.user.login).ok(),
        Credentials::None | Credentials::Bad => None,
    };
    let response = match admit(request.headers(), &credentials) {
        Ok(()) => {
            request.extensions_mut().insert(credentials);
            next.run(request).await
        }
        Err(refusal) => refusal.into_response(),
    };
    dress(response, login)
}

/// Lets the request in, or says why not.
fn admit(headers: &HeaderMap, credentials: &Credentials) -> Result<(), ApiError> {
    if !takes_json(headers) {
        return Err(ApiError::NotAcceptable);
    }
    if matches!(credentials, Credentials::Bad) {
        return Err(ApiError::BadCredentials);
    }
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > MAX_MANAGEMENT_BODY as u64) {
        return Err(ApiError::TooLarge);
    }
    Ok(())
}

/// Is JSON among what the caller accepts? No `Accept` accepts everything.
fn takes_json(headers: &HeaderMap) -> bool {
    let mut ranges = headers.get_all(ACCEPT).iter().filter_map(|line| line.to_str().ok());
    let accepts = |line: &str| line.trim().is_empty() || line.split(',').any(range_takes_json);
    !headers.contains_key(ACCEPT) || ranges.any(accepts)
}

fn range_takes_json(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let refused = parts.any(|part| {
        let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
        weight.is_some_and(|weight| weight.trim_end_matches(['0', '.']).is_empty() && weight.starts_with('0'))
    });
    matches!(kind.as_str(), "*/*" | "application/*" | "application/json") && !refused
}

/// Is this content type JSON?
pub(super) fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// Puts the headers on an answer.
fn dress(mut response: Response, login: Option<HeaderValue>) -> Response {
    let empty = response.status() == StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    if empty {
        headers.remove(CONTENT_TYPE);
    } else if headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json") {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
    }
    // Answers hold secrets in clear.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Some(login) = login {
        headers.insert(USER_NAME, login);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_acceptable_unless_the_caller_leaves_it_out() {
        let table = [
            ("", true),
            ("*/*", true),
            ("application/json", true),
            ("text/html, Application/JSON;q=0.5", true),
            ("application/*;q=0.1", true),
            ("text/html", false),
            ("text/*, application/xml", false),
            ("application/json;q=0", false),
            ("application/json; q=0.000", false),
        ];
        for (accept, taken) in table {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, accept.parse().expect("a header value"));
            assert_eq!(takes_json(&headers), taken, "{accept:?}");
        }
        assert!(takes_json(&HeaderMap::new()));
    }

    #[test]
    fn content_types_of_json_are_told_from_others() {
        for json in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
            assert!(is_json(json), "{json}");
        }
        for other in ["", "text/plain", "text/json", "application/x-www-form-urlencoded", "application/jsonp"] {
            assert!(!is_json(other), "{other}");
        }
    }
}
