//! Payloads: what happened, as GitHub tells it (contract github section 4).
//!
//! [`shapes`] holds the objects that many events share, [`stage`] what they all need to know; every other file is one
//! family of events. Everything borrows and is written straight to bytes.

mod comments;
mod issues;
mod members;
mod organizations;
mod ping;
mod pull_requests;
mod push;
mod refs;
mod releases;
mod repositories;
pub(crate) mod shapes;
mod stage;
mod statuses;

use bytes::Bytes;
use domain::canonical::{Actor, Happening};
use domain::dialect::{Draft, Scene};
use serde::Serialize;

pub(crate) use ping::{ping, zen};
use shapes::{Organization, Repository, User};
use stage::Stage;

use crate::github::links::Links;
use crate::json::compact;

/// The messages of one happening, in GitHub's order.
pub(crate) fn translate(happening: &Happening, scene: &Scene<'_>, wanted: &dyn Fn(&str) -> bool) -> Vec<Draft> {
    let links = Links::for_payloads(scene.public_url);
    if let Happening::Organization(action, event) = happening {
        return organizations::tell(*action, event, scene, &links, wanted);
    }
    let Some(row) = scene.repository else {
        // All others happen in a repository; published for an account, there is nothing GitHub would say.
        return Vec::new();
    };
    let row = match happening {
        Happening::Repository(action, _) => &repositories::after(*action, row),
        _ => row,
    };
    let stage = Stage::of(row, scene, &links);
    let mut tale = Tale { stage, wanted, drafts: Vec::new() };
    match happening {
        Happening::Push(push) => push::tell(push, &mut tale),
        Happening::Repository(action, event) => repositories::tell(*action, event, &mut tale),
        Happening::CommitComment(action, event) => comments::tell_of_commit(*action, event, &mut tale),
        Happening::CommitStatus(_, event) => statuses::tell(event, &mut tale),
        Happening::PullRequest(action, event) => pull_requests::tell(*action, event, &mut tale),
        Happening::PullRequestComment(action, event) => comments::tell_of_pull_request(*action, event, &mut tale),
        Happening::Issue(action, event) => issues::tell(*action, event, &mut tale),
        Happening::IssueComment(action, event) => comments::tell_of_issue(*action, event, &mut tale),
        Happening::Build(_, event) => statuses::tell_of_build(event, &mut tale),
        Happening::Release(action, event) => releases::tell(*action, event, &mut tale),
        Happening::Member(action, event) => members::tell(*action, event, &mut tale),
        // Told above, or by nobody: GitHub has no word for them.
        Happening::Organization(..) | Happening::MirrorSynchronized(_) | Happening::SecretsDetected(_) => {}
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
    /// Does any hook listen to this event?
    fn wants(&self, kind: &str) -> bool {
        (self.wanted)(kind)
    }

    /// Adds an event: its `action`, if any, the members that `own` makes, and those that all events have.
    fn tell<T: Serialize>(
        &mut self,
        kind: &'static str,
        action: Option<&'static str>,
        actor: &Actor,
        own: impl FnOnce(&Stage<'a>) -> T,
    ) {
        if !self.wants(kind) {
            return;
        }
        let payload = Payload {
            action,
            own: own(&self.stage),
            repository: self.stage.repository(),
            organization: self.stage.organization(),
            sender: self.stage.user(actor),
        };
        let body = json(&payload);
        self.drafts.push(Draft { kind: kind.into(), action: action.map(Into::into), body });
    }
}

/// Any payload but that of `push`.
#[derive(Serialize)]
struct Payload<'a, T> {
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'static str>,
    #[serde(flatten)]
    own: T,
    repository: Repository<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    organization: Option<Organization<'a>>,
    sender: User<'a>,
}

/// `changes.….from`: a text before it changed.
#[derive(Serialize)]
struct From<'a> {
    from: &'a str,
}

impl<'a> From<'a> {
    /// What was not there before was empty.
    fn of(change: &'a domain::canonical::Change) -> Self {
        Self { from: change.from.as_deref().unwrap_or_default() }
    }
}

/// Compact JSON.
fn json(payload: &impl Serialize) -> Bytes {
    // A repository and two users take some 8 KB.
    compact(payload, 12 * 1024)
}

#[cfg(test)]
mod tests;
