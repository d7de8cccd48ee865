//! What GitHub's wire format is (contract github sections 3 and 4).

use bytes::Bytes;
use domain::canonical::Happening;
use domain::delivery::Message;
use domain::dialect::{Dialect, Draft, Scene, Sending, WireRequest};
use domain::hook::{DialectName, Hook, HookScope};

use crate::hmac;

/// The GitHub dialect.
#[derive(Clone, Copy, Debug)]
pub struct GitHub;

/// Its name in the registry.
pub(crate) const NAME: DialectName = DialectName("github");

/// Payload cap, in bytes (contract section 3.3).
const MAX_PAYLOAD: usize = 25 * 1024 * 1024;

impl Dialect for GitHub {
    fn name(&self) -> DialectName {
        NAME
    }

    fn knows_event(&self, _kind: &str, _scope: HookScope) -> bool {
        true
    }

    fn translate(&self, _happening: &Happening, _scene: &Scene<'_>, _wanted: &dyn Fn(&str) -> bool) -> Vec<Draft> {
        Vec::new()
    }

    fn pass_through(&self, kind: &str, data: &Bytes) -> Result<Draft, String> {
        Ok(Draft { kind: kind.into(), action: None, body: data.clone() })
    }

    fn encode(&self, hook: &Hook, message: &Message, _sending: &Sending) -> WireRequest {
        let mut headers = vec![("Content-Type", "application/json".to_owned())];
        if let Some(secret) = &hook.secret {
            let key = secret.expose();
            headers.push(("X-Hub-Signature", format!("sha1={}", hmac::sha1_hex(key, &message.body))));
            headers.push(("X-Hub-Signature-256", format!("sha256={}", hmac::sha256_hex(key, &message.body))));
        }
        WireRequest { headers, body: message.body.clone() }
    }

    fn vendor_delays(&self) -> &'static [u32] {
        &[]
    }

    fn gone_disables(&self) -> bool {
        false
    }

    fn max_payload(&self) -> usize {
        MAX_PAYLOAD
    }
}
