//! What requests carry: path, query, body, taken out so that every mistake is answered in our own shape.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_LENGTH;
use axum::http::request::Parts;
use bytes::Bytes;
use domain::ci::MAX_CONFIG;
use serde::de::DeserializeOwned;

use super::Context;
use super::errors::Reject;
use super::fields::Fields;
use crate::http::{BodyError, MAX_MANAGEMENT_BODY, base_for, read_body};

/// Names in the path.
#[derive(Debug)]
pub(crate) struct Names<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Names<T> {
    type Rejection = Reject;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Reject> {
        let found: Result<Path<T>, PathRejection> = Path::from_request_parts(parts, state).await;
        // A number that is none, or bytes that are no text: such a thing does not exist.
        found.map(|Path(names)| Self(names)).map_err(|_| Reject::not_found("there is nothing at this path"))
    }
}

/// The query.
#[derive(Debug)]
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Reject;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Reject> {
        let found: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        found.map(|Query(params)| Self(params)).map_err(|refusal| {
            let problem = std::error::Error::source(&refusal).map(ToString::to_string);
            Reject::bad_request(format!("the query is not valid: {}", problem.unwrap_or_default()))
        })
    }
}

/// The members of a JSON body.
#[derive(Debug)]
pub(crate) struct JsonBody(pub(crate) Fields);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Reject;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Reject> {
        let (parts, body) = request.into_parts();
        let body = read(&parts.headers, body, MAX_MANAGEMENT_BODY, "the body is larger than 1 MiB").await?;
        Fields::parse(&body).map(Self)
    }
}

/// Room for a configuration as a JSON string, where line breaks and quotes take two bytes each.
const MAX_CONFIG_BODY: usize = 2 * MAX_CONFIG + 64 * 1024;

/// The members of a JSON body with a whole `bitrise.yml` in it.
#[derive(Debug)]
pub(crate) struct ConfigBody(pub(crate) Fields);

impl<S: Send + Sync> FromRequest<S> for ConfigBody {
    type Rejection = Reject;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Reject> {
        let (parts, body) = request.into_parts();
        let body = read(&parts.headers, body, MAX_CONFIG_BODY, "the configuration is larger than 1 MiB").await?;
        Fields::parse(&body).map(Self)
    }
}

/// Where the caller reaches this server: the start of URLs in answers, without a trailing slash.
#[derive(Debug)]
pub(crate) struct Base(pub(crate) String);

impl FromRequestParts<Arc<Context>> for Base {
    type Rejection = Reject;

    async fn from_request_parts(parts: &mut Parts, context: &Arc<Context>) -> Result<Self, Reject> {
        Ok(Self(base_for(&parts.headers, &parts.uri, &context.settings, &context.ports)))
    }
}

/// Reads a body of at most `limit` bytes; one that announces more is refused unread (D-7).
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    too_large: &'static str,
) -> Result<Bytes, Reject> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > limit as u64) {
        return Err(Reject::too_large(too_large));
    }
    read_body(body, limit).await.map_err(|error| match error {
        BodyError::TooLarge => Reject::too_large(too_large),
        BodyError::Broken => Reject::bad_request("the body ended early"),
    })
}
