//! Reading the body of a create or update (contract bitbucket-cloud section 1.1).

use domain::hook::{Hook, HookScope};
use domain::rules::target::TargetUrl;
use domain::secret::Secret;
use serde_json::{Map, Value};

use super::app::App;
use super::errors::ApiError;
use super::problems::{Change, Problems};
use crate::bitbucket_cloud::events;

/// Longest secret, in characters (section 1.1).
const MAX_SECRET: usize = 128;
/// Longest description, in characters.
const MAX_DESCRIPTION: usize = 1_000;

/// The member of [`Hook::extra`] that keeps the description.
pub(super) const DESCRIPTION: &str = "description";
/// The member of [`Hook::extra`] that says whether people want to see the hook's requests.
pub(super) const HISTORY_ENABLED: &str = "history_enabled";

/// A body that makes sense. What is absent is `None`; unknown members were ignored.
#[derive(Debug)]
pub(super) struct HookFields {
    /// Where deliveries go.
    pub(super) url: Option<TargetUrl>,
    /// Event keys, each of them once.
    pub(super) events: Option<Vec<String>>,
    /// Whether it gets deliveries.
    pub(super) active: Option<bool>,
    /// Signs deliveries.
    pub(super) secret: Change<Secret>,
    /// Accept any certificate.
    pub(super) skip_cert_verification: Option<bool>,
    description: Change<String>,
    history_enabled: Option<bool>,
}

impl HookFields {
    /// Reads a body. `new`: a hook without URL or events is none.
    pub(super) fn read(body: &Map<String, Value>, app: &App, scope: HookScope, new: bool) -> Result<Self, ApiError> {
        let mut problems = Problems::default();
        let fields = Self {
            url: problems.url(body, app),
            events: problems.events(body, scope),
            active: problems.boolean(body, "active"),
            secret: problems.secret(body),
            skip_cert_verification: problems.boolean(body, "skip_cert_verification"),
            description: problems.description(body),
            history_enabled: problems.boolean(body, HISTORY_ENABLED),
        };
        for required in ["url", "events"] {
            if new && body.get(required).is_none_or(Value::is_null) {
                problems.add(required, "is required");
            }
        }
        problems.verdict().map(|()| fields)
    }

    /// Refuses a URL whose name does not resolve, or not to where deliveries may go (section 1.1). The URL that the hook
    /// has already may stay: clients send it along, whatever they edit.
    pub(super) async fn vet(&self, app: &App, present: Option<&TargetUrl>) -> Result<(), ApiError> {
        let Some(url) = self.url.as_ref().filter(|url| Some(*url) != present) else { return Ok(()) };
        let vetted = app.ports.sender.vet(url).await;
        vetted.map_err(|reason| ApiError::Invalid(Problems::one("url", format!("cannot be called: {reason}"))))
    }

    /// What the hook to be keeps for this surface alone.
    pub(super) fn extra(&mut self) -> Map<String, Value> {
        let mut extra = Map::new();
        self.put_extra(&mut extra);
        extra
    }

    /// The hook after this edit.
    pub(super) fn apply(mut self, mut hook: Hook) -> Hook {
        self.put_extra(&mut hook.extra);
        hook.url = self.url.unwrap_or(hook.url);
        hook.events = self.events.unwrap_or(hook.events);
        hook.active = self.active.unwrap_or(hook.active);
        hook.secret = self.secret.apply(hook.secret);
        hook.insecure_tls = self.skip_cert_verification.unwrap_or(hook.insecure_tls);
        hook
    }

    fn put_extra(&mut self, extra: &mut Map<String, Value>) {
        match std::mem::take(&mut self.description) {
            Change::Keep => {}
            Change::Clear => drop(extra.remove(DESCRIPTION)),
            Change::Set(text) => drop(extra.insert(DESCRIPTION.to_owned(), text.into())),
        }
        if let Some(on) = self.history_enabled {
            extra.insert(HISTORY_ENABLED.to_owned(), on.into());
        }
    }
}

impl Problems {
    fn url(&mut self, body: &Map<String, Value>, app: &App) -> Option<TargetUrl> {
        let Change::Set(text) = self.text(body, "url") else { return None };
        let parsed = TargetUrl::parse(&text).map_err(|error| error.to_string());
        let checked = parsed.and_then(|url| match app.settings.url_policy.check(&url) {
            Ok(()) => Ok(url),
            Err(reason) => Err(format!("the URL may not be called from here: {reason}")),
        });
        checked.map_err(|problem| self.add("url", problem)).ok()
    }

    fn secret(&mut self, body: &Map<String, Value>) -> Change<Secret> {
        match self.text(body, "secret") {
            Change::Keep => Change::Keep,
            Change::Clear => Change::Clear,
            Change::Set(text) if text.is_empty() => Change::Clear,
            Change::Set(text) => {
                if text.chars().count() > MAX_SECRET {
                    self.add("secret", format!("must have at most {MAX_SECRET} characters"));
                }
                Change::Set(Secret::new(text))
            }
        }
    }

    fn description(&mut self, body: &Map<String, Value>) -> Change<String> {
        let description = self.text(body, DESCRIPTION);
        if matches!(&description, Change::Set(text) if text.chars().count() > MAX_DESCRIPTION) {
            self.add(DESCRIPTION, format!("must have at most {MAX_DESCRIPTION} characters"));
        }
        description
    }

    /// Tells the first problem only: a list may have many thousand members.
    fn events(&mut self, body: &Map<String, Value>, scope: HookScope) -> Option<Vec<String>> {
        let items = match body.get("events")? {
            Value::Null => return None,
            Value::Array(items) => items,
            Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
                self.add("events", "must be a list of event keys");
                return None;
            }
        };
        match keys(items, scope) {
            Ok(events) => Some(events),
            Err(problem) => {
                self.add("events", problem);
                None
            }
        }
    }
}

fn keys(items: &[Value], scope: HookScope) -> Result<Vec<String>, String> {
    let mut keys: Vec<String> = Vec::new();
    for item in items {
        let key = item.as_str().ok_or("must be a list of event keys")?;
        if !events::exists(key, scope) {
            let shown: String = key.chars().take(100).collect();
            return Err(format!("{shown:?} is not an event that this webhook can get"));
        }
        if keys.iter().any(|known| known == key) {
            return Err(format!("{key:?} is there twice"));
        }
        keys.push(key.to_owned());
    }
    if keys.is_empty() { Err("must name at least one event".to_owned()) } else { Ok(keys) }
}

/// The description, if there is one.
pub(super) fn description(hook: &Hook) -> Option<&str> {
    hook.extra.get(DESCRIPTION).and_then(Value::as_str)
}

/// Do people want to see its requests?
pub(super) fn history_enabled(hook: &Hook) -> bool {
    hook.extra.get(HISTORY_ENABLED).and_then(Value::as_bool).unwrap_or(false)
}
