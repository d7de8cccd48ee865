//! What Bitrise's wire format is (contract bitrise section 8).

use std::time::Duration;

use bytes::Bytes;
use domain::attempt::HookFate;
use domain::canonical::Happening;
use domain::delivery::Message;
use domain::dialect::{Dialect, Draft, HookTerms, Scene, Sending, WireRequest};
use domain::hook::{DialectName, Hook, HookScope};

use super::{events, payload};
use crate::hmac;
use crate::http::check_object;
use crate::unregistered::derived_uid;

/// Its name in the registry.
pub(crate) const NAME: DialectName = DialectName("bitrise");
/// Hooks one app may have; the vendor publishes no limit.
pub(super) const MAX_HOOKS: usize = 100;
/// How deliveries call themselves; what the vendor's say is not known.
const USER_AGENT: &str = concat!("Postrider/", env!("CARGO_PKG_VERSION"));

/// Headers that this dialect sets, in lower case, beside those that begin with [`OWN_PREFIX`].
const OWN_HEADERS: [&str; 4] = ["content-type", "user-agent", "x-delivery-id", "postrider-hops"];
/// Headers that begin so are the vendor's.
const OWN_PREFIX: &str = "bitrise-";

/// Is this header, in lower case, one that no hook may set?
pub(super) fn reserved(name: &str) -> bool {
    OWN_HEADERS.contains(&name) || name.starts_with(OWN_PREFIX)
}

/// The Bitrise dialect. Its hooks belong to apps.
#[derive(Clone, Copy, Debug)]
pub struct Bitrise;

impl Bitrise {
    /// Its name in the registry.
    pub const NAME: DialectName = NAME;
}

impl Dialect for Bitrise {
    fn name(&self) -> DialectName {
        NAME
    }

    fn knows_event(&self, kind: &str, scope: HookScope) -> bool {
        matches!(scope, HookScope::App(_)) && events::TYPES.contains(&kind)
    }

    fn hook_terms(&self, scope: HookScope) -> HookTerms {
        let of_app = matches!(scope, HookScope::App(_));
        let max_hooks = Some(if of_app { MAX_HOOKS } else { 0 });
        HookTerms { wildcard: of_app, form: false, max_hooks, isolated: false }
    }

    fn translate(&self, happening: &Happening, scene: &Scene<'_>, wanted: &dyn Fn(&str) -> bool) -> Vec<Draft> {
        payload::translate(happening, scene, wanted)
    }

    fn pass_through(&self, kind: &str, data: &Bytes) -> Result<Draft, String> {
        if !events::TYPES.contains(&kind) {
            return Err(format!("{kind:?} is no event type of this dialect"));
        }
        check_object(data)?;
        Ok(Draft { kind: kind.into(), action: None, body: data.clone() })
    }

    fn encode(&self, hook: &Hook, message: &Message, sending: &Sending<'_>) -> WireRequest {
        let mut headers = Vec::with_capacity(7);
        headers.push(("Content-Type", "application/json".to_owned()));
        headers.push(("Bitrise-Event-Type", (*message.kind).to_owned()));
        if let Some(app) = app_slug(hook, sending) {
            headers.push(("Bitrise-App-Id", app));
        }
        if let Some(secret) = &hook.secret {
            let signature = hmac::sha256_hex("sha256=", secret.expose(), &message.body);
            headers.push(("Bitrise-Hook-Signature", signature));
        }
        // The same for all attempts, so that receivers can tell repeats; another one for each hook.
        let delivery = derived_uid(message.uid, &hook.uid.to_string());
        headers.push(("User-Agent", USER_AGENT.to_owned()));
        headers.push(("X-Delivery-Id", delivery.to_string()));
        // The loop guard (D-8).
        headers.push(("Postrider-Hops", sending.hops.to_string()));
        WireRequest { headers, body: message.body.clone(), url: None }
    }

    /// None: one attempt for each event, and again only by hand.
    fn vendor_delays(&self) -> &'static [u32] {
        &[]
    }

    fn timeout(&self) -> Option<Duration> {
        Some(Duration::from_secs(10))
    }

    fn when_gone(&self) -> HookFate {
        HookFate::Stays
    }

    fn max_payload(&self) -> usize {
        domain::flow::publish::MAX_DATA
    }
}

/// The app a hook belongs to, unless it has just been deleted.
fn app_slug(hook: &Hook, sending: &Sending<'_>) -> Option<String> {
    let HookScope::App(app) = hook.scope else { return None };
    sending.directory.ci_app_by_id(app).map(|app| app.slug())
}

#[cfg(test)]
mod tests;
