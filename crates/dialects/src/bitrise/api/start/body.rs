//! What a trigger call sends.

use domain::ci::{BuildParams, BuildSecret, PRIORITIES};
use domain::secret::Secret;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::bitrise::api::errors::Reject;
use crate::bitrise::start::{TriggerCall, says_what};
use crate::http::parse_json;

/// Longest name of who triggers, in bytes.
const MAX_TRIGGERED_BY: usize = 255;

/// A trigger call's JSON object.
#[derive(Debug)]
pub(super) struct TriggerBody(Map<String, Value>);

/// A secret, as it is sent.
#[derive(Deserialize)]
struct SentSecret {
    key: String,
    #[serde(default)]
    value: String,
    #[serde(default = "yes")]
    is_expand: bool,
}

fn yes() -> bool {
    true
}

impl TriggerBody {
    /// Reads a JSON object, or one under its key `payload`, or a form whose field `payload` is one. The content type
    /// says nothing: curl calls JSON a form.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, Reject> {
        let value = parse_json(bytes).or_else(|| {
            let (_, payload) = form_urlencoded::parse(bytes).find(|(name, _)| name == "payload")?;
            parse_json(payload.as_bytes())
        });
        match value {
            Some(Value::Object(mut root)) => match root.remove("payload") {
                Some(Value::Object(inner)) => Ok(Self(inner)),
                _ => Ok(Self(root)),
            },
            Some(_) | None => Err(Reject::bad("the body is not a JSON object, nor a form with one as its payload")),
        }
    }

    /// What kind of call it says it is.
    pub(super) fn hook_type(&self) -> Option<&str> {
        self.0.get("hook_info")?.get("type")?.as_str()
    }

    /// The app's trigger token, where older clients put it.
    pub(super) fn token(&self) -> Option<&str> {
        let info = self.0.get("hook_info")?;
        info.get("build_trigger_token").or_else(|| info.get("api_token"))?.as_str()
    }

    /// The call. `default_by` names who asks, if the body does not.
    pub(super) fn call(mut self, default_by: impl FnOnce() -> String) -> Result<TriggerCall, Reject> {
        let Some(Value::Object(mut sent)) = self.0.remove("build_params") else {
            return Err(Reject::bad("build_params: a JSON object is required"));
        };
        let secrets = sent.remove("secrets").map_or(Ok(Vec::new()), secrets)?;
        let original = Value::Object(sent.clone()).to_string().into();
        let params: BuildParams = serde_json::from_value(Value::Object(sent))
            .map_err(|error| Reject::bad(format!("build_params: {error}")))?;
        if params.priority.is_some_and(|priority| !PRIORITIES.contains(&priority)) {
            return Err(Reject::bad("build_params.priority: must be between -100 and 100"));
        }
        if !says_what(&params) {
            let five = "one of branch, tag, commit_hash, workflow_id and pipeline_id is required";
            return Err(Reject::bad(format!("build_params: {five}")));
        }
        let by = self.0.get("triggered_by").and_then(Value::as_str).filter(|by| !by.is_empty());
        if by.is_some_and(|by| by.len() > MAX_TRIGGERED_BY) {
            return Err(Reject::bad(format!("triggered_by: at most {MAX_TRIGGERED_BY} bytes")));
        }
        let triggered_by = Some(by.map_or_else(default_by, str::to_owned));
        Ok(TriggerCall { params, original, secrets, triggered_by, hops: 0 })
    }
}

/// The error does not quote what was sent.
fn secrets(sent: Value) -> Result<Vec<BuildSecret>, Reject> {
    if sent.is_null() {
        return Ok(Vec::new());
    }
    let sent: Vec<SentSecret> = serde_json::from_value(sent).map_err(|_| {
        Reject::bad("build_params.secrets: a list of objects with key, value and is_expand is expected")
    })?;
    let secrets = sent.into_iter().map(|secret| {
        if secret.key.is_empty() {
            return Err(Reject::bad("build_params.secrets: a key is empty"));
        }
        Ok(BuildSecret { key: secret.key, value: Secret::new(secret.value), is_expand: secret.is_expand })
    });
    secrets.collect()
}
