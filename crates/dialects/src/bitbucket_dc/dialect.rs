//! What Data Center's wire format is (contract bitbucket-datacenter sections 2 and 3).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use domain::account::Account;
use domain::attempt::HookFate;
use domain::canonical::Happening;
use domain::delivery::Message;
use domain::dialect::{CounterNames, Dialect, Draft, HookTerms, Scene, Sending, Shape, WireRequest};
use domain::hook::{DialectName, Hook, HookScope};
use domain::id::Uid;

use super::events::{DOCUMENTED, KEYS, PING};
use super::payload;
use super::payload::dates::{EPOCH, ISO};
use super::settings::{BitbucketDataCenterSettings, PayloadDialect};
use super::variables;
use crate::hmac;
use crate::http::check_object;

/// Its name in the registry.
pub(crate) const NAME: DialectName = DialectName("bitbucket_datacenter");

/// Most webhooks of one repository or project. The product has no such limit; without one, an account could grow the
/// work of each event at will.
pub(super) const MAX_HOOKS: usize = 1_000;

/// The body of a test request, blank included (section 2).
pub(super) const PING_BODY: &[u8] = b"{\"test\": true}";

/// The attributes of the JMX bean `com.atlassian.webhooks:name=Webhooks`, as Prometheus metrics (section 4).
const COUNTERS: CounterNames = CounterNames {
    publishes: "bitbucket_dc_publish_count",
    dispatches: "bitbucket_dc_dispatch_count",
    in_flight: "bitbucket_dc_dispatch_in_flight_count",
    successes: "bitbucket_dc_dispatch_success_count",
    failures: "bitbucket_dc_dispatch_failure_count",
    errors: "bitbucket_dc_dispatch_error_count",
    rejections: "bitbucket_dc_dispatch_rejected_count",
    last_rejection: "bitbucket_dc_dispatch_last_rejected_timestamp",
};

/// The Data Center dialect.
#[derive(Clone, Debug)]
pub struct BitbucketDataCenter {
    settings: Arc<BitbucketDataCenterSettings>,
    user_agent: String,
}

impl BitbucketDataCenter {
    /// Its name in the registry.
    pub const NAME: DialectName = NAME;

    /// The dialect under these settings.
    pub fn new(settings: Arc<BitbucketDataCenterSettings>) -> Self {
        let asked = settings.user_agent.as_deref().map(str::trim).filter(|text| is_header_text(text));
        let user_agent = asked.map_or_else(own_user_agent, str::to_owned);
        Self { settings, user_agent }
    }
}

/// The product's own form: name, release, and its build number, which is the release in one number.
fn own_user_agent() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let parts = version.split(['.', '-']).map_while(|part| part.parse().ok());
    let build = parts.take(3).fold(0_u64, |build, part: u64| build * 1_000 + part);
    format!("Atlassian HttpClient 4.2.0 / Bitbucket-{version} ({build}) / Default")
}

/// Visible ASCII and blanks, and something of it.
fn is_header_text(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic())
}

impl Dialect for BitbucketDataCenter {
    fn name(&self) -> DialectName {
        NAME
    }

    fn knows_event(&self, kind: &str, _scope: HookScope) -> bool {
        KEYS.contains(&kind) || (self.settings.accept_documented_events && DOCUMENTED.contains(&kind))
    }

    fn hook_terms(&self, _scope: HookScope) -> HookTerms {
        HookTerms { wildcard: false, form: false, max_hooks: Some(MAX_HOOKS), isolated: false }
    }

    fn translate(&self, happening: &Happening, scene: &Scene<'_>, wanted: &dyn Fn(&str) -> bool) -> Vec<Draft> {
        payload::translate(happening, scene, wanted)
    }

    fn pass_through(&self, kind: &str, data: &Bytes) -> Result<Draft, String> {
        if !KEYS.contains(&kind) && !DOCUMENTED.contains(&kind) {
            return Err(format!("{kind:?} is no event key of this dialect"));
        }
        // Whatever `eventKey` it has: byte for byte is the promise.
        check_object(data)?;
        Ok(Draft { kind: kind.into(), action: None, body: data.clone() })
    }

    fn ping(&self, _hook: &Arc<Hook>, _scene: &Scene<'_>, _sender: &Arc<Account>) -> Option<Draft> {
        Some(Draft { kind: PING.into(), action: None, body: Bytes::from_static(PING_BODY) })
    }

    fn encode(&self, hook: &Hook, message: &Message, sending: &Sending<'_>) -> WireRequest {
        let is_ping = &*message.kind == PING;
        let mut headers = Vec::with_capacity(9);
        headers.push(("X-Event-Key", (*message.kind).to_owned()));
        headers.push(("X-Request-Id", Uid::new(sending.now, sending.entropy).to_string()));
        // Receivers rely on pings not being signed.
        if let Some(secret) = hook.secret.as_ref().filter(|_| !is_ping) {
            headers.push(("X-Hub-Signature", hmac::sha256_hex("sha256=", secret.expose(), &message.body)));
        }
        if let Some(auth) = &hook.credentials {
            let pair = BASE64_STANDARD.encode(format!("{}:{}", auth.user, auth.password.expose()));
            headers.push(("Authorization", format!("Basic {pair}")));
        }
        let content_type = if is_ping { "application/json" } else { "application/json; charset=utf-8" };
        headers.push(("Content-Type", content_type.to_owned()));
        headers.push(("User-Agent", self.user_agent.clone()));
        headers.push(("Accept", "*/*".to_owned()));
        if self.settings.attempt_header {
            headers.push(("X-Attempt-Number", (sending.earlier + sending.number).to_string()));
        }
        // The loop guard (D-8).
        headers.push(("Postrider-Hops", sending.hops.to_string()));
        WireRequest { headers, body: message.body.clone(), url: variables::fill_in(&hook.url, message, sending) }
    }

    fn shape(&self, hook: &Hook) -> Shape {
        let configured = hook.extra.get("configuration").and_then(|all| all.get(PayloadDialect::KEY));
        let chosen = configured.and_then(|name| PayloadDialect::parse(name.as_str()?));
        match chosen.unwrap_or(self.settings.payload_dialect) {
            PayloadDialect::Epoch => EPOCH,
            PayloadDialect::Iso => ISO,
        }
    }

    fn vendor_delays(&self) -> &'static [u32] {
        &[]
    }

    fn timeout(&self) -> Option<Duration> {
        Some(self.settings.timeout)
    }

    fn tallies(&self) -> bool {
        true
    }

    fn counters(&self) -> Option<&'static CounterNames> {
        Some(&COUNTERS)
    }

    fn when_gone(&self) -> HookFate {
        HookFate::Stays
    }

    fn max_payload(&self) -> usize {
        domain::flow::publish::MAX_DATA
    }
}

#[cfg(test)]
mod tests;
