//! A subscriber asks to be subscribed or left alone (contract websub section 3).

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};

use crate::account::push_hex;
use crate::flow::Ports;
use crate::hub::HubTerms;
use crate::ports::StoreError;
use crate::rules::target::TargetUrl;
use crate::secret::Secret;
use crate::task::{Intent, Job, Mode, NewTask};

/// What a subscriber asks for, taken apart and checked for its form.
#[derive(Clone, Debug)]
pub struct Request {
    /// What.
    pub mode: Mode,
    /// The topic's URL, exactly as given.
    pub topic: String,
    /// Where to call, exactly as given.
    pub callback: TargetUrl,
    /// For how long, if it said so.
    pub lease: Option<Duration>,
    /// Signs what it gets.
    pub secret: Option<Secret>,
    /// To be given back with the challenge.
    pub verify_token: Option<Secret>,
}

/// Why a request was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// This server has no hub.
    #[error("there is no hub here")]
    NoHub,
    /// The topic, the callback's host, or what waits for it is at its limit.
    #[error("too many subscriptions or requests for this {0}")]
    TooMany(&'static str),
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Accepts a request: returns after it is durable. Whether the topic exists and the callback meant it is found out
/// later, so that the answer tells nobody.
pub async fn ask(ports: &Ports, request: Request) -> Result<(), AskError> {
    let (_, hub) = ports.dialects.hub().ok_or(AskError::NoHub)?;
    let terms = hub.terms();
    let directory = ports.directory();
    let topic = directory.topic(&request.topic);
    let now = ports.clock.now();
    let existing = topic.as_ref().and_then(|topic| directory.subscription(topic.id, request.callback.as_str()));
    match request.mode {
        // Nothing to end, and nothing on its way: nobody is called, and nobody learns that there was nothing.
        Mode::Unsubscribe
            if existing.as_ref().is_none_or(|hook| hook.has_expired(now))
                && !ports.store.is_pending(&request.topic, &request.callback).await? =>
        {
            return Ok(());
        }
        Mode::Subscribe if existing.is_none() => {
            let of_topic = topic.map_or(0, |topic| directory.subscription_count(topic.id));
            if of_topic >= terms.max_per_topic {
                return Err(AskError::TooMany("topic"));
            }
            if directory.subscriptions_at(&callback_host(&request.callback)) >= terms.max_per_host {
                return Err(AskError::TooMany("callback host"));
            }
        }
        Mode::Subscribe | Mode::Unsubscribe => {}
    }
    let intent = Intent {
        mode: request.mode,
        topic: request.topic,
        callback: request.callback,
        lease: decided_lease(terms, request.lease),
        secret: request.secret,
        verify_token: request.verify_token,
    };
    let task = NewTask::now(Job::VerifyIntent(intent), now);
    match ports.store.enqueue(task, terms.max_pending).await {
        Err(StoreError::Conflict(_)) => Err(AskError::TooMany("callback host or topic")),
        other => Ok(other?),
    }
}

/// The lease that will be offered: what was asked for, within the operator's limits (contract section 6).
fn decided_lease(terms: &HubTerms, asked: Option<Duration>) -> Duration {
    asked.unwrap_or(terms.default_lease).clamp(terms.min_lease, terms.max_lease.max(terms.min_lease))
}

/// The host of a callback, under which it is counted: all that is shown of it, its path can be a secret (S-9).
pub fn callback_host(callback: &TargetUrl) -> String {
    callback.target().map(|target| target.host.to_string()).unwrap_or_default()
}

/// The first 64 bits of a callback's SHA-256, in hex: tells callbacks of one host apart without showing them (S-9).
pub fn callback_hash(callback: &TargetUrl) -> String {
    let hash = digest(&SHA256, callback.as_str().as_bytes());
    let mut text = String::with_capacity(16);
    hash.as_ref()[..8].iter().for_each(|byte| push_hex(&mut text, *byte));
    text
}
