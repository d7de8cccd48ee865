//! Reading the body of a create or update (contract bitbucket-datacenter section 1.1).

use domain::dialect::Dialect;
use domain::hook::{BasicAuth, Hook, HookScope};
use domain::rules::target::{TargetError, TargetUrl};
use domain::secret::{MASK, Secret};
use serde_json::{Map, Value};

use super::app::App;
use super::errors::ApiError;
use super::types::{MAX_TEXT, Problems};
use crate::bitbucket_dc::dialect::{BitbucketDataCenter, NAME};
use crate::bitbucket_dc::settings::PayloadDialect;
use crate::bitbucket_dc::variables;

/// Longest password, in characters: access tokens of other products fit.
const MAX_PASSWORD: usize = 4_096;
/// Most members of `configuration`.
const MAX_CONFIGURATION: usize = 100;
/// Longest URL, in characters; what is longer than a target may be is told so by the target's own check.
const MAX_URL_TEXT: usize = 65_536;

/// The member of [`Hook::extra`] that holds the name.
pub(super) const NAME_KEY: &str = "name";
/// The member of [`Hook::extra`] that holds `configuration` without the secret.
pub(super) const CONFIGURATION_KEY: &str = "configuration";
/// The member of `configuration` that is kept apart and encrypted.
pub(super) const SECRET_KEY: &str = "secret";

/// A body, member by member; absent members are `None`.
#[derive(Debug, Default)]
pub(super) struct HookFields {
    name: Option<String>,
    url: Option<TargetUrl>,
    events: Option<Vec<String>>,
    active: Option<bool>,
    configuration: Option<Configuration>,
    login: Option<Login>,
    verify_tls: Option<bool>,
    problems: Problems,
}

/// The `configuration` object.
#[derive(Clone, Debug, Default)]
pub(super) struct Configuration {
    /// As sent: possibly blank, possibly the mask.
    pub(super) secret: Option<Secret>,
    /// All other members.
    pub(super) entries: Map<String, Value>,
}

/// The `credentials` object.
#[derive(Clone, Debug)]
pub(super) struct Login {
    /// `username`; blank stands for no credentials at all.
    pub(super) user: String,
    /// `password`; without one, the stored one is kept.
    pub(super) password: Option<Secret>,
}

impl Login {
    /// Unless it is blank.
    pub(super) fn given(self) -> Option<Self> {
        (!self.user.is_empty()).then_some(self)
    }

    /// What is stored after this was sent, given what was stored before.
    pub(super) fn over(self, old: Option<BasicAuth>) -> BasicAuth {
        let kept = || old.map_or_else(|| Secret::new(""), |old| old.password);
        BasicAuth { user: self.user, password: self.password.unwrap_or_else(kept) }
    }
}

/// A whole webhook as asked for: what was left out has its default.
#[derive(Debug)]
pub(super) struct Wanted {
    /// `name`
    pub(super) name: String,
    /// `url`
    pub(super) url: TargetUrl,
    /// `events`
    pub(super) events: Vec<String>,
    /// `active`
    pub(super) active: bool,
    /// `configuration`
    pub(super) configuration: Configuration,
    /// `credentials`
    pub(super) login: Option<Login>,
    /// The opposite of `sslVerificationRequired`.
    pub(super) insecure_tls: bool,
}

/// Reads a webhook. Unknown members are ignored: clients send back whole objects, dates and all.
pub(super) fn read_hook(app: &App, scope: HookScope, body: &Map<String, Value>) -> HookFields {
    let mut problems = Problems::default();
    let mut fields = HookFields {
        name: problems.text(body, "name", MAX_TEXT),
        url: problems.text(body, "url", MAX_URL_TEXT).and_then(|text| check_url(app, &text, &mut problems)),
        events: problems.texts(body, "events"),
        active: problems.boolean(body, "active"),
        configuration: problems.object(body, "configuration").map(|members| configuration(members, &mut problems)),
        login: problems.object(body, "credentials").map(|members| login(members, &mut problems)),
        verify_tls: problems.boolean(body, "sslVerificationRequired"),
        problems: Problems::default(),
    };
    if fields.name.as_ref().is_some_and(|name| name.trim().is_empty()) {
        problems.add("name", "name must not be blank.");
    }
    check_events(&app.dialect, scope, fields.events.as_deref(), &mut problems);
    fields.problems = problems;
    fields
}

/// Event keys that a hook of that scope can listen to, and at least one.
fn check_events(dialect: &BitbucketDataCenter, scope: HookScope, events: Option<&[String]>, problems: &mut Problems) {
    let Some(events) = events else { return };
    if events.is_empty() {
        problems.add("events", "events must name at least one event.");
    }
    for event in events.iter().filter(|event| !dialect.knows_event(event, scope)) {
        let shown: String = event.chars().take(MAX_TEXT).collect();
        problems.add("events", format!("the event {shown} is unknown"));
    }
}

/// A target that may be saved (E-2), with variables that there are.
pub(super) fn check_url(app: &App, text: &str, problems: &mut Problems) -> Option<TargetUrl> {
    if let Err(bad) = variables::check(text) {
        problems.add("url", bad.to_string());
        return None;
    }
    let message = match TargetUrl::parse(text) {
        Ok(url) => match app.settings.url_policy.check(&url) {
            Ok(()) => return Some(url),
            Err(reason) => format!("The URL is not allowed ({reason})."),
        },
        Err(TargetError::Blank) => "The URL must not be blank.".to_owned(),
        Err(TargetError::TooLong) => "The URL must be at most 2048 bytes long.".to_owned(),
        Err(TargetError::Scheme) => "The URL must be http or https.".to_owned(),
        Err(TargetError::Malformed) => "The URL is not valid.".to_owned(),
    };
    problems.add("url", message);
    None
}

/// `configuration`: texts under any names. A null is as good as none.
fn configuration(members: &Map<String, Value>, problems: &mut Problems) -> Configuration {
    if members.len() > MAX_CONFIGURATION {
        problems.add("configuration", format!("configuration must have at most {MAX_CONFIGURATION} entries."));
    }
    let secret = problems.text(members, "configuration.secret", MAX_TEXT).map(Secret::new);
    let mut entries = Map::new();
    for (key, value) in members.iter().filter(|(key, value)| *key != SECRET_KEY && !value.is_null()) {
        match value {
            Value::String(text) if text.chars().count() <= MAX_TEXT && key.chars().count() <= MAX_TEXT => {
                entries.insert(key.clone(), Value::from(text.as_str()));
            }
            _ => problems.add(
                "configuration",
                format!("configuration must consist of strings of at most {MAX_TEXT} characters."),
            ),
        }
    }
    let dialect = entries.get(PayloadDialect::KEY).and_then(Value::as_str);
    if dialect.is_some_and(|name| PayloadDialect::parse(name).is_none()) {
        problems.add("configuration.payload_dialect", "configuration.payload_dialect must be epoch or iso.");
    }
    Configuration { secret, entries }
}

/// `credentials`
pub(super) fn login(members: &Map<String, Value>, problems: &mut Problems) -> Login {
    let user = problems.text(members, "credentials.username", MAX_TEXT).unwrap_or_default();
    let password = problems.text(members, "credentials.password", MAX_PASSWORD);
    // The first colon separates (RFC 7617), and control characters have no place in either part.
    if user.contains(':') || user.chars().any(char::is_control) {
        problems.add("credentials.username", "credentials.username must not contain colons or control characters.");
    }
    if password.as_ref().is_some_and(|password| password.chars().any(char::is_control)) {
        problems.add("credentials.password", "credentials.password must not contain control characters.");
    }
    if user.is_empty() && password.as_ref().is_some_and(|password| !password.is_empty()) {
        problems.add("credentials.username", "credentials.username must be given with a password.");
    }
    Login { user, password: password.map(Secret::new) }
}

impl HookFields {
    /// What was left out as it is in `hook` (setting `lenient_put`).
    pub(super) fn or(mut self, hook: &Hook) -> Self {
        self.name = self.name.or_else(|| Some(name_of(hook).to_owned()));
        self.url = self.url.or_else(|| Some(hook.url.clone()));
        self.events = self.events.or_else(|| Some(hook.events.clone()));
        self.active = self.active.or(Some(hook.active));
        self.verify_tls = self.verify_tls.or(Some(!hook.insecure_tls));
        let mut configuration = self.configuration.unwrap_or_default();
        // The mask stands for the stored secret, and a user name alone for the stored password.
        configuration.secret = configuration.secret.or_else(|| Some(Secret::new(MASK)));
        for (key, value) in configuration_of(hook).into_iter().flatten() {
            configuration.entries.entry(key.clone()).or_insert_with(|| value.clone());
        }
        self.configuration = Some(configuration);
        let stored = || hook.credentials.as_ref().map(|auth| Login { user: auth.user.clone(), password: None });
        self.login = self.login.or_else(stored);
        self
    }

    /// The whole, if nothing is wrong and nothing is missing.
    pub(super) fn complete(mut self) -> Result<Wanted, ApiError> {
        let name = self.problems.required(self.name, "name");
        let url = self.problems.required(self.url, "url");
        let events = self.problems.required(self.events, "events");
        self.problems.verdict()?;
        // With these three there, there was no problem, and the other way round.
        let (Some(name), Some(url), Some(events)) = (name, url, events) else { return Err(ApiError::BadJson) };
        Ok(Wanted {
            name,
            url,
            events,
            active: self.active.unwrap_or(true),
            configuration: self.configuration.unwrap_or_default(),
            login: self.login.and_then(Login::given),
            insecure_tls: !self.verify_tls.unwrap_or(true),
        })
    }
}

impl Wanted {
    /// What [`Hook::extra`] holds for it.
    pub(super) fn extra(name: String, entries: Map<String, Value>) -> Map<String, Value> {
        let name = (NAME_KEY.to_owned(), Value::from(name));
        [name, (CONFIGURATION_KEY.to_owned(), Value::Object(entries))].into_iter().collect()
    }
}

/// The name of a hook; the dialect's for one that was made elsewhere.
pub(super) fn name_of(hook: &Hook) -> &str {
    hook.extra.get(NAME_KEY).and_then(Value::as_str).unwrap_or(NAME.0)
}

/// The `configuration` of a hook, without the secret.
pub(super) fn configuration_of(hook: &Hook) -> Option<&Map<String, Value>> {
    hook.extra.get(CONFIGURATION_KEY).and_then(Value::as_object)
}
