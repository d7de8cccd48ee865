//! The webhook object (contract bitbucket-datacenter section 1.1).

use domain::hook::{Hook, HookScope};
use domain::secret::MASK;
use domain::time::Timestamp;
use serde_json::{Map, Value, json};

use super::fields::{SECRET_KEY, configuration_of, name_of};

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
        "events": hook.events,
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

/// The word for a scope.
pub(super) fn scope_type(scope: HookScope) -> &'static str {
    match scope {
        HookScope::Repository(_) => "repository",
        // Hooks of topics and apps are never shown here.
        HookScope::Account(_) | HookScope::Topic(_) | HookScope::App(_) => "project",
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
