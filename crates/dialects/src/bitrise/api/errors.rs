//! Answers and refusals as this API words them (contract bitrise section 2): JSON, ended by a newline.

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::hook::HookConflict;
use domain::ports::StoreError;
use serde::Serialize;
use serde_json::{Value, json};

/// The media type of all answers.
const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// A good answer.
#[derive(Debug)]
pub(super) struct Reply<T>(pub(super) StatusCode, pub(super) T);

impl<T: Serialize> Reply<T> {
    /// 200.
    pub(super) fn ok(body: T) -> Self {
        Self(StatusCode::OK, body)
    }
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        let mut bytes = crate::json::compact(&self.1, 256).to_vec();
        bytes.push(b'\n');
        (self.0, [(CONTENT_TYPE, JSON)], bytes).into_response()
    }
}

/// `{"data": …}`
#[derive(Debug, Serialize)]
pub(super) struct Data<T> {
    /// What it is about.
    pub(super) data: T,
}

/// Why a request got no good answer: `{"message": …}`.
#[derive(Debug)]
pub(super) struct Reject {
    status: StatusCode,
    message: String,
    /// Single problems, for clients that show them.
    errors: Vec<String>,
}

impl Reject {
    /// A refusal in words of its own.
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), errors: Vec::new() }
    }

    /// 400: something is wrong with the request.
    pub(super) fn bad(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// 401: no token where one is needed, or one that does not check out.
    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized")
    }

    /// 403: the caller's role, or the token's scopes, do not reach that far.
    pub(super) fn forbidden() -> Self {
        Self::new(StatusCode::FORBIDDEN, "Forbidden")
    }

    /// 404: absent, or not to be seen by this caller.
    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not Found")
    }

    /// 405: the path does not have that method.
    pub(super) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed")
    }

    /// 422: well-formed, but wrong in these ways.
    pub(super) fn unprocessable(errors: Vec<String>) -> Self {
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, "Unprocessable Entity") }
    }

    /// Its status.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// What it says.
    pub(super) fn message(&self) -> &str {
        &self.message
    }

    /// A body of this, under a status, with what comes with that status.
    fn told(&self, body: Value) -> Response {
        let mut response = Reply(self.status, body).into_response();
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

impl From<StoreError> for Reject {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::not_found(),
            StoreError::Conflict(HookConflict::TooMany { limit, .. }) => {
                Self::bad(format!("an app can have at most {limit} outgoing webhooks"))
            }
            StoreError::Full => Self::new(StatusCode::INSUFFICIENT_STORAGE, "The disk is full; nothing was changed"),
            StoreError::Busy | StoreError::Unavailable(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "The server is busy; nothing was changed")
            }
            error => {
                tracing::error!(%error, "the store refused a management request");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
            }
        }
    }
}

impl IntoResponse for Reject {
    fn into_response(self) -> Response {
        let mut body = json!({ "message": self.message });
        if !self.errors.is_empty() {
            body["errors"] = self.errors.clone().into();
        }
        self.told(body)
    }
}

/// The same as `{"error_msg": …}`: how the calls that register an app refuse. Their handlers take a
/// `Result<Call, Reject>`, so that a missing token is told like this, too.
#[derive(Debug)]
pub(super) struct ErrorMsg(pub(super) Reject);

impl<E: Into<Reject>> From<E> for ErrorMsg {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for ErrorMsg {
    fn into_response(self) -> Response {
        self.0.told(json!({ "error_msg": self.0.message }))
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn text(answer: impl IntoResponse) -> String {
        let (parts, body) = answer.into_response().into_parts();
        assert_eq!(parts.headers[CONTENT_TYPE], "application/json; charset=utf-8");
        let bytes = to_bytes(body, usize::MAX).await.expect("a body in memory");
        format!("{} {}", parts.status.as_u16(), String::from_utf8(bytes.to_vec()).expect("UTF-8"))
    }

    #[tokio::test]
    async fn refusals_have_the_texts_of_section_2_and_end_with_a_newline() {
        assert_eq!(text(Reject::unauthorized()).await, "401 {\"message\":\"Unauthorized\"}\n");
        assert_eq!(text(Reject::forbidden()).await, "403 {\"message\":\"Forbidden\"}\n");
        assert_eq!(text(Reject::not_found()).await, "404 {\"message\":\"Not Found\"}\n");
        assert_eq!(text(Reject::method_not_allowed()).await, "405 {\"message\":\"Method Not Allowed\"}\n");
        let wrong = Reject::unprocessable(vec!["a".to_owned()]);
        assert_eq!(text(wrong).await, "422 {\"message\":\"Unprocessable Entity\",\"errors\":[\"a\"]}\n");
        let corrupt: Reject = StoreError::Corrupt("hooks".to_owned()).into();
        assert_eq!(text(corrupt).await, "500 {\"message\":\"Internal Server Error\"}\n");
        assert_eq!(text(ErrorMsg::from(Reject::not_found())).await, "404 {\"error_msg\":\"Not Found\"}\n");
        assert_eq!(text(Reply::ok(Data { data: 1 })).await, "200 {\"data\":1}\n");
    }

    #[tokio::test]
    async fn a_busy_store_says_when_to_come_again() {
        let answer = Reject::from(StoreError::Busy).into_response();
        assert_eq!((answer.status().as_u16(), answer.headers().contains_key(RETRY_AFTER)), (503, true));
        assert_eq!(Reject::from(StoreError::Full).status().as_u16(), 507);
        assert_eq!(Reject::from(StoreError::NotFound).message(), "Not Found");
    }
}
