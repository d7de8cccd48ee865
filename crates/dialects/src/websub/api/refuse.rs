//! Refusals: one line of plain text that names the parameter (contract websub section 3).

use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::response::{IntoResponse, Response};
use domain::flow::hub::AskError;
use domain::ports::StoreError;

use crate::http::{Form, FormError};

/// The media type of all answers.
pub(super) const TEXT: &str = "text/plain; charset=utf-8";
/// Seconds after which an overloaded hub may be asked again.
const SOON: i64 = 5;
/// Seconds after which a full hub may be asked again.
const LATER: i64 = 300;

/// Why a request was not taken.
#[derive(Debug)]
pub(super) enum Refusal {
    /// Its form or a parameter is wrong.
    Bad(String),
    /// It is no form.
    ContentType,
    /// It is too long.
    TooLarge,
    /// It came too soon; seconds to wait.
    Busy(i64),
    /// A limit of the hub's is reached.
    Full(String),
    /// A token is needed, or another one.
    Forbidden,
    /// The store is away or full.
    Away(StoreError),
    /// There is no hub.
    NoHub,
}

impl Refusal {
    /// A wrong parameter, told in one line.
    pub(super) fn bad(text: impl Into<String>) -> Self {
        Self::Bad(text.into())
    }
}

/// A parameter that may come once.
pub(super) fn one<'f>(form: &'f Form, name: &str) -> Result<Option<&'f str>, Refusal> {
    form.one(name).map_err(|_| Refusal::bad(format!("{name} comes with different values")))
}

impl From<FormError> for Refusal {
    fn from(error: FormError) -> Self {
        match error {
            FormError::ContentType => Self::ContentType,
            FormError::TooLarge => Self::TooLarge,
            FormError::Malformed | FormError::NotUtf8 => Self::Bad(error.to_string()),
        }
    }
}

impl From<AskError> for Refusal {
    fn from(error: AskError) -> Self {
        match error {
            AskError::NoHub => Self::NoHub,
            AskError::TooMany(_) => Self::Full(error.to_string()),
            AskError::Store(error) => Self::Away(error),
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Away(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, text, wait) = match self {
            Self::Bad(text) => (StatusCode::BAD_REQUEST, text, None),
            Self::ContentType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, FormError::ContentType.to_string(), None),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, FormError::TooLarge.to_string(), None),
            Self::Busy(wait) => (StatusCode::TOO_MANY_REQUESTS, "too many requests".to_owned(), Some(wait)),
            Self::Full(text) => (StatusCode::TOO_MANY_REQUESTS, text, Some(LATER)),
            Self::Forbidden => (StatusCode::FORBIDDEN, "publishing takes a token that may do so".to_owned(), None),
            Self::Away(StoreError::Full) => {
                (StatusCode::INSUFFICIENT_STORAGE, "the hub's disk is full".to_owned(), Some(LATER))
            }
            Self::Away(error) => {
                tracing::warn!(%error, "the hub could not take a request");
                (StatusCode::SERVICE_UNAVAILABLE, "the hub is not available now".to_owned(), Some(SOON))
            }
            Self::NoHub => (StatusCode::NOT_FOUND, "there is no hub here".to_owned(), None),
        };
        let mut response = (status, [(CONTENT_TYPE, TEXT)], format!("{text}\n")).into_response();
        if let Some(wait) = wait {
            response.headers_mut().insert(RETRY_AFTER, wait.into());
        }
        response
    }
}
