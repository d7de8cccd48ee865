//! `/.well-known/oauth-authorization-server` (RFC 8414): what a client that is not made for GitHub needs to know.

use axum::Json;
use domain::account::Scope;
use serde_json::{Value, json};

use super::ask::Asked;
use super::pkce;
use super::token::DEVICE_GRANT;

/// Shows it.
pub(super) async fn show(Asked(ask): Asked) -> Json<Value> {
    let base = &ask.base;
    Json(json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/login/oauth/authorize"),
        "token_endpoint": format!("{base}/login/oauth/access_token"),
        "device_authorization_endpoint": format!("{base}/login/device/code"),
        "scopes_supported": Scope::ALL.iter().map(|scope| scope.as_str()).collect::<Vec<_>>(),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", DEVICE_GRANT],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "code_challenge_methods_supported": [pkce::METHOD],
        "authorization_response_iss_parameter_supported": true,
    }))
}
