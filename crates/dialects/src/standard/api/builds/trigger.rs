//! Starts builds by hand.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use domain::ci::{AppRole, BuildParams, BuildSecret, PRIORITIES};
use domain::flow::builds as flow;
use domain::secret::Secret;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::build_json::BuildJson;
use crate::bitrise::start::{TriggerCall, plan, says_what};
use crate::bitrise::trigger::{ConfigCache, Patience};
use crate::standard::api::apps::managed;
use crate::standard::api::caller::Caller;
use crate::standard::api::errors::Reject;
use crate::standard::api::request::JsonBody;
use crate::standard::api::{Answer, Api};

/// What was started.
#[derive(Debug, Serialize)]
pub(crate) struct Triggered {
    message: String,
    builds: Vec<BuildJson>,
}

/// A secret as it is sent.
#[derive(Deserialize)]
struct SentSecret {
    key: String,
    #[serde(default)]
    value: String,
    is_expand: Option<bool>,
}

/// Starts what the app's triggers choose, or the workflow or pipeline that is named.
pub(crate) async fn trigger(
    State(context): Api,
    caller: Caller,
    JsonBody(mut body): JsonBody,
) -> Answer<(StatusCode, Json<Triggered>)> {
    let (app, _) = managed(&context, &caller, &body.required::<String>("app")?, AppRole::Developer)?;
    let original: Value = body.required("params")?;
    let params = BuildParams::deserialize(&original).map_err(|error| Reject::invalid("params", error.to_string()))?;
    // Malformed secrets are not quoted back.
    let secrets: Option<Value> = body.optional("secrets")?;
    body.finish()?;
    let secrets: Vec<SentSecret> = secrets.map_or(Ok(Vec::new()), |sent| {
        serde_json::from_value(sent)
            .map_err(|_| Reject::invalid("secrets", "must be a list of objects with key, value and is_expand"))
    })?;
    if !says_what(&params) || !original.is_object() {
        return Err(Reject::invalid("params", "must name a branch, tag, commit, workflow or pipeline"));
    }
    if params.priority.is_some_and(|priority| !PRIORITIES.contains(&priority)) {
        return Err(Reject::invalid("params.priority", "must be between -100 and 100"));
    }
    let secret = |sent: SentSecret| BuildSecret {
        key: sent.key,
        value: Secret::new(sent.value),
        is_expand: sent.is_expand.unwrap_or(true),
    };
    let call = TriggerCall {
        params,
        original: original.to_string().into(),
        secrets: secrets.into_iter().map(secret).collect(),
        triggered_by: Some(format!("manual-{}", caller.0.user.login)),
        hops: 0,
    };
    let patience = Patience::new(&context.ports.clock);
    let plan = plan(&context.ports, &ConfigCache::default(), &app, call, &patience);
    if let Some(refusal) = plan.reply.refusal() {
        return Err(Reject::conflict(refusal.to_owned()));
    }
    let waiting = !plan.requests.is_empty();
    let started = flow::start(&context.ports, plan.builds, plan.requests).await?;
    let message = if waiting { "waits for approval: the code comes from a fork" } else { "triggered" };
    let builds = started.iter().map(|build| BuildJson::new(&context, &app, build)).collect();
    Ok((StatusCode::CREATED, Json(Triggered { message: message.to_owned(), builds })))
}
