//! `status`: from commit statuses and from builds.

use domain::canonical::{Actor, BuildEvent, BuildState, Commit, CommitStatusEvent, StatusState};
use domain::time::Timestamp;
use serde::Serialize;

use super::shapes::StatusCommit;
use super::{Stage, Tale};

/// Branches told in one message.
const MAX_BRANCHES: usize = 10;

/// A status somebody set.
pub(super) fn tell(event: &CommitStatusEvent, tale: &mut Tale<'_>) {
    let status = &event.status;
    let state = match status.state {
        StatusState::Pending => "pending",
        StatusState::Success => "success",
        StatusState::Failure => "failure",
        StatusState::Error | StatusState::Cancelled => "error",
    };
    tale.tell("status", None, &event.actor, |stage| {
        let facts = Facts {
            id: status.id,
            sha: &status.commit,
            url: status.url.as_deref(),
            context: &status.key,
            description: status.description.as_deref(),
            state,
            details: status.details.as_ref(),
            created_at: status.created_at,
            updated_at: status.updated_at.unwrap_or(status.created_at),
        };
        let tips = status.branches.iter().take(MAX_BRANCHES);
        let branches = tips.map(|tip| Branch::of(&tip.name, &tip.commit, stage)).collect();
        facts.payload(&event.actor, branches, stage)
    });
}

/// A build is a status under its workflow's name. One that does not know its commit has none to tell of.
pub(super) fn tell_of_build(event: &BuildEvent, tale: &mut Tale<'_>) {
    let build = &event.build;
    let Some(sha) = build.commit.as_deref().or(build.details.as_ref().map(|commit| commit.id.as_str())) else { return };
    let (state, verb) = match build.state {
        BuildState::Running => ("pending", "is running"),
        BuildState::Succeeded => ("success", "succeeded"),
        BuildState::Failed => ("failure", "failed"),
        BuildState::Aborted => ("error", "was aborted"),
        BuildState::AbortedAsSuccess => ("success", "was aborted, which counts as success"),
    };
    let description = format!("Build {} {verb}", build.number);
    tale.tell("status", None, &event.actor, |stage| {
        let facts = Facts {
            id: build.number,
            sha,
            url: build.url.as_deref(),
            context: build.workflow.as_deref().or(build.pipeline.as_deref()).unwrap_or("build"),
            description: Some(&description),
            state,
            details: build.details.as_ref(),
            created_at: build.triggered_at,
            updated_at: build.finished_at.unwrap_or(build.triggered_at),
        };
        let branches = build.branch.iter().map(|name| Branch::of(name, sha, stage)).collect();
        facts.payload(&event.actor, branches, stage)
    });
}

/// What statuses and builds have in common.
struct Facts<'a> {
    id: u64,
    sha: &'a str,
    url: Option<&'a str>,
    context: &'a str,
    description: Option<&'a str>,
    state: &'static str,
    details: Option<&'a Commit>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl<'a> Facts<'a> {
    fn payload(self, actor: &'a Actor, branches: Vec<Branch<'a>>, stage: &Stage<'a>) -> Payload<'a> {
        Payload {
            id: self.id,
            sha: self.sha,
            name: format!("{}/{}", stage.owner.login, stage.row.name),
            target_url: self.url,
            context: self.context,
            description: self.description,
            state: self.state,
            commit: StatusCommit::of(self.sha, self.details, actor, stage),
            branches,
            created_at: self.created_at.rfc3339_seconds(),
            updated_at: self.updated_at.rfc3339_seconds(),
        }
    }
}

#[derive(Serialize)]
struct Payload<'a> {
    id: u64,
    sha: &'a str,
    name: String,
    target_url: Option<&'a str>,
    context: &'a str,
    description: Option<&'a str>,
    state: &'static str,
    commit: StatusCommit<'a>,
    branches: Vec<Branch<'a>>,
    created_at: String,
    updated_at: String,
}

#[derive(Serialize)]
struct Branch<'a> {
    name: &'a str,
    commit: Tip<'a>,
    protected: bool,
}

#[derive(Serialize)]
struct Tip<'a> {
    sha: &'a str,
    url: String,
}

impl<'a> Branch<'a> {
    fn of(name: &'a str, sha: &'a str, stage: &Stage<'_>) -> Self {
        let url = format!("{}/commits/{sha}", stage.api());
        Self { name, commit: Tip { sha, url }, protected: false }
    }
}
