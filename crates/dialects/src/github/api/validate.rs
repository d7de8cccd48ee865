//! Reading the body of a create or update: JSON types first, as the published schema has them, then sense (contract
//! github sections 1.1 to 1.3 and 1.6).

use domain::hook::{BodyFormat, HookScope};
use domain::rules::target::{TargetError, TargetUrl};
use domain::secret::Secret;
use serde_json::{Map, Value};

use super::errors::{ApiError, Problem};
use super::types::Types;
use crate::UrlPolicy;
use crate::github::events::may_subscribe;

/// Longest secret accepted, in bytes.
pub(super) const MAX_SECRET: usize = 16 * 1024;

/// A body, member by member; absent members are `None`.
#[derive(Debug, Default)]
pub(super) struct HookFields {
    /// Always `web`; other names are refused where it matters.
    pub(super) name: Option<String>,
    /// See [`ConfigFields`]; `{}` and absence are told apart.
    pub(super) config: Option<ConfigFields>,
    /// Event names, duplicates removed.
    pub(super) events: Option<Vec<String>>,
    /// Event names to add.
    pub(super) add_events: Option<Vec<String>>,
    /// Event names to take away.
    pub(super) remove_events: Option<Vec<String>>,
    /// Whether it gets deliveries.
    pub(super) active: Option<bool>,
}

/// The `config` object; absent members are `None`.
#[derive(Debug, Default)]
pub(super) struct ConfigFields {
    /// Where deliveries go, unchecked.
    pub(super) url: Option<String>,
    /// `json`, `form`, or the media type that stands for one of them.
    pub(super) content_type: Option<String>,
    /// Possibly blank, possibly the mask.
    pub(super) secret: Option<Secret>,
    /// Accept any certificate; `Err` holds a value that is neither yes nor no.
    pub(super) insecure_ssl: Option<Result<bool, Value>>,
    /// Members nobody knows.
    unknown: Vec<String>,
}

impl ConfigFields {
    /// Was there nothing at all in it?
    pub(super) fn is_empty(&self) -> bool {
        self.url.is_none()
            && self.content_type.is_none()
            && self.secret.is_none()
            && self.insecure_ssl.is_none()
            && self.unknown.is_empty()
    }
}

/// Reads a hook body. Unknown top-level members are ignored: clients post whole hook objects.
pub(super) fn read_hook(body: &Map<String, Value>) -> Result<HookFields, ApiError> {
    let mut types = Types::default();
    let fields = HookFields {
        name: types.string(body, "name"),
        config: types.object(body, "config").map(|config| read_config_members(config, &mut types)),
        events: types.strings(body, "events"),
        add_events: types.strings(body, "add_events"),
        remove_events: types.strings(body, "remove_events"),
        active: types.boolean(body, "active"),
    };
    types.verdict().map(|()| fields)
}

/// Reads the body of a config update, which is the `config` object itself.
pub(super) fn read_config(body: &Map<String, Value>) -> Result<ConfigFields, ApiError> {
    let mut types = Types::default();
    let fields = read_config_members(body, &mut types);
    types.verdict().map(|()| fields)
}

fn read_config_members(config: &Map<String, Value>, types: &mut Types) -> ConfigFields {
    let known = ["url", "content_type", "secret", "insecure_ssl"];
    ConfigFields {
        url: types.string(config, "url"),
        content_type: types.string(config, "content_type"),
        secret: types.string(config, "secret").map(Secret::new),
        insecure_ssl: types.switch(config, "insecure_ssl"),
        unknown: config.keys().filter(|key| !known.contains(&key.as_str())).cloned().collect(),
    }
}

/// The usable parts of a [`ConfigFields`].
#[derive(Debug)]
pub(super) struct Config {
    /// Where deliveries go, if it was said.
    pub(super) url: Option<TargetUrl>,
    /// How bodies are written, if it was said.
    pub(super) format: Option<ContentType>,
    /// The secret as sent, if it was.
    pub(super) secret: Option<Secret>,
    /// Accept any certificate, if it was said.
    pub(super) insecure_tls: Option<bool>,
}

/// A body format, and the word the caller used for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ContentType {
    /// What it means.
    pub(super) format: BodyFormat,
    /// A media type to be given back instead of the format's name.
    pub(super) alias: Option<&'static str>,
}

/// The member of [`domain::hook::Hook::extra`] that keeps a content type given as a media type.
pub(super) const ALIAS_KEY: &str = "content_type";

impl ContentType {
    const ALL: [(&'static str, Self); 4] = [
        ("json", Self { format: BodyFormat::Json, alias: None }),
        ("form", Self { format: BodyFormat::Form, alias: None }),
        ("application/json", Self { format: BodyFormat::Json, alias: Some("application/json") }),
        (
            "application/x-www-form-urlencoded",
            Self { format: BodyFormat::Form, alias: Some("application/x-www-form-urlencoded") },
        ),
    ];

    /// The format under one of its names.
    fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, content_type)| *content_type)
    }
}

/// Finds out what is wrong with values of the right type. Collects everything, then tells it at once.
#[derive(Debug, Default)]
pub(super) struct Sense(Vec<Problem>);

impl Sense {
    /// Adds a problem.
    pub(super) fn add(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Checks a configuration. `url_required`: a hook without a URL is none.
    pub(super) fn config(&mut self, fields: &ConfigFields, policy: &UrlPolicy, url_required: bool) -> Config {
        for key in &fields.unknown {
            self.add(Problem::custom(None, format!("Invalid config attribute: {key}")));
        }
        if fields.secret.as_ref().is_some_and(|secret| secret.expose().len() > MAX_SECRET) {
            self.add(Problem::custom(Some("secret"), "secret is too long (maximum is 16384 characters)"));
        }
        Config {
            url: match &fields.url {
                Some(text) => self.url(text, policy),
                None if url_required => self.url("", policy),
                None => None,
            },
            format: fields.content_type.as_deref().and_then(|name| self.content_type(name)),
            secret: fields.secret.clone(),
            insecure_tls: fields.insecure_ssl.as_ref().and_then(|value| self.insecure_ssl(value)),
        }
    }

    fn url(&mut self, text: &str, policy: &UrlPolicy) -> Option<TargetUrl> {
        let message = match TargetUrl::parse(text) {
            Ok(url) => match policy.check(&url) {
                Ok(()) => return Some(url),
                Err(reason) => {
                    format!("url is not supported because it isn't reachable over the public Internet ({reason})")
                }
            },
            Err(TargetError::Blank) => "url cannot be blank".to_owned(),
            Err(TargetError::TooLong) => "url is too long (maximum is 2048 characters)".to_owned(),
            Err(TargetError::Malformed | TargetError::Scheme) => {
                let text =
                    "The URL you've entered is not valid. It must begin with http:// or https:// and name a host.";
                self.add(Problem::custom(None, text));
                return None;
            }
        };
        self.add(Problem::custom(Some("url"), message));
        None
    }

    fn content_type(&mut self, name: &str) -> Option<ContentType> {
        let found = ContentType::named(name);
        if found.is_none() {
            self.add(Problem::invalid("content_type", name).saying("content_type must be json or form"));
        }
        found
    }

    fn insecure_ssl(&mut self, value: &Result<bool, Value>) -> Option<bool> {
        match value {
            Ok(on) => Some(*on),
            Err(value) => {
                self.add(Problem::invalid("insecure_ssl", value.clone()).saying("insecure_ssl must be 0 or 1"));
                None
            }
        }
    }

    /// Checks event names.
    pub(super) fn events(&mut self, events: &[String], scope: HookScope) {
        for event in events.iter().filter(|event| !may_subscribe(event, scope)) {
            let message = format!("{event} is not a valid event name");
            self.add(Problem::invalid("events", event.as_str()).saying(message));
        }
    }

    /// Nothing wrong, or all of it.
    pub(super) fn verdict(self) -> Result<(), ApiError> {
        if self.0.is_empty() { Ok(()) } else { Err(ApiError::Invalid(self.0)) }
    }
}
