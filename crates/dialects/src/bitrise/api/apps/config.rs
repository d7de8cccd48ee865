//! `/apps/{app}/bitrise.yml`.

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use bytes::Bytes;
use domain::ci::{AppRole, CiApp, MAX_CONFIG};
use serde::Serialize;
use serde_json::Value;

use crate::bitrise::api::call::Call;
use crate::bitrise::api::errors::{Reject, Reply};
use crate::bitrise::check_config;
use crate::bitrise::trigger::Config;
use crate::http::{BodyError, parse_json, read_body};

/// Room for a configuration as a JSON string, where line breaks and quotes take two bytes each.
const MAX_BODY: usize = 2 * MAX_CONFIG + 64 * 1024;

/// Shows the configuration as the text it is.
pub(super) async fn show(call: Call) -> Result<impl IntoResponse, Reject> {
    let app = call.app(AppRole::Developer)?;
    let text = app.config.clone().ok_or_else(|| Reject::new(StatusCode::NOT_FOUND, "the app has no bitrise.yml"))?;
    Ok(([(CONTENT_TYPE, "text/yaml; charset=utf-8")], text.to_string()))
}

/// `{"status":"ok"}`: what the newer official client reads; older ones read nothing.
#[derive(Debug, Serialize)]
pub(super) struct Saved {
    status: &'static str,
}

/// A configuration on its way in, of at most [`MAX_BODY`] bytes.
#[derive(Debug)]
pub(super) struct ConfigBody(Bytes);

impl<S: Send + Sync> FromRequest<S> for ConfigBody {
    type Rejection = Reject;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Reject> {
        match read_body(request.into_body(), MAX_BODY).await {
            Ok(bytes) => Ok(Self(bytes)),
            Err(BodyError::TooLarge) => Err(too_large()),
            Err(BodyError::Broken) => Err(Reject::bad("the body could not be read")),
        }
    }
}

/// Stores a configuration, if its triggers hold together: the text as it came, an object as JSON, which is YAML, too.
pub(super) async fn save(call: Call, body: ConfigBody) -> Result<Reply<Saved>, Reject> {
    let app = call.app(AppRole::Admin)?;
    let text = text_of(&body.0)?;
    if text.len() > MAX_CONFIG {
        return Err(too_large());
    }
    check_config(&text).map_err(Reject::unprocessable)?;
    let ports = &call.shared.ports;
    let edit = Box::new(move |old| CiApp { config: Some(text.into()), ..old });
    ports.store.update_ci_app(app.id, ports.clock.now(), edit).await?;
    Ok(Reply::ok(Saved { status: "ok" }))
}

fn text_of(body: &[u8]) -> Result<String, Reject> {
    let Some(Value::Object(mut members)) = parse_json(body) else {
        return Err(Reject::bad("the body is not a JSON object"));
    };
    match members.remove("app_config_datastore_yaml") {
        Some(Value::String(text)) => Ok(text),
        Some(object @ Value::Object(_)) => Ok(format!("{object:#}\n")),
        None | Some(Value::Null) => Err(Reject::bad("app_config_datastore_yaml: is missing")),
        Some(_) => Err(Reject::bad("app_config_datastore_yaml: must be a string or an object")),
    }
}

fn too_large() -> Reject {
    Reject::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the bitrise.yml is larger than {MAX_CONFIG} bytes"))
}

/// The workflows that can be triggered, in order: those that are no parts of others.
pub(super) fn workflows(app: &CiApp) -> Vec<String> {
    let config = app.config.as_deref().and_then(|text| Config::parse(text).ok());
    let names = config.as_ref().map(Config::workflows).unwrap_or_default();
    names.iter().filter(|name| !name.starts_with('_')).cloned().collect()
}
