//! What programs are answered: a form, or JSON if they ask for it, and errors under GitHub's names with status 200, as
//! GitHub has it: its clients look at the body.

use std::time::Duration;

use axum::http::header::{ACCEPT, CONTENT_TYPE, PRAGMA, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::ports::StoreError;
use form_urlencoded::Serializer;
use serde_json::Value;

/// Where errors are explained.
const DOCS: &str =
    "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors";

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// `a=1&b=2`, unless asked for otherwise.
    Form,
    /// A JSON object.
    Json,
}

impl Format {
    /// What this caller wants.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
        if accept.to_ascii_lowercase().contains("json") { Self::Json } else { Self::Form }
    }
}

/// An answer to a program. Never kept by caches: tokens are in it (RFC 6749 section 5.1).
#[derive(Debug)]
pub(super) struct Answer {
    status: StatusCode,
    format: Format,
    members: Vec<(&'static str, Value)>,
}

impl Answer {
    /// A good answer.
    pub(super) fn of(format: Format, members: Vec<(&'static str, Value)>) -> Self {
        Self { status: StatusCode::OK, format, members }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let (kind, body) = match self.format {
            Format::Json => {
                let members = self.members.into_iter().map(|(name, value)| (name.to_owned(), value));
                ("application/json; charset=utf-8", Value::Object(members.collect()).to_string())
            }
            Format::Form => {
                let mut form = Serializer::new(String::new());
                for (name, value) in &self.members {
                    match value {
                        Value::String(text) => form.append_pair(name, text),
                        other => form.append_pair(name, &other.to_string()),
                    };
                }
                ("application/x-www-form-urlencoded; charset=utf-8", form.finish())
            }
        };
        let mut response = (self.status, [(CONTENT_TYPE, kind), (PRAGMA, "no-cache")], body).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, 1.into());
        }
        response
    }
}

/// Why a program got nothing.
#[derive(Debug)]
pub(super) enum Fault {
    /// The body is neither a form nor a JSON object, or too large.
    Unreadable,
    /// No such client, or not its secret.
    BadClient,
    /// The redirect URL is not the one the code was sent to.
    OtherRedirect,
    /// The code is unknown, spent, too old, or another's; or its verifier does not match.
    BadCode,
    /// A grant type that does not exist here.
    UnsupportedGrant,
    /// The application may not use the device flow.
    NoDeviceFlow,
    /// The device code is unknown, spent, or another's.
    BadDeviceCode,
    /// The user has not answered yet.
    Pending,
    /// Polled too early; from now on this long must lie between polls.
    SlowDown(Duration),
    /// The device code has ended.
    DeviceExpired,
    /// The user said no.
    Denied,
    /// The store did not do it.
    Store(StoreError),
}

impl Fault {
    /// The whole answer.
    pub(super) fn answer(&self, format: Format) -> Answer {
        let (error, description) = self.words();
        let mut members: Vec<(&'static str, Value)> =
            vec![("error", error.into()), ("error_description", description.into()), ("error_uri", DOCS.into())];
        if let Self::SlowDown(interval) = self {
            members.push(("interval", interval.as_secs().into()));
        }
        Answer { status: self.status(), format, members }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::Store(StoreError::Full) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Store(StoreError::Busy | StoreError::Unavailable(_)) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Store(_) => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::OK,
        }
    }

    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Self::Unreadable => ("invalid_request", "The body must be a form or a JSON object of at most 64 KiB."),
            Self::BadClient => {
                ("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.")
            }
            Self::OtherRedirect => (
                "redirect_uri_mismatch",
                "The redirect_uri MUST match the registered callback URL for this application.",
            ),
            Self::BadCode => ("bad_verification_code", "The code passed is incorrect or expired."),
            Self::UnsupportedGrant => {
                ("unsupported_grant_type", "The grant_type must be authorization_code or the device code's.")
            }
            Self::NoDeviceFlow => ("device_flow_disabled", "Device Flow must be explicitly enabled for this App."),
            Self::BadDeviceCode => ("incorrect_device_code", "The device_code provided is not valid."),
            Self::Pending => ("authorization_pending", "The authorization request is still pending."),
            Self::SlowDown(_) => ("slow_down", "Too many requests have been made in the same timeframe."),
            Self::DeviceExpired => ("expired_token", "This 'device_code' has expired."),
            Self::Denied => ("access_denied", "The authorization request was denied."),
            Self::Store(StoreError::Full | StoreError::Busy | StoreError::Unavailable(_)) => {
                ("temporarily_unavailable", "The server cannot do that now; nothing was changed.")
            }
            Self::Store(_) => ("server_error", "The server failed."),
        }
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        tracing::warn!(%error, "the store refused a step of an OAuth flow");
        Self::Store(error)
    }
}
