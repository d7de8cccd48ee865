//! Verification of intent: the subscriber is asked whether it meant it (contract websub section 4).

use std::time::Duration;

use url::form_urlencoded::Serializer;

use super::ask::callback_host;
use super::task::Tried;
use super::validate::{Verdict, validate};
use crate::flow::Ports;
use crate::hook::{BodyFormat, DialectName, HookScope, NewHook};
use crate::hub::Hub;
use crate::id::{AccountId, Uid};
use crate::ports::{Entropy, FetchRequest, Fetched, Stored};
use crate::task::{Denial, Effect, Intent, Job, Mode, NewTask};
use crate::time::Timestamp;
use crate::topic::Page;

/// Longest a callback may take (contract section 4).
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
/// The most that is read of its answer, in bytes.
const MAX_ANSWER: usize = 4 * 1024;
/// Random bits of a challenge.
const CHALLENGE_BITS: usize = 192;
/// The alphabet of challenges: 64 characters that survive in URLs.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What every message to subscribers is called.
pub(super) const CONTENT: &str = "content";

/// Validates the topic, then asks the callback.
pub(super) async fn verify(ports: &Ports, hub: &dyn Hub, intent: &Intent, last: bool) -> Stored<Tried> {
    let page = match intent.mode {
        // Unsubscribing is nobody's business but the subscriber's.
        Mode::Unsubscribe => None,
        Mode::Subscribe => match validate(ports, hub, &intent.topic).await {
            Verdict::Fine(page) => page,
            Verdict::Unreachable(reason) if !last => return Ok(Tried::failed(reason)),
            Verdict::Unreachable(reason) | Verdict::Refused(reason) => {
                return Ok(denied(ports, hub, intent, reason));
            }
        },
    };
    let challenge = challenge(&*ports.entropy);
    let sent_at = ports.clock.now();
    let Ok(url) = intent.callback.appending_query(&query(intent, &challenge)) else {
        return Ok(Tried { reason: Some("the callback is no URL".to_owned()), ..Tried::done("refused") });
    };
    let request = FetchRequest { url, headers: headers(hub), timeout: TIMEOUT, max_body: MAX_ANSWER };
    let fetched = ports.sender.fetch(request).await;
    let tried = judge(&fetched, &challenge, hub.terms().trim_challenge);
    if tried.outcome != "confirmed" {
        return Ok(tried);
    }
    confirmed(ports, hub, intent, page, sent_at, tried).await
}

/// What follows from a subscriber's word.
async fn confirmed(
    ports: &Ports,
    hub: &dyn Hub,
    intent: &Intent,
    page: Option<Page>,
    sent_at: Timestamp,
    tried: Tried,
) -> Stored<Tried> {
    let directory = ports.directory();
    match intent.mode {
        Mode::Unsubscribe => Ok(match directory.topic(&intent.topic) {
            Some(topic) => tried.with(Effect::Unsubscribe(topic.id, intent.callback.clone())),
            None => tried,
        }),
        Mode::Subscribe => {
            let topic = ports.store.ensure_topic(&intent.topic, page, sent_at).await?;
            // Others may have been confirmed since this one was accepted.
            let new = directory.subscription(topic.id, intent.callback.as_str()).is_none();
            let full = directory.subscription_count(topic.id) >= hub.terms().max_per_topic
                || directory.subscriptions_at(&callback_host(&intent.callback)) >= hub.terms().max_per_host;
            if new && full {
                return Ok(denied(ports, hub, intent, "there are too many subscriptions".to_owned()));
            }
            let Some((dialect, _)) = ports.dialects.hub() else { return Ok(tried) };
            let hook = subscription(ports, dialect, HookScope::Topic(topic.id), intent, sent_at);
            Ok(tried.with(Effect::Subscribe(Box::new(hook))))
        }
    }
}

/// The subscription as a hook. Its lease counts from the request that was confirmed.
fn subscription(ports: &Ports, dialect: DialectName, scope: HookScope, intent: &Intent, sent_at: Timestamp) -> NewHook {
    NewHook {
        uid: Uid::new(sent_at, &*ports.entropy),
        dialect,
        scope,
        active: true,
        url: intent.callback.clone(),
        events: vec![CONTENT.to_owned()],
        secret: intent.secret.clone(),
        credentials: None,
        headers: Vec::new(),
        format: BodyFormat::Json,
        insecure_tls: false,
        timeout: None,
        retries: None,
        extra: serde_json::Map::new(),
        creator: AccountId::NOBODY,
        app: None,
        expires_at: Some(sent_at.plus(intent.lease)),
        created_at: sent_at,
    }
}

/// The topic is not to be had: the subscriber is told, if subscribers are told at all.
fn denied(ports: &Ports, hub: &dyn Hub, intent: &Intent, reason: String) -> Tried {
    let tried = Tried { reason: Some(reason.clone()), ..Tried::done("denied") };
    if !hub.terms().send_denials {
        return tried;
    }
    let denial = Denial { topic: intent.topic.clone(), callback: intent.callback.clone(), reason };
    tried.with(Effect::Enqueue(NewTask::now(Job::Deny(denial), ports.clock.now())))
}

/// Header lines of every GET to a subscriber.
pub(super) fn headers(hub: &dyn Hub) -> Vec<(&'static str, String)> {
    vec![("Accept", "*/*".to_owned()), ("User-Agent", hub.user_agent().to_owned())]
}

/// The parameters, in the contract's order.
fn query(intent: &Intent, challenge: &str) -> String {
    let mut query = Serializer::new(String::new());
    query.append_pair("hub.mode", intent.mode.as_str());
    query.append_pair("hub.topic", &intent.topic);
    query.append_pair("hub.challenge", challenge);
    if intent.mode == Mode::Subscribe {
        query.append_pair("hub.lease_seconds", &intent.lease.as_secs().to_string());
    }
    if let Some(token) = &intent.verify_token {
        query.append_pair("hub.verify_token", token.expose());
    }
    query.finish()
}

/// A fresh challenge: unguessable, used once.
fn challenge(entropy: &dyn Entropy) -> String {
    // Each byte gives six bits of one of 64 characters, so all characters are equally likely.
    let mut random = [0; CHALLENGE_BITS / 6];
    entropy.fill(&mut random);
    random.iter().map(|byte| char::from(ALPHABET[usize::from(byte & 63)])).collect()
}

/// What an answer means (the contract's table).
fn judge(fetched: &Fetched, challenge: &str, trim: bool) -> Tried {
    let exchange = &fetched.exchange;
    let status = exchange.status;
    if let Some(tried) = Tried::passing(exchange, "the callback cannot answer now") {
        return tried;
    }
    let refused = |reason: &str| Tried { status, reason: Some(reason.to_owned()), ..Tried::done("refused") };
    match status {
        Some(200..=299) if echoes(fetched, challenge, trim) => Tried { status, ..Tried::done("confirmed") },
        Some(200..=299) => refused("the answer is not the challenge"),
        Some(300..=399) => refused("the callback redirects"),
        Some(404) => refused("the subscriber did not mean it"),
        Some(_) => refused("the callback refused"),
        None => refused("the callback may not be called"),
    }
}

/// Is the answer the challenge, byte for byte?
fn echoes(fetched: &Fetched, challenge: &str, trim: bool) -> bool {
    let body = &fetched.exchange.response_body[..];
    let body = if trim { body.trim_ascii() } else { body };
    fetched.whole && body == challenge.as_bytes()
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::attempt::{Exchange, Outcome};
    use crate::rules::target::TargetUrl;
    use crate::secret::Secret;

    fn answer(outcome: Outcome, status: Option<u16>, body: &'static str) -> Fetched {
        let exchange = Exchange {
            outcome,
            status,
            error: None,
            duration: Duration::ZERO,
            response_head: Bytes::new(),
            response_body: Bytes::from_static(body.as_bytes()),
            retry_after: None,
        };
        Fetched { exchange, whole: true }
    }

    fn intent(callback: &str) -> Intent {
        Intent {
            mode: Mode::Subscribe,
            topic: "http://t.test/a?b=c&d".to_owned(),
            callback: TargetUrl::parse(callback).expect("a URL"),
            lease: Duration::from_secs(600),
            secret: None,
            verify_token: Some(Secret::new("t ö")),
        }
    }

    /// Splitmix64: enough to see that challenges follow the entropy.
    struct Counting(std::sync::atomic::AtomicU64);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                let next = self.0.fetch_add(0x9E37_79B9_7F4A_7C15, std::sync::atomic::Ordering::Relaxed);
                let mixed = (next ^ next >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
                *byte = u8::try_from(mixed >> 56).unwrap_or(0);
            }
        }
    }

    #[test]
    fn answers_mean_what_the_table_of_section_4_says() {
        let judged = |status, body| {
            let tried = judge(&answer(Outcome::Answered, Some(status), body), "c0de", false);
            (tried.outcome, tried.temporary)
        };
        for status in [200, 202, 226, 299] {
            assert_eq!(judged(status, "c0de"), ("confirmed", false), "{status}");
        }
        for body in ["c0de\n", " c0de", "<p>c0de</p>", "C0DE", "", "c0d"] {
            assert_eq!(judged(200, body), ("refused", false), "check 8: {body:?}");
        }
        for status in [301, 302, 307, 400, 401, 404, 410] {
            assert_eq!(judged(status, "c0de"), ("refused", false), "{status}");
        }
        for status in [408, 429, 500, 502, 503] {
            assert_eq!(judged(status, "c0de"), ("failed", true), "{status}");
        }
        for outcome in [Outcome::TimedOut, Outcome::NameFailed, Outcome::ConnectFailed, Outcome::TlsFailed] {
            assert!(judge(&answer(outcome, None, ""), "c0de", false).temporary, "{outcome:?}");
        }
        assert!(!judge(&answer(Outcome::Refused, None, ""), "c0de", false).temporary, "E-12");
        assert_eq!(judge(&answer(Outcome::Answered, Some(200), "c0de\n"), "c0de", true).outcome, "confirmed");
        let cut = Fetched { whole: false, ..answer(Outcome::Answered, Some(200), "c0de") };
        assert_eq!(judge(&cut, "c0de", false).outcome, "refused", "there is more than was read");
    }

    #[test]
    fn check_07_challenges_differ_and_are_made_of_url_safe_characters() {
        let entropy = Counting(7.into());
        let made: std::collections::HashSet<_> = (0..1_000).map(|_| challenge(&entropy)).collect();
        assert_eq!(made.len(), 1_000);
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(made.iter().all(|challenge| challenge.len() == 32 && challenge.chars().all(plain)));
    }

    #[test]
    fn check_06_the_callbacks_own_query_stays_first_and_intact() {
        let asked = |callback: &str| {
            let intent = intent(callback);
            let url = intent.callback.appending_query(&query(&intent, "xyz")).expect("a URL");
            String::from_utf8_lossy(&url.target().expect("a target").path).into_owned()
        };
        let ours = "hub.mode=subscribe&hub.topic=http%3A%2F%2Ft.test%2Fa%3Fb%3Dc%26d&hub.challenge=xyz\
                    &hub.lease_seconds=600&hub.verify_token=t+%C3%B6";
        assert_eq!(asked("http://c.test/cb"), format!("/cb?{ours}"));
        assert_eq!(asked("http://c.test/cb?a=1&hub.topic=x"), format!("/cb?a=1&hub.topic=x&{ours}"));
        assert_eq!(asked("http://c.test?q='%27%2f"), format!("/?q='%27%2f&{ours}"));
        assert_eq!(asked("http://c.test/cb?"), format!("/cb?{ours}"));
    }

    proptest! {
        #[test]
        fn check_32_whatever_the_callback_its_text_is_a_prefix(path in "[!$-;=?-Z_a-z~%]{0,40}", query in "[!$-;=?-Z_a-z~&]{0,40}") {
            let callback = format!("http://c.test/{path}?{query}");
            if let Ok(url) = TargetUrl::parse(&callback) {
                let longer = url.appending_query("hub.mode=subscribe").expect("still a URL");
                prop_assert!(longer.as_str().starts_with(&callback));
                let (own, whole) = (url.target().expect("parts").path.clone(), longer.target().expect("parts").path.clone());
                prop_assert!(whole.starts_with(&own));
                prop_assert!(whole.ends_with(b"hub.mode=subscribe"));
            }
        }
    }
}
