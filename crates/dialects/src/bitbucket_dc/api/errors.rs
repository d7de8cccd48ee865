//! Errors as this API words them (contract bitbucket-datacenter section 1.2). Clients match on exception names.

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::hook::HookConflict;
use domain::ports::StoreError;
use serde::Serialize;

/// Why a request got no good answer.
#[derive(Debug)]
pub(super) enum ApiError {
    /// No credentials.
    Anonymous,
    /// Credentials that do not check out.
    BadCredentials,
    /// Not an administrator of what the path names, or the token may not act as one: 401, this API has no 403.
    NotPermitted,
    /// No project has this key.
    NoSuchProject(String),
    /// The project of this key has no repository of this name.
    NoSuchRepository(String, String),
    /// No user has this name.
    NoSuchUser(String),
    /// No such webhook here.
    NoSuchHook,
    /// No such path.
    NoRoute,
    /// The path exists, with other methods.
    WrongMethod,
    /// The caller does not take JSON.
    NotAcceptable,
    /// The body is declared to be something else.
    NotJson,
    /// The body is not a JSON object, or no JSON at all.
    BadJson,
    /// The body is over the limit.
    TooLarge,
    /// Well-formed, but not acceptable.
    Invalid(Vec<Problem>),
    /// A change to an archived repository.
    Archived,
    /// The scope has this many hooks, and cannot have more.
    TooManyHooks(usize),
    /// Too many test requests (E-12).
    TooManyProbes,
    /// The store did not do it.
    Store(StoreError),
}

/// One item of `errors`, about a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// The field at fault.
    pub(super) field: &'static str,
    /// Words for people.
    pub(super) message: String,
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NoSuchHook,
            StoreError::Conflict(HookConflict::TooMany { limit, .. }) => Self::TooManyHooks(limit),
            error => Self::Store(error),
        }
    }
}

impl ApiError {
    /// A single field is at fault.
    pub(super) fn field(field: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Problem { field, message: message.into() }])
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Anonymous | Self::BadCredentials | Self::NotPermitted => StatusCode::UNAUTHORIZED,
            Self::NoSuchProject(_)
            | Self::NoSuchRepository(..)
            | Self::NoSuchUser(_)
            | Self::NoSuchHook
            | Self::NoRoute => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::BadJson | Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Archived | Self::TooManyHooks(_) => StatusCode::CONFLICT,
            Self::TooManyProbes => StatusCode::TOO_MANY_REQUESTS,
            Self::Store(StoreError::Full) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Store(StoreError::Busy | StoreError::Unavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The class name, where the product names one.
    fn exception(&self) -> Option<&'static str> {
        Some(match self {
            Self::Anonymous => "com.atlassian.plugins.rest.api.security.exception.AuthenticationRequiredException",
            Self::BadCredentials => "com.atlassian.bitbucket.auth.IncorrectPasswordAuthenticationException",
            Self::NotPermitted => "com.atlassian.bitbucket.AuthorisationException",
            Self::NoSuchProject(_) => "com.atlassian.bitbucket.project.NoSuchProjectException",
            Self::NoSuchRepository(..) => "com.atlassian.bitbucket.repository.NoSuchRepositoryException",
            Self::NoSuchUser(_) => "com.atlassian.bitbucket.user.NoSuchUserException",
            Self::NoSuchHook => "com.atlassian.bitbucket.NoSuchEntityException",
            Self::BadJson => "com.atlassian.bitbucket.validation.ArgumentValidationException",
            Self::Archived | Self::TooManyHooks(_) => "com.atlassian.bitbucket.IntegrityException",
            Self::NoRoute
            | Self::WrongMethod
            | Self::NotAcceptable
            | Self::NotJson
            | Self::TooLarge
            | Self::Invalid(_)
            | Self::TooManyProbes
            | Self::Store(_) => return None,
        })
    }

    fn message(&self) -> String {
        match self {
            Self::Anonymous => "You must be logged in to use this resource.".to_owned(),
            Self::BadCredentials => "The token is wrong or has expired.".to_owned(),
            Self::NotPermitted => "You may not use this resource.".to_owned(),
            Self::NoSuchProject(key) => format!("Project {key} does not exist."),
            Self::NoSuchRepository(key, slug) => format!("Repository {key}/{slug} does not exist."),
            Self::NoSuchUser(slug) => format!("User {slug} does not exist."),
            Self::NoSuchHook => "The webhook does not exist.".to_owned(),
            Self::NoRoute => "There is no such resource.".to_owned(),
            Self::WrongMethod => "The resource does not have this method.".to_owned(),
            Self::NotJson => "The content type must be application/json.".to_owned(),
            Self::BadJson => "The body must be a JSON object.".to_owned(),
            Self::TooLarge => "The body must be at most 1048576 bytes.".to_owned(),
            Self::Archived => "The repository is archived, so it is read-only.".to_owned(),
            Self::TooManyHooks(limit) => format!("There can be at most {limit} webhooks here."),
            Self::TooManyProbes => "There can be at most 10 test requests per minute.".to_owned(),
            Self::Store(StoreError::Full) => "The disk is full; nothing was changed.".to_owned(),
            Self::Store(StoreError::Busy | StoreError::Unavailable(_)) => {
                "The server is busy; nothing was changed.".to_owned()
            }
            Self::Store(_) => "An internal error occurred.".to_owned(),
            Self::NotAcceptable | Self::Invalid(_) => String::new(),
        }
    }

    /// The items of `errors`.
    fn items(&self) -> Vec<Item> {
        match self {
            Self::Invalid(problems) => problems
                .iter()
                .map(|problem| Item {
                    context: Some(problem.field),
                    message: problem.message.clone(),
                    exception_name: None,
                })
                .collect(),
            _ => vec![Item { context: None, message: self.message(), exception_name: self.exception() }],
        }
    }
}

/// One item of the envelope.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    context: Option<&'static str>,
    message: String,
    exception_name: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Envelope {
    errors: Vec<Item>,
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        if let Self::Store(error) = &self {
            tracing::error!(%error, "the store refused a management request");
        }
        let status = self.status();
        if matches!(self, Self::NotAcceptable) {
            return status.into_response();
        }
        let mut response = (status, Json(Envelope { errors: self.items() })).into_response();
        let wait = match status {
            StatusCode::TOO_MANY_REQUESTS => Some("60"),
            StatusCode::SERVICE_UNAVAILABLE => Some("1"),
            _ => None,
        };
        if let Some(seconds) = wait {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        response
    }
}
