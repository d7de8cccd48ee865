//! The one shape of errors: `{"error": {"code", "message", "field"}}`.

use std::borrow::Cow;

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::flow::publish::PublishError;
use domain::ports::StoreError;
use serde::Serialize;

/// Seconds after which an overloaded server may be asked again (D-7).
const RETRY_SECONDS: u16 = 1;

/// Why a request was not carried out. Nothing was changed.
#[derive(Debug)]
pub(crate) struct Reject {
    status: StatusCode,
    body: Body,
}

/// What stands under `error`.
#[derive(Debug, Serialize)]
pub(crate) struct Body {
    code: &'static str,
    message: Cow<'static, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<Cow<'static, str>>,
}

impl Reject {
    fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, body: Body { code, message: message.into(), field: None } }
    }

    /// The request cannot be understood.
    pub(crate) fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", message)
    }

    /// No valid token.
    pub(crate) fn unauthorized(message: &'static str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", message)
    }

    /// The token or its user may not.
    pub(crate) fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", message)
    }

    /// Not there, or not to be seen.
    pub(crate) fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// The path exists, the method does not.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this path does not know that method")
    }

    /// It does not fit what is already there.
    pub(crate) fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", message)
    }

    /// More bytes or items than accepted.
    pub(crate) fn too_large(message: &'static str) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message)
    }

    /// A media type nobody here reads.
    pub(crate) fn unsupported_media_type(message: &'static str) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message)
    }

    /// The request is understood, but a value in it will not do.
    pub(crate) fn invalid(field: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message).at(field)
    }

    /// The event has been through too many deliveries (D-8).
    pub(crate) fn loop_detected() -> Self {
        let message = "the event has been through more than five deliveries: a hook's receiver publishes what it gets";
        Self::new(StatusCode::LOOP_DETECTED, "loop_detected", message)
    }

    /// Names the field at fault.
    pub(crate) fn at(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.body.field = Some(field.into());
        self
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// What stands under `error`.
    pub(crate) fn body(&self) -> &Body {
        &self.body
    }
}

impl From<StoreError> for Reject {
    fn from(error: StoreError) -> Self {
        let unavailable = |message| Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", message);
        match error {
            StoreError::NameTaken => Self::conflict("the name is taken"),
            StoreError::NotFound => Self::not_found("it is not there any more"),
            StoreError::Conflict(conflict) => super::hooks::explain(conflict),
            StoreError::Busy => unavailable("too much is waiting to be written"),
            StoreError::Full => Self::new(StatusCode::INSUFFICIENT_STORAGE, "disk_full", "the server's disk is full"),
            StoreError::Unavailable(cause) => {
                tracing::warn!(cause, "the store is unavailable");
                unavailable("the database is unavailable")
            }
            StoreError::Corrupt(what) => {
                tracing::error!(what, "stored data is unreadable");
                let message = "stored data is unreadable; the server's log says more";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
            }
        }
    }
}

impl From<PublishError> for Reject {
    fn from(error: PublishError) -> Self {
        match error {
            PublishError::Attribute { field, problem } => Self::invalid(field, problem),
            PublishError::UnknownSource(source) => unknown_source(&source),
            PublishError::Data(problem) => Self::invalid("data", problem),
            PublishError::TooLarge => Self::too_large("data is larger than 25 MiB").at("data"),
            PublishError::Store(error) => error.into(),
        }
    }
}

/// `source` names nothing, or nothing the caller may know of.
pub(crate) fn unknown_source(source: &str) -> Reject {
    Reject::not_found(format!("there is no such repository or account: {source}")).at("source")
}

impl IntoResponse for Reject {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Envelope {
            error: Body,
        }
        let status = self.status;
        let mut response = (status, Json(Envelope { error: self.body })).into_response();
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"postrider\""));
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, RETRY_SECONDS.into());
        }
        response
    }
}
