//! Payloads: what happened, as Cloud tells it (contract bitbucket-cloud section 3).
//!
//! [`shapes`] holds the objects that many events share, [`stage`] what they all need to know; every other file is one
//! family of events. Everything borrows and is written straight to bytes.

mod comments;
mod issues;
mod projects;
mod pull_requests;
mod push;
mod repositories;
pub(in crate::bitbucket_cloud) mod shapes;
mod stage;
mod statuses;

use bytes::Bytes;
use domain::canonical::{Actor, Happening, OrganizationAction};
use domain::dialect::{Draft, Scene};
use serde::Serialize;

use crate::json::compact;
use shapes::{Account, Repository};
use stage::{Addresses, Stage};

/// The messages of one happening.
pub(super) fn translate(happening: &Happening, scene: &Scene<'_>, wanted: &dyn Fn(&str) -> bool) -> Vec<Draft> {
    if let Happening::Organization(OrganizationAction::Updated, event) = happening {
        return projects::tell(event, scene, wanted);
    }
    // All others happen in a repository; published for an account, there is nothing Cloud would say.
    let Some(row) = scene.repository else { return Vec::new() };
    let at = Addresses::of(row, scene.account, scene.public_url);
    let mut tale = Tale { stage: Stage::of(row, scene, &at), wanted, drafts: Vec::new() };
    match happening {
        Happening::Push(push) => push::tell(push, &mut tale),
        Happening::Repository(action, event) => repositories::tell(*action, event, &mut tale),
        Happening::CommitComment(action, event) => comments::tell_of_commit(*action, event, &mut tale),
        Happening::CommitStatus(action, event) => statuses::tell(*action, event, &mut tale),
        Happening::PullRequest(action, event) => pull_requests::tell(*action, event, &mut tale),
        Happening::PullRequestComment(action, event) => comments::tell_of_pull_request(*action, event, &mut tale),
        Happening::Issue(action, event) => issues::tell(*action, event, &mut tale),
        Happening::IssueComment(action, event) => comments::tell_of_issue(*action, event, &mut tale),
        Happening::Build(action, event) => statuses::tell_of_build(*action, event, &mut tale),
        // Told above, or by nobody: Cloud has no words for them.
        Happening::Release(..)
        | Happening::MirrorSynchronized(_)
        | Happening::Organization(..)
        | Happening::Member(..)
        | Happening::SecretsDetected(_) => {}
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
    /// Adds an event: the members that `own` makes, and those that all events have.
    fn tell<T: Serialize>(&mut self, key: &'static str, actor: &Actor, own: impl FnOnce(&Stage<'a>) -> T) {
        if !(self.wanted)(key) {
            return;
        }
        let stage = &self.stage;
        let payload = Payload { own: own(stage), repository: stage.repository(), actor: stage.person(actor) };
        self.drafts.push(Draft { kind: key.into(), action: None, body: json(&payload) });
    }
}

/// Any payload.
#[derive(Serialize)]
struct Payload<'a, T> {
    #[serde(flatten)]
    own: T,
    repository: Repository<'a>,
    actor: Account<'a>,
}

/// What something was and is.
#[derive(Serialize)]
struct Turn<T> {
    old: T,
    new: T,
}

/// Compact JSON.
fn json(payload: &impl Serialize) -> Bytes {
    // A repository, a person and a pull request take some 8 KB.
    compact(payload, 12 * 1024)
}

#[cfg(test)]
mod tests;
