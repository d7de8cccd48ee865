//! Payloads: what happened, as GitHub tells it (contract github section 4).
//!
//! [`shapes`] holds the objects that many events share, [`stage`] what they all need to know; every other file is one
//! family of events. Everything borrows and is written straight to bytes.

mod ping;
mod push;
mod refs;
pub(crate) mod shapes;
mod stage;

use bytes::Bytes;
use domain::canonical::Happening;
use domain::dialect::{Draft, Scene};
use serde::Serialize;

pub(crate) use ping::{ping, zen};
pub(crate) use stage::Stage;

use crate::github::links::Links;

/// The messages of one happening, in GitHub's order.
pub(crate) fn translate(happening: &Happening, scene: &Scene<'_>, wanted: &dyn Fn(&str) -> bool) -> Vec<Draft> {
    let links = Links::for_payloads(scene.public_url);
    let Some(stage) = Stage::of(scene, &links) else {
        // Every canonical event happens in a repository; published for an account, there is nothing GitHub would say.
        return Vec::new();
    };
    let mut told = Told { wanted, drafts: Vec::new() };
    match happening {
        Happening::Push(push) => push::tell(push, &stage, &mut told),
    }
    told.drafts
}

/// Collects messages, and renders only those that a hook listens to.
pub(super) struct Told<'a> {
    wanted: &'a dyn Fn(&str) -> bool,
    drafts: Vec<Draft>,
}

impl Told<'_> {
    /// Does any hook listen to this event?
    pub(super) fn wants(&self, kind: &str) -> bool {
        (self.wanted)(kind)
    }

    /// Adds an event whose payload has no `action`.
    pub(super) fn add(&mut self, kind: &'static str, payload: impl FnOnce() -> Bytes) {
        if self.wants(kind) {
            self.drafts.push(Draft { kind: kind.into(), action: None, body: payload() });
        }
    }

    /// Adds an event with an `action`.
    pub(super) fn act(&mut self, kind: &'static str, action: &'static str, payload: impl FnOnce() -> Bytes) {
        if self.wants(kind) {
            self.drafts.push(Draft { kind: kind.into(), action: Some(action.into()), body: payload() });
        }
    }
}

/// Compact JSON.
pub(super) fn json(payload: &impl Serialize) -> Bytes {
    // A repository and two users take some 8 KB; growing from there doubles.
    let mut bytes = Vec::with_capacity(12 * 1024);
    // Writing structs to memory cannot fail: no maps with odd keys, no fallible Serialize. An empty body says it did.
    if serde_json::to_writer(&mut bytes, payload).is_err() {
        bytes.clear();
    }
    bytes.into()
}
