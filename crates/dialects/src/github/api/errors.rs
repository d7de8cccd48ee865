//! Errors as this API words them (contract github section 1.6). Messages are interface: clients match on them.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::ports::StoreError;
use serde::Serialize;
use serde_json::Value;

use super::headers::JSON;
use super::operations::Operation;
use crate::http::FormError;

/// Where every `documentation_url` begins.
const DOCS: &str = "https://docs.github.com/rest";

/// Why a request got no good answer.
#[derive(Debug)]
pub(super) enum ApiError {
    /// A token that does not check out.
    BadCredentials,
    /// No token where the answer is about its owner.
    RequiresAuthentication,
    /// Absent, or not to be seen by this caller: both read the same (contract section 2).
    NotFound,
    /// A write to an archived repository.
    Archived,
    /// Seen, but not to be changed by this caller; the text says what is missing.
    Forbidden(&'static str),
    /// The hour's requests are used up.
    RateLimited,
    /// Too many pings or tests of one hook (E-12).
    TooManyProbes,
    /// An `X-GitHub-Api-Version` that is no date.
    UnknownVersion(String),
    /// The body is no JSON.
    BadJson,
    /// The body is JSON, but no object.
    NotAnObject,
    /// The body is over the limit.
    TooLarge,
    /// Members of the wrong JSON type.
    WrongTypes(Vec<String>),
    /// Well-formed, but not acceptable.
    Invalid(Vec<Problem>),
    /// The same, told in one line: how `POST /hub` refuses.
    Unacceptable(String),
    /// The body should be a form and is none.
    BadForm(FormError),
    /// The store did not do it.
    Store(StoreError),
}

/// One item of `errors`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Problem {
    /// The kind of thing at fault.
    resource: &'static str,
    /// `custom`, `invalid`, `missing_field`, `already_exists`.
    code: &'static str,
    /// The field at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    /// Words for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// The value at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<Value>,
}

impl Problem {
    /// A problem of a hook, told in words.
    pub(super) fn custom(field: Option<&'static str>, message: impl Into<String>) -> Self {
        Self { resource: "Hook", code: "custom", field, message: Some(message.into()), value: None }
    }

    /// A field of a hook has a value it cannot have.
    pub(super) fn invalid(field: &'static str, value: impl Into<Value>) -> Self {
        Self { resource: "Hook", code: "invalid", field: Some(field), message: None, value: Some(value.into()) }
    }

    /// A required field is absent.
    pub(super) fn missing(resource: &'static str, field: &'static str) -> Self {
        Self { resource, code: "missing_field", field: Some(field), message: None, value: None }
    }

    /// Another one has that name already.
    pub(super) fn already_exists(field: &'static str) -> Self {
        Self { resource: "Hook", code: "already_exists", field: Some(field), message: None, value: None }
    }

    /// The same with words added.
    pub(super) fn saying(self, message: impl Into<String>) -> Self {
        Self { message: Some(message.into()), ..self }
    }

    /// The same, of another kind of thing.
    pub(super) fn of(self, resource: &'static str) -> Self {
        Self { resource, ..self }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::NameTaken => {
                let taken = "name already exists on this account";
                Self::Invalid(vec![Problem::custom(Some("name"), taken).of("Repository")])
            }
            error => Self::Store(error),
        }
    }
}

impl ApiError {
    fn status(&self) -> StatusCode {
        match self {
            Self::BadCredentials | Self::RequiresAuthentication => StatusCode::UNAUTHORIZED,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Archived | Self::Forbidden(_) | Self::RateLimited | Self::TooManyProbes => StatusCode::FORBIDDEN,
            Self::TooLarge | Self::BadForm(FormError::TooLarge) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnknownVersion(_) | Self::BadJson | Self::NotAnObject | Self::BadForm(_) => StatusCode::BAD_REQUEST,
            Self::WrongTypes(_) | Self::Invalid(_) | Self::Unacceptable(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Store(StoreError::Full) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Store(StoreError::Busy | StoreError::Unavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::BadCredentials => "Bad credentials".to_owned(),
            Self::RequiresAuthentication => "Requires authentication".to_owned(),
            Self::NotFound => "Not Found".to_owned(),
            Self::Archived => "Repository was archived so is read-only.".to_owned(),
            Self::Forbidden(text) => (*text).to_owned(),
            Self::RateLimited => "API rate limit exceeded for this token.".to_owned(),
            Self::TooManyProbes => {
                "You have exceeded a secondary rate limit. A hook takes 10 pings and tests per minute.".to_owned()
            }
            Self::UnknownVersion(text) => format!("\"{text}\" is not a version of this API; versions are dates"),
            Self::BadJson => "Problems parsing JSON".to_owned(),
            Self::NotAnObject => "Body should be a JSON object".to_owned(),
            Self::TooLarge => "Body should be at most 1048576 bytes".to_owned(),
            Self::WrongTypes(lines) => format!("Invalid request.\n\n{}", lines.join("\n")),
            Self::Invalid(_) => "Validation Failed".to_owned(),
            Self::Unacceptable(text) => text.clone(),
            Self::BadForm(error) => format!("Problems parsing the form: {error}"),
            Self::Store(StoreError::Full) => "The disk is full; nothing was changed".to_owned(),
            Self::Store(StoreError::Busy | StoreError::Unavailable(_)) => {
                "The server is busy; nothing was changed".to_owned()
            }
            Self::Store(_) => "Server Error".to_owned(),
        }
    }

    /// The whole answer; `operation` says which page of the documentation to name.
    pub(super) fn respond(&self, operation: Operation) -> Response {
        #[derive(Serialize)]
        struct Envelope<'a> {
            message: String,
            #[serde(skip_serializing_if = "Option::is_none")]
            errors: Option<&'a [Problem]>,
            documentation_url: String,
            status: &'a str,
        }
        if let Self::Store(error) = self {
            tracing::error!(%error, "the store refused a management request");
        }
        let errors = if let Self::Invalid(problems) = self { Some(problems.as_slice()) } else { None };
        let docs = match self {
            Self::BadCredentials => "",
            Self::RateLimited => "/overview/rate-limits-for-the-rest-api",
            Self::TooManyProbes => "/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits",
            Self::UnknownVersion(_) => "/about-the-rest-api/api-versions",
            _ => operation.docs,
        };
        let status = self.status();
        let body = Envelope {
            message: self.message(),
            errors,
            documentation_url: format!("{DOCS}{docs}"),
            status: status.as_str(),
        };
        let text = serde_json::to_vec(&body).unwrap_or_default();
        let mut response = (status, [(CONTENT_TYPE, HeaderValue::from_static(JSON))], text).into_response();
        let wait = match self {
            Self::TooManyProbes => Some("60"),
            _ => (status == StatusCode::SERVICE_UNAVAILABLE).then_some("1"),
        };
        if let Some(seconds) = wait {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        response
    }
}

/// Handlers do not know their operation: the frame around them writes the answer, from this note.
#[derive(Clone, Debug)]
pub(super) struct Refused(pub(super) std::sync::Arc<ApiError>);

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Refused(std::sync::Arc::new(self)));
        response
    }
}
