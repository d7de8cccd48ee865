//! How hooks are shown, and how their settings are read.

use std::time::Duration;

use domain::directory::Directory;
use domain::flow::hub::callback_host;
use domain::hook::{ALL_EVENTS, BodyFormat, Hook, HookScope};
use domain::rules::backoff::Schedule;
use domain::rules::breaker::{Breaker, OnOpen};
use domain::rules::target::TargetUrl;
use domain::secret::{MASK, Secret};
use domain::time::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::Answer;
use super::errors::Reject;
use super::fields::Fields;

/// Longest secret, in bytes.
const MAX_SECRET: usize = 1_024;
/// Most event names of one hook.
const MAX_EVENTS: usize = 200;
/// Most retries of a schedule of one's own.
const MAX_RETRIES: usize = 20;
/// Longest pause in one, in seconds: a delivery open for longer expires (D-19).
const MAX_PAUSE: u32 = 7 * 86_400;

/// A hook as it is answered. Never its secret (S-4).
#[derive(Debug, Serialize)]
pub(crate) struct HookJson {
    id: i64,
    uid: String,
    dialect: &'static str,
    scope: String,
    url: String,
    events: Vec<String>,
    content_type: &'static str,
    secret_set: bool,
    insecure_ssl: bool,
    active: bool,
    timeout: Option<u64>,
    retries: Value,
    queued: u64,
    breaker: BreakerJson,
    expires_at: Option<String>,
    created_at: String,
    updated_at: String,
}

/// How a hook's breaker stands (D-20).
#[derive(Debug, Serialize)]
struct BreakerJson {
    state: &'static str,
    failures: u32,
    open_until: Option<String>,
    on_open: &'static str,
}

/// What is known of a hook beside what was configured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Health {
    /// Deliveries waiting in the database.
    pub(crate) queued: u64,
    /// Its breaker.
    pub(crate) breaker: Breaker,
    /// What the breaker does when it is open.
    pub(crate) on_open: OnOpen,
    /// The moment of looking.
    pub(crate) now: Timestamp,
}

impl HookJson {
    /// The hook, and how it fares.
    pub(crate) fn new(directory: &Directory, hook: &Hook, health: &Health) -> Self {
        Self {
            id: hook.id.0,
            uid: hook.uid.to_string(),
            dialect: hook.dialect.0,
            scope: scope_text(directory, hook.scope),
            url: shown_url(hook.scope, &hook.url),
            events: hook.events.clone(),
            content_type: match hook.format {
                BodyFormat::Json => "json",
                BodyFormat::Form => "form",
            },
            secret_set: hook.secret.is_some(),
            insecure_ssl: hook.insecure_tls,
            active: hook.active,
            timeout: hook.timeout.map(|timeout| timeout.as_secs()),
            retries: match &hook.retries {
                None => Value::Null,
                Some(Schedule::Custom(delays)) => json!(delays),
                Some(Schedule::Postrider) => "postrider".into(),
                Some(Schedule::Standard) => "standard".into(),
                Some(Schedule::Vendor) => "vendor".into(),
                Some(Schedule::None) => "none".into(),
            },
            queued: health.queued,
            breaker: BreakerJson {
                state: health.breaker.state(health.now).as_str(),
                failures: health.breaker.failures,
                open_until: health.breaker.open_until.map(Timestamp::rfc3339_millis),
                on_open: health.on_open.as_str(),
            },
            expires_at: hook.expires_at.map(Timestamp::rfc3339_millis),
            created_at: hook.created_at.rfc3339_millis(),
            updated_at: Timestamp::rfc3339_millis(hook.updated_at),
        }
    }
}

/// `/repos/acme/widgets`, `/orgs/acme`.
fn scope_text(directory: &Directory, scope: HookScope) -> String {
    let text = match scope {
        HookScope::Repository(id) => {
            directory.locate_by_id(id).map(|found| format!("/repos/{}/{}", found.owner.login, found.repository.name))
        }
        HookScope::Account(id) => directory.account_by_id(id).map(|account| format!("/orgs/{}", account.login)),
        HookScope::Topic(id) => directory.topic_by_id(id).map(|topic| topic.url.clone()),
        HookScope::App(id) => directory.ci_app_by_id(id).map(|app| format!("/apps/{}", app.uid)),
    };
    text.unwrap_or_default()
}

/// A hook's URL as it is shown: without a password, and of a subscriber's callback no more than the host, because the
/// rest can be its secret (S-9).
pub(crate) fn shown_url(scope: HookScope, url: &TargetUrl) -> String {
    match scope {
        HookScope::Repository(_) | HookScope::Account(_) | HookScope::App(_) => without_password(url.as_str()),
        HookScope::Topic(_) => {
            let scheme = url.target().map_or("http", |target| if target.tls { "https" } else { "http" });
            format!("{scheme}://{}/{MASK}", callback_host(url))
        }
    }
}

/// A URL without its userinfo (E-2, S-4): the whole of it gives way to the mask.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    match rest[..end].rfind('@') {
        Some(at) => format!("{scheme}://{MASK}@{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

/// `events`: all, unless given; `wildcard` says whether the dialect's hooks can listen to all.
pub(crate) fn events(body: &mut Fields, wildcard: bool, known: impl Fn(&str) -> bool) -> Answer<Vec<String>> {
    let asked = body.optional::<Vec<String>>("events")?;
    let asked = asked.unwrap_or_else(|| vec![ALL_EVENTS.to_owned()]);
    if !wildcard && asked.iter().any(|event| event == ALL_EVENTS) {
        return Err(Reject::invalid("events", "must name events: hooks of this dialect cannot listen to all"));
    }
    if asked.is_empty() || asked.len() > MAX_EVENTS {
        return Err(Reject::invalid("events", "must name 1 to 200 events, or \"*\" for all"));
    }
    let mut events: Vec<String> = Vec::with_capacity(asked.len());
    for event in asked {
        if event != ALL_EVENTS && !known(&event) {
            return Err(Reject::invalid("events", format!("the dialect has no event {event:?} here")));
        }
        if !events.contains(&event) {
            events.push(event);
        }
    }
    Ok(events)
}

/// `secret`: absent is unsigned, empty or masked is refused (S-4, S-6).
pub(crate) fn secret(body: &mut Fields) -> Answer<Option<Secret>> {
    match body.optional::<String>("secret")? {
        None => Ok(None),
        Some(text) if text.is_empty() => Err(Reject::invalid("secret", "must not be empty; leave it out for none")),
        Some(text) if text == MASK => Err(Reject::invalid("secret", "is the mask, not a secret")),
        Some(text) if text.len() > MAX_SECRET => Err(Reject::invalid("secret", "is longer than 1024 bytes")),
        Some(text) => Ok(Some(Secret::new(text))),
    }
}

/// `content_type`: JSON, unless given; `form` says whether the dialect has forms.
pub(crate) fn format(body: &mut Fields, form: bool) -> Answer<BodyFormat> {
    match body.optional::<String>("content_type")?.as_deref() {
        None | Some("json") => Ok(BodyFormat::Json),
        Some("form") if form => Ok(BodyFormat::Form),
        Some("form") => Err(Reject::invalid("content_type", "must be json: this dialect has no forms")),
        Some(_) => Err(Reject::invalid("content_type", "must be json or form")),
    }
}

/// `timeout`, in seconds.
pub(crate) fn timeout(body: &mut Fields) -> Answer<Option<Duration>> {
    match body.optional::<u64>("timeout")? {
        None => Ok(None),
        Some(seconds @ 1..=30) => Ok(Some(Duration::from_secs(seconds))),
        Some(_) => Err(Reject::invalid("timeout", "must be 1 to 30 seconds")),
    }
}

/// `retries`: a preset, or seconds between attempts (D-18).
pub(crate) fn retries(body: &mut Fields) -> Answer<Option<Schedule>> {
    let refused = || {
        let rule = "must be postrider, standard, vendor, none, or at most 20 numbers of seconds up to a week";
        Err(Reject::invalid("retries", rule))
    };
    match body.optional::<Value>("retries")? {
        None => Ok(None),
        Some(Value::String(name)) => match name.as_str() {
            "postrider" => Ok(Some(Schedule::Postrider)),
            "standard" => Ok(Some(Schedule::Standard)),
            "vendor" => Ok(Some(Schedule::Vendor)),
            "none" => Ok(Some(Schedule::None)),
            _ => refused(),
        },
        Some(list @ Value::Array(_)) => match serde_json::from_value::<Vec<u32>>(list) {
            Ok(delays) if delays.len() <= MAX_RETRIES && delays.iter().all(|delay| *delay <= MAX_PAUSE) => {
                Ok(Some(Schedule::Custom(delays)))
            }
            _ => refused(),
        },
        Some(_) => refused(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s4_urls_are_shown_without_credentials() {
        assert_eq!(without_password("https://bob:pw@h.test/x@y?u=a@b"), "https://********@h.test/x@y?u=a@b");
        assert_eq!(without_password("https://h.test/x@y"), "https://h.test/x@y");
        assert_eq!(without_password("https://bob@h.test"), "https://********@h.test");
    }
}
