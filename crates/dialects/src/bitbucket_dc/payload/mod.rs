//! Payloads: what happened, as Data Center tells it (contract bitbucket-datacenter section 3).
//!
//! [`shapes`] holds the objects that many events (and the HTTP API) share, [`stage`] what they all need to know, and
//! [`dates`] the two ways of writing moments; every other file is one family of events. Everything borrows or shares,
//! and is written straight to bytes.

mod comments;
pub(super) mod dates;
mod mirrors;
mod projects;
mod pull_requests;
mod push;
mod repositories;
mod secrets;
pub(super) mod shapes;
mod stage;

use bytes::Bytes;
use domain::canonical::{Actor, Happening, OrganizationAction};
use domain::dialect::{Draft, Scene};
use domain::directory::Located;
use domain::time::Timestamp;
use serde::Serialize;

use super::links::Links;
use crate::json::compact;
use dates::Date;
use shapes::User;
use stage::Stage;

/// The messages of one happening.
pub(super) fn translate(happening: &Happening, scene: &Scene<'_>, wanted: &dyn Fn(&str) -> bool) -> Vec<Draft> {
    if let Happening::Organization(OrganizationAction::Updated, event) = happening {
        return projects::tell(event, scene, wanted);
    }
    let Some(row) = scene.repository else {
        // All others happen in a repository; published for an account, there is nothing to say.
        return Vec::new();
    };
    let at = Located { repository: row.clone(), owner: scene.account.clone() };
    let links = Links::below(scene.public_url);
    let mut tale = Tale { stage: Stage::of(&at, scene, &links), wanted, drafts: Vec::new() };
    match happening {
        Happening::Push(push) => push::tell(push, &mut tale),
        Happening::Repository(action, event) => repositories::tell(*action, event, &mut tale),
        Happening::CommitComment(action, event) => comments::tell_of_commit(*action, event, &mut tale),
        Happening::PullRequest(action, event) => pull_requests::tell(*action, event, &mut tale),
        Happening::PullRequestComment(action, event) => comments::tell_of_pull_request(*action, event, &mut tale),
        Happening::MirrorSynchronized(event) => mirrors::tell(event, &mut tale),
        Happening::SecretsDetected(event) => secrets::tell(event, &mut tale),
        // Told above, or by nobody: Data Center has no issues and no releases, and its webhooks say nothing of builds.
        Happening::CommitStatus(..)
        | Happening::Issue(..)
        | Happening::IssueComment(..)
        | Happening::Build(..)
        | Happening::Organization(..)
        | Happening::Member(..)
        | Happening::Release(..) => {}
    }
    tale.drafts
}

/// The messages of one happening as they are told. Nothing is rendered that no hook listens to.
struct Tale<'a> {
    stage: Stage<'a>,
    wanted: &'a dyn Fn(&str) -> bool,
    drafts: Vec<Draft>,
}

impl<'a> Tale<'a> {
    /// Adds an event: who did it, if that is known, and the members that `own` makes.
    fn tell<T: Serialize>(&mut self, key: &'static str, actor: Option<&Actor>, own: impl FnOnce(&Stage<'a>) -> T) {
        if !(self.wanted)(key) {
            return;
        }
        let actor = actor.map(|actor| self.stage.user(actor));
        self.drafts.push(message(key, self.stage.occurred_at, actor, own(&self.stage)));
    }
}

/// A message under that key: when, who, and the members of its own.
fn message<T: Serialize>(key: &'static str, at: Timestamp, actor: Option<User<'_>>, own: T) -> Draft {
    let payload = Payload { event_key: key, date: Date(at), actor, own };
    Draft { kind: key.into(), action: None, body: json(&payload) }
}

/// Any payload.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Payload<'a, T> {
    event_key: &'static str,
    date: Date,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<User<'a>>,
    #[serde(flatten)]
    own: T,
}

/// Compact JSON.
fn json(payload: &impl Serialize) -> Bytes {
    // A pull request with two repositories and a few people takes some 4 KB.
    compact(payload, 6 * 1024)
}

#[cfg(test)]
pub(super) mod tests;
