//! What Cloud's wire format is (contract bitbucket-cloud sections 2 and 3).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::attempt::{Exchange, Outcome};
use domain::canonical::Happening;
use domain::delivery::Message;
use domain::dialect::{Dialect, Draft, Scene, Sending, WireRequest};
use domain::hook::{DialectName, Hook, HookScope};

use super::events::{self, EVENTS};
use super::payload;
use super::settings::BitbucketCloudSettings;
use crate::hmac;

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

    fn translate(&self, happening: &Happening, scene: &Scene<'_>, wanted: &dyn Fn(&str) -> bool) -> Vec<Draft> {
        payload::translate(happening, scene, wanted)
    }

    fn pass_through(&self, kind: &str, data: &Bytes) -> Result<Draft, String> {
        if !EVENTS.iter().any(|event| event.key == kind) {
            return Err(format!("{kind:?} is no event key of this dialect"));
        }
        let object: Result<serde_json::Map<String, serde_json::Value>, _> = serde_json::from_slice(data);
        object.map_err(|error| format!("is not a JSON object: {error}"))?;
        Ok(Draft { kind: kind.into(), action: None, body: data.clone() })
    }

    fn encode(&self, hook: &Hook, message: &Message, sending: &Sending<'_>) -> WireRequest {
        let hook_uuid =
            if self.settings.braces_in_hook_uuid { format!("{{{}}}", hook.uid) } else { hook.uid.to_string() };
        let mut headers = Vec::with_capacity(8);
        headers.extend([
            ("X-Event-Key", (*message.kind).to_owned()),
            ("X-Hook-UUID", hook_uuid),
            // The same for all attempts, so that receivers can tell repeats.
            ("X-Request-UUID", message.uid.to_string()),
            ("X-Attempt-Number", (sending.earlier + sending.number).to_string()),
            ("User-Agent", "Bitbucket-Webhooks/2.0".to_owned()),
            ("Content-Type", "application/json".to_owned()),
        ]);
        if let Some(secret) = &hook.secret {
            headers.push(("X-Hub-Signature", hmac::sha256_hex("sha256=", secret.expose(), &message.body)));
        }
        // The loop guard (D-8).
        headers.push(("Postrider-Hops", "1".to_owned()));
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

    fn gone_disables(&self) -> bool {
        false
    }

    fn max_payload(&self) -> usize {
        if self.settings.strict_payload_limit { VENDOR_MAX_PAYLOAD } else { domain::flow::publish::MAX_DATA }
    }
}
