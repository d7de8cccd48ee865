//! A dialect: how one vendor tells, wraps, signs and retries (the HTTP surface is the `dialects` crate's business).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::account::{Account, Repository};
use crate::attempt::{Exchange, HookFate};
use crate::canonical::Happening;
use crate::ci::CiApp;
use crate::delivery::Message;
use crate::directory::Directory;
use crate::event::Place;
use crate::hook::{DialectName, Hook, HookScope};
use crate::hub::Hub;
use crate::ports::Entropy;
use crate::rules::target::TargetUrl;
use crate::time::Timestamp;

/// Everything a dialect may know when it tells what happened.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// Where it happened.
    pub place: Place,
    /// The account concerned; for a repository event its owner.
    pub account: &'a Arc<Account>,
    /// The repository concerned.
    pub repository: Option<&'a Arc<Repository>>,
    /// The app concerned, if it is about a build.
    pub app: Option<&'a Arc<CiApp>>,
    /// Looks up other accounts: actors, committers.
    pub directory: &'a Directory,
    /// Where this server is reached from outside, without a trailing slash: `https://git.acme.test`.
    pub public_url: &'a str,
    /// When it happened, or when it was accepted if the publisher did not say.
    pub occurred_at: Timestamp,
    /// Which of the dialect's shapes to tell it in.
    pub shape: Shape,
}

/// One of several ways in which a dialect writes the same payload, chosen by the hook: a date format, say. Each event is
/// rendered once for each shape that a hook wants. Most dialects have only the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Shape(pub u8);

/// A message before it has its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The dialect's event name.
    pub kind: Arc<str>,
    /// The dialect's action within it.
    pub action: Option<Arc<str>>,
    /// The JSON text.
    pub body: Bytes,
}

/// What is put on the wire, except for `Host` and `Content-Length`, which the sender owns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WireRequest {
    /// Names in their customary case, values already checked to be header-safe.
    pub headers: Vec<(&'static str, String)>,
    /// The exact bytes that were signed (S-6).
    pub body: Bytes,
    /// Where to, if that depends on the message; otherwise the hook's own URL.
    pub url: Option<TargetUrl>,
}

/// What `encode` may know about the attempt it writes.
#[derive(Clone, Copy)]
pub struct Sending<'a> {
    /// 1 for the delivery's first attempt.
    pub number: u32,
    /// Attempts that earlier deliveries of the same message to this hook have made: those before a redelivery.
    pub earlier: u32,
    /// Asked for by a person.
    pub redelivery: bool,
    /// Now.
    pub now: Timestamp,
    /// Where the event happened.
    pub place: Place,
    /// The media type of the event's data.
    pub content_type: &'a str,
    /// How many deliveries in a row led to this one, itself included (D-8).
    pub hops: u8,
    /// Where this server is reached from outside, without a trailing slash.
    pub public_url: &'a str,
    /// Looks up what the place is called now.
    pub directory: &'a Directory,
    /// For ids that are fresh with each request.
    pub entropy: &'a dyn Entropy,
}

/// Names of a vendor's own counters, as metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CounterNames {
    /// Counter: events that led to at least one delivery of this dialect.
    pub publishes: &'static str,
    /// Counter: requests sent, or tried.
    pub dispatches: &'static str,
    /// Gauge: requests under way.
    pub in_flight: &'static str,
    /// Counter: answers of 2xx.
    pub successes: &'static str,
    /// Counter: other answers.
    pub failures: &'static str,
    /// Counter: requests without an answer.
    pub errors: &'static str,
    /// Counter: deliveries skipped by the breaker or the limit in flight.
    pub rejections: &'static str,
    /// Gauge: when the last one was skipped, in seconds since 1970.
    pub last_rejection: &'static str,
}

/// What hooks of a dialect can be, whichever surface makes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HookTerms {
    /// They can listen to [`ALL_EVENTS`](crate::hook::ALL_EVENTS).
    pub wildcard: bool,
    /// Their bodies can be written as forms.
    pub form: bool,
    /// How many one scope may have.
    pub max_hooks: Option<usize>,
    /// Each OAuth application has hooks of its own, and nobody is shown another's: see
    /// [`sees_hook`](crate::rules::access::sees_hook).
    pub isolated: bool,
}

impl Default for HookTerms {
    fn default() -> Self {
        Self { wildcard: true, form: true, max_hooks: None, isolated: false }
    }
}

/// One wire format.
pub trait Dialect: Send + Sync {
    /// Its name in the registry.
    fn name(&self) -> DialectName;

    /// Is this an event name a hook of that scope can get? Wildcards excluded.
    fn knows_event(&self, kind: &str, scope: HookScope) -> bool;

    /// What its hooks of that scope can be.
    fn hook_terms(&self, scope: HookScope) -> HookTerms {
        let _ = scope;
        HookTerms::default()
    }

    /// Tells what happened as zero or more messages. `wanted` says whether any hook listens to an event name, so that
    /// nothing is rendered for nobody.
    fn translate(&self, happening: &Happening, scene: &Scene<'_>, wanted: &dyn Fn(&str) -> bool) -> Vec<Draft>;

    /// Takes a payload that already is in this dialect, byte for byte, under the event name `kind`. `Err` explains why
    /// it cannot be one.
    fn pass_through(&self, kind: &str, data: &Bytes) -> Result<Draft, String>;

    /// The message that a person asks for to see whether `hook` works; `sender` is the asking user. `None`: the dialect
    /// has no such message.
    fn ping(&self, hook: &Arc<Hook>, scene: &Scene<'_>, sender: &Arc<Account>) -> Option<Draft> {
        let _ = (hook, scene, sender);
        None
    }

    /// Writes and signs one attempt. Called for each attempt, so that an edited URL or secret counts at once.
    fn encode(&self, hook: &Hook, message: &Message, sending: &Sending<'_>) -> WireRequest;

    /// The shape this hook gets its payloads in.
    fn shape(&self, hook: &Hook) -> Shape {
        let _ = hook;
        Shape::default()
    }

    /// Does a message of that event and action ever go to hooks of that scope? Events are also published where some of
    /// the hooks may not hear of them: a wildcard listens to what the vendor does not tell everyone.
    fn reaches(&self, kind: &str, action: Option<&str>, scope: HookScope) -> bool {
        let _ = (kind, action, scope);
        true
    }

    /// Seconds between the vendor's own attempts (schedule `vendor`).
    fn vendor_delays(&self) -> &'static [u32];

    /// Does the vendor try again after a failure of this kind (schedule `vendor`)?
    fn vendor_retries(&self, exchange: &Exchange) -> bool {
        let _ = exchange;
        true
    }

    /// The vendor's own limit for a whole exchange, if it differs from the server's (D-23).
    fn timeout(&self) -> Option<Duration> {
        None
    }

    /// Does its API show counts per event name? Then each exchange is tallied when it is settled.
    fn tallies(&self) -> bool {
        false
    }

    /// What the vendor calls its own counters of deliveries, if operators know them by name.
    fn counters(&self) -> Option<&'static CounterNames> {
        None
    }

    /// What a 410 does to the hook (D-15). Unless it stays, its open deliveries end as cancelled.
    fn when_gone(&self) -> HookFate;

    /// How many attempts a delivery gets in all if it fails like this, whatever the schedule; `None`: as many as that has.
    fn attempts_after(&self, exchange: &Exchange) -> Option<u32> {
        let _ = exchange;
        None
    }

    /// The hub that serves this dialect's topics, if it has any.
    fn hub(&self) -> Option<&dyn Hub> {
        None
    }

    /// Largest JSON text this dialect delivers, in bytes; a larger one is `skipped(oversize)` (D-7).
    fn max_payload(&self) -> usize;
}

/// The dialects in use, by name.
#[derive(Clone)]
pub struct Dialects(Arc<[Arc<dyn Dialect>]>);

impl Dialects {
    /// A registry of these.
    pub fn new(dialects: impl IntoIterator<Item = Arc<dyn Dialect>>) -> Self {
        Self(dialects.into_iter().collect())
    }

    /// The dialect of that name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Dialect>> {
        self.0.iter().find(|dialect| dialect.name().0 == name)
    }

    /// The dialect with a hub, and the hub.
    pub fn hub(&self) -> Option<(DialectName, &dyn Hub)> {
        self.0.iter().find_map(|dialect| Some((dialect.name(), dialect.hub()?)))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Dialect>> {
        self.0.iter()
    }

    /// Splits `github.push` into its dialect and event name; `None` if the first part names no dialect.
    pub fn split_kind<'a>(&self, kind: &'a str) -> Option<(&Arc<dyn Dialect>, &'a str)> {
        let (name, event) = kind.split_once('.')?;
        Some((self.get(name)?, event))
    }
}

impl std::fmt::Debug for Dialects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter().map(|dialect| dialect.name())).finish()
    }
}
