//! What the hub puts on the wire (contract websub sections 8 and 9).

use std::sync::Arc;

use bytes::Bytes;
use domain::attempt::{Exchange, HookFate};
use domain::canonical::Happening;
use domain::delivery::Message;
use domain::dialect::{Dialect, Draft, HookTerms, Scene, Sending, WireRequest};
use domain::hook::{DialectName, Hook, HookScope};
use domain::hub::{Hub, SIGNATURE};

use super::hosted::{hub_url, link_header};
use super::hub::WebSubHub;
use super::settings::WebSubSettings;
use super::sign::Method;

/// The dialect's name.
pub(crate) const NAME: DialectName = DialectName("websub");
/// How the hub calls itself.
pub(crate) const USER_AGENT: &str = concat!("postrider-websub/", env!("CARGO_PKG_VERSION"));
/// Seconds between attempts: 1 m, 2 m, 6 m, 24 m, 2 h, 12 h, 24 h (contract section 8).
const DELAYS: [u32; 7] = [60, 120, 360, 1_440, 7_200, 43_200, 86_400];
/// Attempts in all after an answer of 4xx.
const ATTEMPTS_AFTER_4XX: u32 = 4;
/// Largest content delivered: that of a topic, and what our own API takes.
const MAX_CONTENT: usize = 25 * 1024 * 1024;

/// The WebSub dialect.
#[derive(Clone, Debug)]
pub struct WebSub {
    settings: Arc<WebSubSettings>,
    hub: WebSubHub,
}

impl WebSub {
    /// Its name in the registry.
    pub const NAME: DialectName = NAME;

    /// With these settings.
    pub(crate) fn new(settings: Arc<WebSubSettings>) -> Self {
        Self { hub: WebSubHub::new(settings.clone()), settings }
    }

    /// The subscription's own method, or the hub's.
    fn method(&self, hook: &Hook) -> Method {
        let own = hook.extra.get(SIGNATURE).and_then(serde_json::Value::as_str);
        own.and_then(Method::named).unwrap_or(self.settings.signature)
    }
}

impl Dialect for WebSub {
    fn name(&self) -> DialectName {
        NAME
    }

    /// Subscriptions are made by subscribers, not with event names.
    fn knows_event(&self, _: &str, _: HookScope) -> bool {
        false
    }

    fn hook_terms(&self, _: HookScope) -> HookTerms {
        HookTerms { wildcard: false, form: false, max_hooks: Some(0), ..HookTerms::default() }
    }

    /// Events reach topics through their pages, not as messages of their own.
    fn translate(&self, _: &Happening, _: &Scene<'_>, _: &dyn Fn(&str) -> bool) -> Vec<Draft> {
        Vec::new()
    }

    fn pass_through(&self, _: &str, _: &Bytes) -> Result<Draft, String> {
        Err("content is published for topics: POST /api/v1/hub/content".to_owned())
    }

    fn encode(&self, hook: &Hook, message: &Message, sending: &Sending<'_>) -> WireRequest {
        let topic = match hook.scope {
            HookScope::Topic(id) => sending.directory.topic_by_id(id),
            HookScope::Repository(_) | HookScope::Account(_) | HookScope::App(_) => None,
        };
        let topic = topic.as_ref().map_or("", |topic| topic.url.as_str());
        let mut headers = Vec::with_capacity(7);
        headers.extend([
            ("Content-Type", sending.content_type.to_owned()),
            // One header, self first: some subscribers read no further than the first value.
            ("Link", link_header(topic, &hub_url(sending.public_url))),
            ("User-Agent", USER_AGENT.to_owned()),
            ("Postrider-Delivery", message.uid.to_string()),
            // The loop guard (D-8).
            ("Postrider-Hops", sending.hops.to_string()),
        ]);
        if let Some(secret) = &hook.secret {
            headers.push(("X-Hub-Signature", self.method(hook).sign(secret.expose(), &message.body)));
        }
        WireRequest { headers, body: message.body.clone(), url: None }
    }

    fn vendor_delays(&self) -> &'static [u32] {
        &DELAYS
    }

    /// The subscriber is gone for good: nobody else had asked for the subscription.
    fn when_gone(&self) -> HookFate {
        HookFate::Deleted
    }

    fn attempts_after(&self, exchange: &Exchange) -> Option<u32> {
        match exchange.status {
            Some(404) if !self.settings.retry_404 => Some(1),
            Some(408 | 429) => None,
            Some(400..=499) => Some(ATTEMPTS_AFTER_4XX),
            _ => None,
        }
    }

    fn hub(&self) -> Option<&dyn Hub> {
        Some(&self.hub)
    }

    fn max_payload(&self) -> usize {
        MAX_CONTENT
    }
}
