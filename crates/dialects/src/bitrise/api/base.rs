//! Where the caller reaches this server.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::call::Shared;
use crate::http::base_for;

/// The start of URLs in answers, without a trailing slash.
#[derive(Debug)]
pub(super) struct Base(pub(super) String);

impl FromRequestParts<Arc<Shared>> for Base {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Infallible> {
        Ok(Self(base_for(&parts.headers, &parts.uri, &shared.settings, &shared.ports)))
    }
}
