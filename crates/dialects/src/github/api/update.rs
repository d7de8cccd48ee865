//! `PATCH …/hooks/{hook_id}` and `PATCH …/config` (contract github sections 1.2 and 1.3).

use std::sync::Arc;

use axum::Json;
use axum::response::{IntoResponse, Response};
use domain::hook::{BodyFormat, Hook};
use domain::rules::access::HookAccess;
use domain::secret::{MASK, Secret};

use super::app::App;
use super::call::{Call, RawBody};
use super::create::has_text;
use super::errors::ApiError;
use super::hook_json::config;
use super::hooks::hook_answer;
use super::subject::Subject;
use super::validate::{ALIAS_KEY, Config, ContentType, HookFields, Sense, read_config, read_hook};

/// Edits a hook.
pub(super) async fn update(call: Call, body: RawBody) -> Result<Response, ApiError> {
    let (subject, hook) = call.hook(HookAccess::Write)?;
    let fields = read_hook(&body.object()?)?;
    let patch = check_patch(&call.app, &hook, fields)?;
    let hook = save(&call.app, &subject, &hook, move |hook| patch.apply(hook)).await?;
    hook_answer(&call, &subject, &hook).await
}

/// Edits the configuration alone: what is not mentioned stays.
pub(super) async fn update_config(call: Call, body: RawBody) -> Result<Response, ApiError> {
    let (subject, hook) = call.hook(HookAccess::Write)?;
    let fields = read_config(&body.object()?)?;
    let mut sense = Sense::default();
    let merged = sense.config(&fields, &call.app.settings.url_policy, false);
    sense.verdict()?;
    let hook = save(&call.app, &subject, &hook, move |hook| merge_config(hook, merged)).await?;
    Ok(Json(config(&hook)).into_response())
}

/// Commits an edit under the rules for siblings.
async fn save(
    app: &App,
    subject: &Subject,
    hook: &Hook,
    edit: impl FnOnce(Hook) -> Hook + Send + 'static,
) -> Result<Arc<Hook>, ApiError> {
    let rule = subject.sibling_rule(app, hook.events.clone());
    let saved = app.ports.store.update_hook(hook.id, app.ports.clock.now(), Box::new(edit), rule).await;
    saved.map_err(|error| subject.refused(error))
}

/// A checked edit.
#[derive(Debug)]
struct Patch {
    /// The new configuration; none if `config` was absent or `{}`.
    config: Option<Config>,
    /// The new events; none if `events` was absent or `[]`.
    events: Option<Vec<String>>,
    remove: Vec<String>,
    add: Vec<String>,
    active: Option<bool>,
}

fn check_patch(app: &App, hook: &Hook, fields: HookFields) -> Result<Patch, ApiError> {
    let mut sense = Sense::default();
    let given = fields.config.filter(|config| !config.is_empty());
    let config = given.map(|config| sense.config(&config, &app.settings.url_policy, false));
    let events = fields.events.filter(|events| !events.is_empty());
    let add = fields.add_events.unwrap_or_default();
    sense.events(events.as_deref().unwrap_or_default(), hook.scope);
    sense.events(&add, hook.scope);
    // What the hook has can always be taken away, whatever has become of that event.
    let remove = fields.remove_events.unwrap_or_default();
    let strange: Vec<_> = remove.iter().filter(|event| !hook.events.contains(event)).cloned().collect();
    sense.events(&strange, hook.scope);
    sense.verdict()?;
    Ok(Patch { config, events, remove, add, active: fields.active })
}

impl Patch {
    fn apply(self, hook: Hook) -> Hook {
        let mut hook = match self.config {
            Some(config) => replace_config(hook, config),
            None => hook,
        };
        if let Some(active) = self.active {
            hook.active = active;
        }
        if let Some(events) = self.events {
            hook.events = events;
        } else {
            hook.events.retain(|event| !self.remove.contains(event));
            let fresh: Vec<_> = self.add.into_iter().filter(|event| !hook.events.contains(event)).collect();
            hook.events.extend(fresh);
        }
        hook
    }
}

/// The configuration as given, everything else back to its default. Only the URL stays when it is not mentioned.
fn replace_config(mut hook: Hook, config: Config) -> Hook {
    if let Some(url) = config.url {
        hook.url = url;
    }
    set_format(&mut hook, config.format.unwrap_or(ContentType { format: BodyFormat::Form, alias: None }));
    hook.insecure_tls = config.insecure_tls.unwrap_or(false);
    hook.secret = config.secret.and_then(|secret| secret_after(secret, hook.secret));
    hook
}

/// Only what is mentioned changes.
fn merge_config(mut hook: Hook, config: Config) -> Hook {
    if let Some(url) = config.url {
        hook.url = url;
    }
    if let Some(format) = config.format {
        set_format(&mut hook, format);
    }
    if let Some(insecure_tls) = config.insecure_tls {
        hook.insecure_tls = insecure_tls;
    }
    if let Some(secret) = config.secret {
        hook.secret = secret_after(secret, hook.secret);
    }
    hook
}

fn set_format(hook: &mut Hook, content_type: ContentType) {
    hook.format = content_type.format;
    match content_type.alias {
        Some(alias) => drop(hook.extra.insert(ALIAS_KEY.to_owned(), alias.into())),
        None => drop(hook.extra.remove(ALIAS_KEY)),
    }
}

/// The secret after an edit that mentions one. The mask means the old one (S-4): GitHub stores the asterisks, which
/// breaks every signature; we do not.
fn secret_after(sent: Secret, old: Option<Secret>) -> Option<Secret> {
    if sent.expose() == MASK { old } else { Some(sent).filter(has_text) }
}

#[cfg(test)]
mod tests {
    use domain::id::HookId;
    use domain::rules::target::TargetUrl;
    use testkit::a_hook;

    use super::*;

    fn texts(events: &[&str]) -> Vec<String> {
        events.iter().map(|event| (*event).to_owned()).collect()
    }

    fn patch() -> Patch {
        Patch { config: None, events: None, remove: Vec::new(), add: Vec::new(), active: None }
    }

    fn signed() -> Hook {
        a_hook().signed_with("old").build().numbered(HookId(1))
    }

    fn config(url: Option<&str>, secret: Option<&str>) -> Config {
        let url = url.map(|url| TargetUrl::trusted(url.to_owned()));
        Config { url, format: None, secret: secret.map(Secret::new), insecure_tls: None }
    }

    #[test]
    fn check_17_events_outrank_removals_which_come_before_additions() {
        let after = |events: Option<&[&str]>, add: &[&str], remove: &[&str]| {
            let patch = Patch { events: events.map(texts), add: texts(add), remove: texts(remove), ..patch() };
            patch.apply(a_hook().build().numbered(HookId(1))).events
        };
        assert_eq!(after(Some(&["push"]), &["status"], &["push"]), ["push"]);
        assert_eq!(after(None, &["status"], &["status"]), ["push", "status"]);
        assert_eq!(after(None, &["push"], &[]), ["push"]);
        assert_eq!(after(None, &[], &["push"]), Vec::<String>::new());
        assert_eq!(after(None, &[], &["fork"]), ["push"]);
    }

    #[test]
    fn check_14_a_replaced_configuration_drops_the_secret_and_keeps_the_url() {
        let hook = Patch { config: Some(config(Some("http://new.test/"), None)), ..patch() }.apply(signed());
        assert_eq!((hook.url.as_str(), &hook.secret, hook.format), ("http://new.test/", &None, BodyFormat::Form));
        let hook = Patch { config: Some(config(None, Some("new"))), ..patch() }.apply(signed());
        assert_eq!((hook.url.as_str(), hook.secret), ("http://receiver.test/hook", Some(Secret::new("new"))));
    }

    #[test]
    fn s4_the_mask_keeps_the_old_secret() {
        let hook = Patch { config: Some(config(None, Some(MASK))), ..patch() }.apply(signed());
        assert_eq!(hook.secret, Some(Secret::new("old")));
        assert_eq!(merge_config(signed(), config(None, Some(MASK))).secret, Some(Secret::new("old")));
        assert_eq!(merge_config(signed(), config(None, Some(""))).secret, None, "a blank one is none");
    }

    #[test]
    fn check_15_a_merged_configuration_keeps_what_it_does_not_mention() {
        let hook = merge_config(signed(), config(Some("http://new.test/"), None));
        assert_eq!((hook.url.as_str(), hook.format), ("http://new.test/", BodyFormat::Json));
        assert_eq!(hook.secret, Some(Secret::new("old")));
    }
}
