//! Entity tags and conditional requests (contract github section 0.2).

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_LENGTH, ETAG, LAST_MODIFIED};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::Response;

use crate::http::hex;

/// What the request made its answer depend on.
#[derive(Debug)]
pub(super) struct Conditions {
    method: Method,
    had: crate::http::Conditions,
}

impl Conditions {
    /// Reads them.
    pub(super) fn of(method: &Method, headers: &HeaderMap) -> Self {
        Self { method: method.clone(), had: crate::http::Conditions::of(headers) }
    }
}

/// Tags a good answer, and empties it if the caller has it already: strong tags on 201, weak ones on GET.
pub(super) async fn apply(conditions: &Conditions, response: Response) -> Response {
    let created = response.status() == StatusCode::CREATED;
    let read = response.status() == StatusCode::OK && conditions.method == Method::GET;
    if !created && !read {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // Answers are whole in memory; reading one back cannot fail.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
    let weak = if created { "" } else { "W/" };
    let tag = format!("{weak}\"{}\"", hex(digest.as_ref()));
    if let Ok(value) = HeaderValue::from_str(&tag) {
        parts.headers.insert(ETAG, value);
    }
    if read && conditions.had.hit(&tag, parts.headers.get(LAST_MODIFIED)) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(CONTENT_LENGTH);
        return Response::from_parts(parts, Body::empty());
    }
    Response::from_parts(parts, Body::from(bytes))
}
