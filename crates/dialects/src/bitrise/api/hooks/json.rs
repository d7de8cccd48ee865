//! The webhook object (contract bitrise section 3). There is no member for the secret.

use domain::hook::Hook;
use serde::Serialize;
use serde_json::{Map, Value};

use super::fields::verbatim_url;
use crate::bitrise::api::times::Micros;
use crate::bitrise::events::words_of;
use crate::bitrise::ulid;

/// The member of [`Hook::extra`] of hooks that an add-on has made.
pub(super) const BY_ADDON: &str = "registered_by_addon";

/// A hook as this API tells it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct HookObject {
    slug: String,
    url: String,
    events: Vec<String>,
    /// Null when there are none.
    headers: Option<Map<String, Value>>,
    registered_by_addon: bool,
    created_at: Micros,
    updated_at: Micros,
}

impl HookObject {
    /// That hook.
    pub(super) fn of(hook: &Hook) -> Self {
        let headers = hook.headers.iter().map(|(name, value)| (name.clone(), value.expose().into()));
        Self {
            slug: ulid::of_uid(hook.uid),
            url: verbatim_url(hook).to_owned(),
            events: words_of(hook),
            headers: (!hook.headers.is_empty()).then(|| headers.collect()),
            registered_by_addon: hook.extra.get(BY_ADDON).and_then(Value::as_bool).unwrap_or(false),
            created_at: Micros(hook.created_at),
            updated_at: Micros(hook.updated_at),
        }
    }
}

/// A new hook for both kinds of readers: those that want it as it is, and those that look below `data`.
#[derive(Debug, Serialize)]
pub(super) struct Created {
    #[serde(flatten)]
    bare: HookObject,
    data: HookObject,
}

impl Created {
    /// That hook.
    pub(super) fn of(hook: HookObject) -> Self {
        Self { bare: hook.clone(), data: hook }
    }
}
