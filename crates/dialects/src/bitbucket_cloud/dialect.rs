//! What Cloud's wire format is (contract bitbucket-cloud sections 2 and 3).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::attempt::{Exchange, HookFate, Outcome};
use domain::canonical::Happening;
use domain::delivery::Message;
use domain::dialect::{Dialect, Draft, HookTerms, Scene, Sending, WireRequest};
use domain::hook::{DialectName, Hook, HookScope};
use serde::de::IgnoredAny;

use super::events::{self, EVENTS};
use super::payload;
use super::settings::BitbucketCloudSettings;
use crate::hmac;
use crate::unregistered::derived_uid;

/// Its name in the registry.
pub(crate) const NAME: DialectName = DialectName("bitbucket_cloud");

/// The vendor's payload limit, in bytes; enforced only on request (section 2).
const VENDOR_MAX_PAYLOAD: usize = 256 * 1024;

/// The Cloud dialect.
#[derive(Clone, Debug)]
pub struct BitbucketCloud {
    settings: Arc<BitbucketCloudSettings>,
}

impl BitbucketCloud {
    /// The dialect under these settings.
    pub fn new(settings: Arc<BitbucketCloudSettings>) -> Self {
        Self { settings }
    }
}

impl Dialect for BitbucketCloud {
    fn name(&self) -> DialectName {
        NAME
    }

    fn knows_event(&self, kind: &str, scope: HookScope) -> bool {
        events::exists(kind, scope)
    }

    fn hook_terms(&self, scope: HookScope) -> HookTerms {
        HookTerms { wildcard: false, form: false, max_hooks: Some(self.settings.max_hooks(scope)), isolated: false }
    }

    fn translate(&self, happening: &Happening, scene: &Scene<'_>, wanted: &dyn Fn(&str) -> bool) -> Vec<Draft> {
        payload::translate(happening, scene, wanted)
    }

    fn pass_through(&self, kind: &str, data: &Bytes) -> Result<Draft, String> {
        if !EVENTS.iter().any(|event| event.key == kind) {
            return Err(format!("{kind:?} is no event key of this dialect"));
        }
        // No tree is built to see that it is an object.
        let object: Result<BTreeMap<Cow<'_, str>, IgnoredAny>, _> = serde_json::from_slice(data);
        object.map_err(|error| format!("is not a JSON object: {error}"))?;
        Ok(Draft { kind: kind.into(), action: None, body: data.clone() })
    }

    fn encode(&self, hook: &Hook, message: &Message, sending: &Sending<'_>) -> WireRequest {
        let hook_uuid =
            if self.settings.braces_in_hook_uuid { format!("{{{}}}", hook.uid) } else { hook.uid.to_string() };
        let mut headers = Vec::with_capacity(9);
        let request_uuid = derived_uid(message.uid, &hook.uid.to_string());
        headers.extend([
            ("X-Event-Key", (*message.kind).to_owned()),
            ("X-Hook-UUID", hook_uuid),
            // The same for all attempts, so that receivers can tell repeats; another one for each hook, so that a receiver
            // of two hooks takes neither for a repeat of the other.
            ("X-Request-UUID", request_uuid.to_string()),
            ("X-Attempt-Number", sending.earlier.saturating_add(sending.number).to_string()),
        ]);
        if let Some(secret) = &hook.secret {
            headers.push(("X-Hub-Signature", hmac::sha256_hex("sha256=", secret.expose(), &message.body)));
        }
        headers.extend([
            // Several receivers compare it as a whole.
            ("User-Agent", "Bitbucket-Webhooks/2.0".to_owned()),
            ("Content-Type", "application/json".to_owned()),
            ("traceparent", traceparent(message, sending)),
            // The loop guard (D-8).
            ("Postrider-Hops", sending.hops.to_string()),
        ]);
        WireRequest { headers, body: message.body.clone(), url: None }
    }

    /// Two more attempts, at once (section 2).
    fn vendor_delays(&self) -> &'static [u32] {
        &[0, 0]
    }

    fn vendor_retries(&self, exchange: &Exchange) -> bool {
        exchange.outcome == Outcome::Answered && matches!(exchange.status, Some(500..=599))
    }

    fn timeout(&self) -> Option<Duration> {
        Some(Duration::from_secs(10))
    }

    fn when_gone(&self) -> HookFate {
        HookFate::Stays
    }

    fn max_payload(&self) -> usize {
        if self.settings.strict_payload_limit { VENDOR_MAX_PAYLOAD } else { domain::flow::publish::MAX_DATA }
    }
}

/// The trace of a delivery (W3C Trace Context): its message for all attempts, with a span of its own for each. It is
/// marked as sampled, since receivers that follow the mark would otherwise drop their own traces.
fn traceparent(message: &Message, sending: &Sending<'_>) -> String {
    let mut random = [0; 8];
    sending.entropy.fill(&mut random);
    // A span of zeros would make the header invalid.
    let span = u64::from_be_bytes(random).max(1);
    format!("00-{}-{span:016x}-01", message.uid.0.simple())
}

#[cfg(test)]
mod tests;
