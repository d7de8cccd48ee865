//! The webhook object (contract bitbucket-datacenter section 1.1).

use domain::hook::{ALL_EVENTS, Hook, HookScope};
use domain::secret::MASK;
use domain::time::Timestamp;
use serde_json::{Map, Value, json};

use super::fields::{SECRET_KEY, configuration_of, name_of};
use crate::bitbucket_dc::events::KEYS;

/// How a secret is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Secrets {
    /// As it is: clients compare it with their own to see whether to update.
    Clear,
    /// As the mask.
    Masked,
}

/// A webhook, without statistics.
pub(super) fn webhook(hook: &Hook, secrets: Secrets) -> Map<String, Value> {
    let mut configuration = configuration_of(hook).cloned().unwrap_or_default();
    if let Some(secret) = &hook.secret {
        let shown = if secrets == Secrets::Clear { secret.expose() } else { MASK };
        configuration.insert(SECRET_KEY.to_owned(), Value::from(shown));
    }
    let mut whole = members(json!({
        "id": hook.id,
        "name": name_of(hook),
        "createdDate": millis(hook.created_at),
        "updatedDate": millis(hook.updated_at),
        "events": events(hook),
        "configuration": configuration,
    }));
    if let Some(credentials) = &hook.credentials {
        whole.insert("credentials".to_owned(), json!({"username": credentials.user}));
    }
    whole.extend(members(json!({
        "url": hook.url.as_str(),
        "active": hook.active,
        "scopeType": scope_type(hook.scope),
        "sslVerificationRequired": !hook.insecure_tls,
    })));
    whole
}

/// What a hook listens to. This API has no word for everything, which hooks made elsewhere may listen to.
fn events(hook: &Hook) -> Vec<&str> {
    let everything = hook.events.iter().any(|event| event == ALL_EVENTS);
    if everything { KEYS.to_vec() } else { hook.events.iter().map(String::as_str).collect() }
}

/// The word for a scope.
pub(super) fn scope_type(scope: HookScope) -> &'static str {
    match scope {
        HookScope::Repository(_) => "repository",
        HookScope::Account(_) => "project",
    }
}

/// Milliseconds since 1970.
pub(super) fn millis(moment: Timestamp) -> i64 {
    moment.as_micros().div_euclid(1_000)
}

/// The members of an object literal.
pub(super) fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        // Only ever called with `json!({…})`.
        _ => Map::new(),
    }
}
