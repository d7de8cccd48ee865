//! How apps are shown, and how their settings are read.

#![expect(clippy::option_option, reason = "absent, null and a value are three things in an edit")]

use std::sync::Arc;

use domain::account::Permission;
use domain::ci::{AppRole, CiApp, MAX_CONFIG, MAX_TITLE, Provider};
use domain::directory::{Directory, Located};
use domain::secret::Secret;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Answer;
use super::caller::Caller;
use super::errors::Reject;
use super::fields::Fields;
use crate::apps::{
    MAX_BRANCH, MAX_REPO_URL, MAX_WEBHOOK_SECRET, incoming_provider, incoming_url, is_branch, is_clone_url,
};
use crate::bitrise::check_config;
use crate::incoming::HookProvider;

/// An app as it is answered.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "settings that have nothing to do with each other")]
pub(crate) struct CiAppJson {
    id: i64,
    slug: String,
    title: String,
    owner: String,
    repository: Option<String>,
    repo_url: String,
    provider: &'static str,
    project_type: Option<String>,
    default_branch: String,
    is_public: bool,
    is_disabled: bool,
    manual_approval: bool,
    relay: bool,
    webhook_secret_set: bool,
    config_set: bool,
    created_at: String,
    updated_at: String,
    /// For those who manage the app alone: who has the token may trigger builds.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    doors: Option<Doors>,
}

/// What hooks of git hosts call.
#[derive(Debug, Serialize)]
struct Doors {
    trigger_token: String,
    incoming_url: String,
    incoming_urls: Map<String, Value>,
}

impl CiAppJson {
    /// As somebody with that role sees it, who reaches this server at `base`.
    pub(crate) fn new(directory: &Directory, app: &CiApp, role: AppRole, base: &str) -> Self {
        let owner = directory.account_by_id(app.owner);
        let linked = app.repository.and_then(|id| directory.locate_by_id(id));
        Self {
            id: app.id.0,
            slug: app.slug(),
            title: app.title.clone(),
            owner: owner.map(|owner| owner.login.clone()).unwrap_or_default(),
            repository: linked.map(|at| format!("{}/{}", at.owner.login, at.repository.name)),
            repo_url: app.repo_url.clone(),
            provider: app.provider.as_str(),
            project_type: app.project_type.clone(),
            default_branch: app.default_branch.clone(),
            is_public: app.is_public,
            is_disabled: app.is_disabled,
            manual_approval: app.manual_approval,
            relay: app.relay,
            webhook_secret_set: app.webhook_secret.is_some(),
            config_set: app.config.is_some(),
            created_at: app.created_at.rfc3339_millis(),
            updated_at: app.updated_at.rfc3339_millis(),
            doors: (role >= AppRole::Admin).then(|| Doors::of(app, base)),
        }
    }
}

impl Doors {
    fn of(app: &CiApp, base: &str) -> Self {
        let urls = HookProvider::ALL.map(|one| (one.as_str().to_owned(), incoming_url(base, one, app).into()));
        Self {
            trigger_token: app.trigger_token.expose().to_owned(),
            incoming_url: incoming_url(base, incoming_provider(app.provider), app),
            incoming_urls: urls.into_iter().collect(),
        }
    }
}

/// What a request may say of an app. None: nothing.
#[derive(Debug, Default)]
pub(crate) struct Said {
    /// See [`CiApp::title`].
    pub(crate) title: Option<String>,
    /// See [`CiApp::repository`]; the inner none unlinks.
    pub(crate) repository: Option<Option<Located>>,
    /// See [`CiApp::repo_url`].
    pub(crate) repo_url: Option<String>,
    /// See [`CiApp::provider`].
    pub(crate) provider: Option<Provider>,
    /// See [`CiApp::project_type`]; the inner none clears.
    pub(crate) project_type: Option<Option<String>>,
    /// See [`CiApp::default_branch`].
    pub(crate) default_branch: Option<String>,
    /// See [`CiApp::is_public`].
    pub(crate) is_public: Option<bool>,
    /// See [`CiApp::manual_approval`].
    pub(crate) manual_approval: Option<bool>,
    /// See [`CiApp::relay`].
    pub(crate) relay: Option<bool>,
    /// See [`CiApp::webhook_secret`]; the inner none clears.
    pub(crate) webhook_secret: Option<Option<Secret>>,
}

impl Said {
    /// Takes the members that a new app and an edit have in common.
    pub(crate) fn read(body: &mut Fields, directory: &Directory, caller: &Caller) -> Answer<Self> {
        Ok(Self {
            title: title(body)?,
            repository: repository(body, directory, caller)?,
            repo_url: repo_url(body)?,
            provider: provider(body)?,
            project_type: body.nullable_text("project_type")?,
            default_branch: default_branch(body)?,
            is_public: body.optional("is_public")?,
            manual_approval: body.optional("manual_approval")?,
            relay: body.optional("relay")?,
            webhook_secret: webhook_secret(body)?,
        })
    }
}

fn title(body: &mut Fields) -> Answer<Option<String>> {
    let title = body.text("title")?;
    match &title {
        Some(title) if title.len() > MAX_TITLE => {
            Err(Reject::invalid("title", format!("is longer than {MAX_TITLE} bytes")))
        }
        _ => Ok(title),
    }
}

/// `OWNER/NAME` of a repository that the caller administers: its hooks will hear of builds.
fn repository(body: &mut Fields, directory: &Directory, caller: &Caller) -> Answer<Option<Option<Located>>> {
    let Some(named) = body.nullable::<String>("repository")? else { return Ok(None) };
    let Some(name) = named else { return Ok(Some(None)) };
    let found = name.split_once('/').and_then(|(owner, name)| directory.locate(owner, name));
    let level = found.as_ref().and_then(|at| caller.permission(directory, &at.repository));
    match (found, level) {
        (Some(at), Some(Permission::Admin)) => Ok(Some(Some(at))),
        (Some(_), Some(_)) => Err(Reject::forbidden("only admins of the repository may link it").at("repository")),
        _ => Err(Reject::invalid("repository", "there is no such repository")),
    }
}

fn repo_url(body: &mut Fields) -> Answer<Option<String>> {
    let url: Option<String> = body.optional("repo_url")?;
    match url {
        Some(url) if !is_clone_url(&url) => {
            let rule = format!("must be a clone URL of at most {MAX_REPO_URL} bytes: https://host/owner/name.git");
            Err(Reject::invalid("repo_url", rule))
        }
        url => Ok(url),
    }
}

fn provider(body: &mut Fields) -> Answer<Option<Provider>> {
    let Some(name) = body.optional::<String>("provider")? else { return Ok(None) };
    let known = || Provider::ALL.map(Provider::as_str).join(", ");
    Provider::parse(&name).map(Some).ok_or_else(|| Reject::invalid("provider", format!("must be one of {}", known())))
}

fn default_branch(body: &mut Fields) -> Answer<Option<String>> {
    let name: Option<String> = body.optional("default_branch")?;
    match name {
        Some(name) if !is_branch(&name) => {
            let rule = format!("must be the name of a branch, of at most {MAX_BRANCH} bytes");
            Err(Reject::invalid("default_branch", rule))
        }
        name => Ok(name),
    }
}

fn webhook_secret(body: &mut Fields) -> Answer<Option<Option<Secret>>> {
    let Some(secret) = body.nullable::<String>("webhook_secret")? else { return Ok(None) };
    match secret {
        Some(text) if text.is_empty() || text.len() > MAX_WEBHOOK_SECRET => {
            Err(Reject::invalid("webhook_secret", format!("must have 1 to {MAX_WEBHOOK_SECRET} bytes")))
        }
        secret => Ok(Some(secret.map(Secret::new))),
    }
}

/// Most problems of a configuration told at once.
const MAX_TOLD: usize = 20;

/// A configuration as a request gives it.
#[derive(Debug)]
pub(crate) struct SaidConfig {
    /// The text; none clears.
    pub(crate) text: Option<Arc<str>>,
    /// What is odd in it, though it works.
    pub(crate) warnings: Vec<String>,
}

/// Takes `config`: the text of a `bitrise.yml` whose triggers hold together, or null.
pub(crate) fn config(body: &mut Fields) -> Answer<Option<SaidConfig>> {
    let Some(text) = body.nullable::<String>("config")? else { return Ok(None) };
    let Some(text) = text else { return Ok(Some(SaidConfig { text: None, warnings: Vec::new() })) };
    if text.len() > MAX_CONFIG {
        return Err(Reject::too_large("the configuration is larger than 1 MiB").at("config"));
    }
    match check_config(&text) {
        Ok(warnings) => Ok(Some(SaidConfig { text: Some(text.into()), warnings })),
        Err(mut problems) => {
            let more = problems.len().saturating_sub(MAX_TOLD);
            problems.truncate(MAX_TOLD);
            if more > 0 {
                problems.push(format!("and {more} more"));
            }
            Err(Reject::invalid("config", problems.join("; ")))
        }
    }
}
