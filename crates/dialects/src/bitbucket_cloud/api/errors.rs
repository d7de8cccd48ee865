//! Errors as this API words them (contract bitbucket-cloud section 1.2).

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::account::Scopes;
use domain::hook::HookConflict;
use domain::ports::StoreError;
use serde::Serialize;
use serde_json::{Value, json};

use super::problems::Problems;
use super::scopes;

/// Why a request got no good answer.
#[derive(Debug)]
pub(super) enum ApiError {
    /// No token where one is needed.
    NoCredentials,
    /// A token that does not check out.
    BadCredentials,
    /// The token cannot do that, whoever its owner is.
    MissingScope {
        /// What is missing, as Cloud calls it.
        required: &'static str,
        /// What the token has.
        granted: Scopes,
    },
    /// The caller's account cannot do that; the text says what is missing.
    Forbidden(&'static str),
    /// Absent, or not to be seen by this caller; the text says what.
    NotFound(&'static str),
    /// The path does not have that method.
    MethodNotAllowed,
    /// The body is no JSON object.
    BadJson,
    /// The body is over the limit.
    TooLarge,
    /// Well-formed, but not acceptable.
    Invalid(Problems),
    /// The repository or workspace has as many hooks as it may have.
    TooManyHooks(usize),
    /// The store did not do it.
    Store(StoreError),
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound("It has just been deleted."),
            StoreError::Conflict(HookConflict::TooMany { limit, .. }) => Self::TooManyHooks(limit),
            error => Self::Store(error),
        }
    }
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::NoCredentials | Self::BadCredentials => StatusCode::UNAUTHORIZED,
            Self::MissingScope { .. } | Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::BadJson | Self::Invalid(_) | Self::TooManyHooks(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Store(StoreError::Full) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Store(StoreError::Busy | StoreError::Unavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn message(&self) -> String {
        let text = match self {
            Self::NoCredentials => "This needs credentials.",
            Self::BadCredentials => "The credentials are wrong or have expired.",
            Self::MissingScope { .. } => "The token lacks a scope that this needs.",
            Self::Forbidden(text) | Self::NotFound(text) => text,
            Self::MethodNotAllowed => "This URL does not have that method.",
            Self::BadJson => "The body is not a JSON object.",
            Self::TooLarge => "The body is larger than 1048576 bytes.",
            Self::Invalid(_) => "Bad request",
            Self::TooManyHooks(limit) => return format!("There can be at most {limit} webhooks here."),
            Self::Store(StoreError::Full) => "The disk is full; nothing was changed.",
            Self::Store(StoreError::Busy | StoreError::Unavailable(_)) => "The server is busy; nothing was changed.",
            Self::Store(_) => "Something went wrong on the server.",
        };
        text.to_owned()
    }

    /// More words for people.
    fn detail(&self) -> Option<String> {
        match self {
            Self::MissingScope { required, .. } => Some(format!("required: {required}")),
            Self::Invalid(problems) => Some(problems.summary()),
            _ => None,
        }
    }

    /// Structured extras for programs.
    fn data(&self) -> Option<Value> {
        let Self::MissingScope { required, granted } = self else { return None };
        Some(json!({ "required": [required], "granted": scopes::granted(*granted) }))
    }

    /// A header that belongs to the answer.
    fn header(&self) -> Option<(HeaderName, &'static str)> {
        match self.status() {
            StatusCode::UNAUTHORIZED => Some((WWW_AUTHENTICATE, "Basic realm=\"postrider\"")),
            StatusCode::SERVICE_UNAVAILABLE => Some((RETRY_AFTER, "1")),
            _ => None,
        }
    }
}

/// The envelope of every error.
#[derive(Serialize)]
struct Envelope<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    error: Told<'a>,
}

/// What went wrong.
#[derive(Serialize)]
struct Told<'a> {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<&'a Problems>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Self::Store(error) = &self {
            tracing::error!(%error, "the store refused a management request");
        }
        let fields = if let Self::Invalid(problems) = &self { Some(problems) } else { None };
        let error = Told { message: self.message(), detail: self.detail(), fields, data: self.data() };
        let mut response = (self.status(), Json(Envelope { kind: "error", error })).into_response();
        if let Some((name, value)) = self.header() {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_answers_for_itself() {
        let told = |error: StoreError| {
            let response = ApiError::from(error).into_response();
            (response.status().as_u16(), response.headers().contains_key(RETRY_AFTER))
        };
        assert_eq!(told(StoreError::Busy), (503, true));
        assert_eq!(told(StoreError::Unavailable("closing".to_owned())), (503, true));
        assert_eq!(told(StoreError::Full), (507, false));
        assert_eq!(told(StoreError::NotFound), (404, false));
        assert_eq!(told(StoreError::Corrupt("hooks".to_owned())), (500, false));
        let full = HookConflict::TooMany { events: Vec::new(), limit: 50 };
        assert_eq!(told(StoreError::Conflict(full)), (400, false));
    }
}
