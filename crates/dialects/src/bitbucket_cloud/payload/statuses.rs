//! `repo:commit_status_created` and `repo:commit_status_updated`: from commit statuses and from builds.

use domain::canonical::{
    BuildAction, BuildEvent, BuildState, Commit as Known, CommitStatusEvent, StatusAction, StatusState,
};
use domain::time::Timestamp;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::shapes::{Commit, LinkSet, Micros, path};
use super::{Stage, Tale};

const CREATED: &str = "repo:commit_status_created";
const UPDATED: &str = "repo:commit_status_updated";

/// A status somebody set.
pub(super) fn tell(action: StatusAction, event: &CommitStatusEvent, tale: &mut Tale<'_>) {
    let status = &event.status;
    let state = match status.state {
        StatusState::Pending => "INPROGRESS",
        StatusState::Success => "SUCCESSFUL",
        StatusState::Failure | StatusState::Error => "FAILED",
        StatusState::Cancelled => "STOPPED",
    };
    let key = match action {
        StatusAction::Created => CREATED,
        StatusAction::Updated => UPDATED,
    };
    tale.tell(key, &event.actor, |stage| Payload {
        commit_status: CommitStatus {
            key: &status.key,
            state,
            name: status.name.as_deref().unwrap_or(&status.key),
            description: status.description.as_deref().unwrap_or_default(),
            refname: status.ref_name.as_deref().map(short_name),
            url: status.url.as_deref().unwrap_or_default(),
            hash: &status.commit,
            details: status.details.as_ref(),
            created_on: status.created_at,
            updated_on: status.updated_at.unwrap_or(status.created_at),
            stage: *stage,
        },
    });
}

/// A build is a status under its workflow's name. One that does not know its commit has none to tell of.
pub(super) fn tell_of_build(action: BuildAction, event: &BuildEvent, tale: &mut Tale<'_>) {
    let build = &event.build;
    let Some(hash) = build.commit.as_deref().or(build.details.as_ref().map(|commit| commit.id.as_str())) else {
        return;
    };
    let (state, verb) = match build.state {
        BuildState::Running => ("INPROGRESS", "is running"),
        BuildState::Succeeded => ("SUCCESSFUL", "succeeded"),
        BuildState::Failed => ("FAILED", "failed"),
        BuildState::Aborted => ("STOPPED", "was aborted"),
        BuildState::AbortedAsSuccess => ("SUCCESSFUL", "was aborted, which counts as success"),
    };
    let key = match action {
        BuildAction::Triggered => CREATED,
        BuildAction::Finished => UPDATED,
    };
    let name = build.workflow.as_deref().or(build.pipeline.as_deref()).unwrap_or("build");
    let description = format!("Build {} {verb}", build.number);
    tale.tell(key, &event.actor, |stage| Payload {
        commit_status: CommitStatus {
            key: name,
            state,
            name,
            description: &description,
            refname: build.branch.as_deref().or(build.tag.as_deref()),
            url: build.url.as_deref().unwrap_or_default(),
            hash,
            details: build.details.as_ref(),
            created_on: build.triggered_at,
            updated_on: build.finished_at.unwrap_or(build.triggered_at),
            stage: *stage,
        },
    });
}

/// `main` for `refs/heads/main`.
fn short_name(name: &str) -> &str {
    name.strip_prefix("refs/heads/").or_else(|| name.strip_prefix("refs/tags/")).unwrap_or(name)
}

#[derive(Serialize)]
struct Payload<'a> {
    commit_status: CommitStatus<'a>,
}

/// What statuses and builds have in common.
struct CommitStatus<'a> {
    key: &'a str,
    state: &'static str,
    name: &'a str,
    description: &'a str,
    refname: Option<&'a str>,
    url: &'a str,
    hash: &'a str,
    details: Option<&'a Known>,
    created_on: Timestamp,
    updated_on: Timestamp,
    stage: Stage<'a>,
}

impl Serialize for CommitStatus<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let api = &*self.stage.at.api;
        let mut map = sink.serialize_map(None)?;
        map.serialize_entry("key", self.key)?;
        map.serialize_entry("type", "build")?;
        map.serialize_entry("state", self.state)?;
        map.serialize_entry("name", self.name)?;
        map.serialize_entry("description", self.description)?;
        map.serialize_entry("refname", &self.refname)?;
        map.serialize_entry("url", self.url)?;
        map.serialize_entry("commit", &Commit::target(self.hash, self.details, self.stage))?;
        map.serialize_entry("repository", &self.stage.short_repository())?;
        map.serialize_entry("created_on", &Micros(self.created_on))?;
        map.serialize_entry("updated_on", &Micros(self.updated_on))?;
        let links = LinkSet(&[
            ("commit", &[api, "/commit/", self.hash]),
            ("self", &[api, "/commit/", self.hash, "/statuses/build/", &path(self.key)]),
        ]);
        map.serialize_entry("links", &links)?;
        map.end()
    }
}
