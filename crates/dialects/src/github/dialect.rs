//! What GitHub's wire format is (contract github sections 3 and 4).

use std::sync::Arc;

use bytes::Bytes;
use domain::account::Account;
use domain::attempt::HookFate;
use domain::canonical::Happening;
use domain::delivery::Message;
use domain::dialect::{Dialect, Draft, HookTerms, Scene, Sending, WireRequest};
use domain::hook::{BodyFormat, DialectName, Hook, HookScope};

use super::{api, events, passthrough, payload};
use crate::hmac;

/// The GitHub dialect.
#[derive(Clone, Debug, Default)]
pub struct GitHub {
    enterprise: Option<Enterprise>,
}

/// What a GitHub Enterprise Server says about itself with each delivery.
#[derive(Clone, Debug)]
struct Enterprise {
    host: Arc<str>,
    version: Arc<str>,
}

impl GitHub {
    /// A dialect whose deliveries carry `X-GitHub-Enterprise-Host` and `-Version`. Both must be plain visible ASCII,
    /// or receivers get deliveries without them.
    pub fn enterprise(host: &str, version: &str) -> Self {
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        let enterprise = Enterprise { host: host.into(), version: version.into() };
        Self { enterprise: (plain(host) && plain(version)).then_some(enterprise) }
    }
}

/// Its name in the registry.
pub(crate) const NAME: DialectName = DialectName("github");

/// Payload cap, in bytes (contract section 3.3).
const MAX_PAYLOAD: usize = 25 * 1024 * 1024;

/// `GitHub-Hookshot/` and seven hex digits; GitHub's are a commit, ours name the release.
const USER_AGENT: [u8; 23] = {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let version = env!("CARGO_PKG_VERSION").as_bytes();
    let mut hash: u32 = 0x811C_9DC5; // FNV-1a
    let mut at = 0;
    while at < version.len() {
        hash = (hash ^ version[at] as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    let mut agent = *b"GitHub-Hookshot/0000000";
    at = 16;
    while at < agent.len() {
        agent[at] = DIGITS[(hash & 15) as usize];
        hash >>= 4;
        at += 1;
    }
    agent
};

impl Dialect for GitHub {
    fn name(&self) -> DialectName {
        NAME
    }

    fn knows_event(&self, kind: &str, scope: HookScope) -> bool {
        events::exists(kind, scope)
    }

    fn hook_terms(&self, scope: HookScope) -> HookTerms {
        HookTerms { isolated: isolated(scope), ..HookTerms::default() }
    }

    fn translate(&self, happening: &Happening, scene: &Scene<'_>, wanted: &dyn Fn(&str) -> bool) -> Vec<Draft> {
        payload::translate(happening, scene, wanted)
    }

    fn pass_through(&self, kind: &str, data: &Bytes) -> Result<Draft, String> {
        passthrough::draft(kind, data)
    }

    fn ping(&self, hook: &Arc<Hook>, scene: &Scene<'_>, sender: &Arc<Account>) -> Option<Draft> {
        api::ping_draft(hook, scene, sender)
    }

    fn encode(&self, hook: &Hook, message: &Message, sending: &Sending<'_>) -> WireRequest {
        let (content_type, body) = match hook.format {
            BodyFormat::Json => ("application/json", message.body.clone()),
            BodyFormat::Form => ("application/x-www-form-urlencoded", form(&message.body)),
        };
        let (target, target_type) = match hook.scope {
            HookScope::Repository(id) => (id.0, "repository"),
            HookScope::Account(id) => (id.0, "organization"),
            // Hooks of topics and apps are not of this dialect.
            HookScope::Topic(id) => (id.0, "topic"),
            HookScope::App(id) => (id.0, "app"),
        };
        let mut headers = Vec::with_capacity(14);
        headers.extend([
            ("Accept", "*/*".to_owned()),
            ("Content-Type", content_type.to_owned()),
            ("User-Agent", String::from_utf8_lossy(&USER_AGENT).into_owned()),
            ("X-GitHub-Delivery", message.uid.to_string()),
            ("X-GitHub-Event", (*message.kind).to_owned()),
            ("X-GitHub-Hook-ID", hook.id.to_string()),
            ("X-GitHub-Hook-Installation-Target-ID", target.to_string()),
            ("X-GitHub-Hook-Installation-Target-Type", target_type.to_owned()),
        ]);
        if let Some(secret) = &hook.secret {
            let key = secret.expose();
            headers.push(("X-Hub-Signature", hmac::sha1_hex("sha1=", key, &body)));
            headers.push(("X-Hub-Signature-256", hmac::sha256_hex("sha256=", key, &body)));
        }
        if let Some(enterprise) = &self.enterprise {
            headers.push(("X-GitHub-Enterprise-Host", (*enterprise.host).to_owned()));
            headers.push(("X-GitHub-Enterprise-Version", (*enterprise.version).to_owned()));
        }
        // The loop guard (D-8): an event published in answer to this delivery carries it on, plus one.
        headers.push(("Postrider-Hops", sending.hops.to_string()));
        if sending.number > 1 {
            headers.push(("X-Postrider-Attempt", sending.number.to_string()));
        }
        WireRequest { headers, body, url: None }
    }

    fn reaches(&self, kind: &str, action: Option<&str>, scope: HookScope) -> bool {
        events::reaches(kind, action, scope)
    }

    fn vendor_delays(&self) -> &'static [u32] {
        &[]
    }

    fn when_gone(&self) -> HookFate {
        HookFate::Stays
    }

    fn max_payload(&self) -> usize {
        MAX_PAYLOAD
    }
}

/// Are hooks of that scope shown only to the application that made them? Those of organizations are, those of
/// repositories have no such rule (contract section 2).
pub(crate) fn isolated(scope: HookScope) -> bool {
    matches!(scope, HookScope::Account(_))
}

/// `payload=` and the form-encoded JSON, nothing else.
fn form(json: &[u8]) -> Bytes {
    // JSON is about one quote in seven bytes, and each becomes three.
    let mut body = Vec::with_capacity(json.len() + json.len() / 2 + 8);
    body.extend_from_slice(b"payload=");
    for piece in form_urlencoded::byte_serialize(json) {
        body.extend_from_slice(piece.as_bytes());
    }
    body.into()
}

#[cfg(test)]
mod tests;
