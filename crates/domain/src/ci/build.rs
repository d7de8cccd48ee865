//! Builds: accepted, run by an executor, ended once (contract bitrise section 4).

use std::sync::Arc;

use super::params::{BuildParams, BuildSecret};
use crate::canonical::BuildState;
use crate::id::{BuildId, CiAppId, IncomingId, Uid};
use crate::time::Timestamp;

/// Most of a build's log that is kept, in bytes; what comes after is dropped, and the log says so.
pub const MAX_LOG: usize = 16 * 1024 * 1024;

/// How a build stands, as the wire tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildStatus {
    /// Waiting or running.
    InProgress,
    /// Ended well.
    Success,
    /// Ended badly.
    Error,
    /// Stopped, and counts as failed.
    Aborted,
    /// Stopped, and counts as succeeded.
    AbortedWithSuccess,
}

impl BuildStatus {
    /// All of them, by code.
    pub const ALL: [Self; 5] = [Self::InProgress, Self::Success, Self::Error, Self::Aborted, Self::AbortedWithSuccess];

    /// The number on the wire.
    pub fn code(self) -> u8 {
        match self {
            Self::InProgress => 0,
            Self::Success => 1,
            Self::Error => 2,
            Self::Aborted => 3,
            Self::AbortedWithSuccess => 4,
        }
    }

    /// The one of that number.
    pub fn of_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|status| i64::from(status.code()) == code)
    }

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in-progress",
            Self::Success => "success",
            Self::Error => "error",
            Self::Aborted => "aborted",
            Self::AbortedWithSuccess => "aborted-with-success",
        }
    }

    /// The canonical word.
    pub fn state(self) -> BuildState {
        match self {
            Self::InProgress => BuildState::Running,
            Self::Success => BuildState::Succeeded,
            Self::Error => BuildState::Failed,
            Self::Aborted => BuildState::Aborted,
            Self::AbortedWithSuccess => BuildState::AbortedAsSuccess,
        }
    }
}

/// Where a build is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Accepted; no executor has it.
    Queued,
    /// An executor has it.
    Running,
    /// Over.
    Ended,
}

/// What a trigger leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// One workflow.
    Workflow(String),
    /// A pipeline of several.
    Pipeline(String),
}

impl Target {
    /// The workflow's name.
    pub fn workflow(&self) -> Option<&str> {
        match self {
            Self::Workflow(name) => Some(name),
            Self::Pipeline(_) => None,
        }
    }

    /// The pipeline's name.
    pub fn pipeline(&self) -> Option<&str> {
        match self {
            Self::Workflow(_) => None,
            Self::Pipeline(name) => Some(name),
        }
    }
}

/// What kind of event a build is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerKind {
    /// A branch moved.
    Push,
    /// A pull request.
    PullRequest,
    /// A tag.
    Tag,
}

/// A build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// Integer id.
    pub id: BuildId,
    /// Its slug, printed as a UUID.
    pub uid: Uid,
    /// The app it is of.
    pub app: CiAppId,
    /// Counts from 1 within the app, without gaps.
    pub number: u64,
    /// How it stands.
    pub status: BuildStatus,
    /// Where it is on its way.
    pub stage: Stage,
    /// What it runs.
    pub target: Target,
    /// What it is made of.
    pub params: BuildParams,
    /// The parameters as they came, a JSON object; secrets left out.
    pub original: Arc<str>,
    /// Who or what triggered it: `webhook-github/alice`, `manual-alice`.
    pub triggered_by: Option<String>,
    /// Who runs it, once somebody does.
    pub executor: Option<String>,
    /// Why it was stopped, or failed without being at fault.
    pub abort_reason: Option<String>,
    /// When it was accepted.
    pub triggered_at: Timestamp,
    /// When an executor took it.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// The request that led to it.
    pub incoming: Option<IncomingId>,
    /// How many deliveries in a row led to it: what is told of it goes on counting (D-8).
    pub hops: u8,
}

impl Build {
    /// What it is called on the wire.
    pub fn slug(&self) -> String {
        self.uid.to_string()
    }
}

/// A build to start. The store gives it its number.
#[derive(Clone, Debug)]
pub struct NewBuild {
    /// See [`Build::uid`].
    pub uid: Uid,
    /// See [`Build::app`].
    pub app: CiAppId,
    /// See [`Build::target`].
    pub target: Target,
    /// See [`Build::params`].
    pub params: BuildParams,
    /// See [`Build::original`].
    pub original: Arc<str>,
    /// Variables that are sealed at rest and given to the executor alone.
    pub secrets: Vec<BuildSecret>,
    /// See [`Build::triggered_by`].
    pub triggered_by: Option<String>,
    /// See [`Build::triggered_at`].
    pub triggered_at: Timestamp,
    /// See [`Build::hops`].
    pub hops: u8,
}

/// A build that waits for somebody's approval: it comes from a fork.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildRequest {
    /// Its slug.
    pub uid: Uid,
    /// The app.
    pub app: CiAppId,
    /// See [`Build::params`].
    pub params: BuildParams,
    /// See [`Build::original`].
    pub original: Arc<str>,
    /// What it would run, if the triggers chose it.
    pub targets: Vec<Target>,
    /// See [`Build::triggered_by`].
    pub triggered_by: Option<String>,
    /// When it came.
    pub created_at: Timestamp,
}

/// A build request to keep: the same.
pub type NewBuildRequest = BuildRequest;

/// How a build ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildEnd {
    /// Anything but in progress.
    pub status: BuildStatus,
    /// See [`Build::abort_reason`].
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// What became of an attempt to end a build.
#[derive(Clone, Debug)]
pub enum Ended {
    /// It has ended now.
    Now(Arc<Build>),
    /// It had ended before; nothing changed.
    Before(Arc<Build>),
}

/// Ask for a build to run.
#[derive(Clone, Debug)]
pub struct ClaimBuild {
    /// Only of these apps; `None`: of any.
    pub apps: Option<Vec<CiAppId>>,
    /// Only this build.
    pub only: Option<BuildId>,
    /// Who will run it.
    pub executor: String,
    /// It dies with this process: if it is still running at the next start, it ends as failed.
    pub local: bool,
    /// Now.
    pub now: Timestamp,
}

/// A piece of a build's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPiece {
    /// Its place: counts from 0 within the build.
    pub position: u64,
    /// The text.
    pub text: String,
}

/// The order of a list of builds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BuildOrder {
    /// Newest first.
    #[default]
    Created,
    /// Those not ended first, then newest first.
    RunningFirst,
}

/// Which builds of an app, or of some, to list.
#[derive(Clone, Debug, Default)]
pub struct BuildFilter {
    /// In which order.
    pub order: BuildOrder,
    /// Only of this branch.
    pub branch: Option<String>,
    /// Only of this workflow.
    pub workflow: Option<String>,
    /// Only with this in the commit message.
    pub commit_message: Option<String>,
    /// Only for this kind of event.
    pub kind: Option<TriggerKind>,
    /// Only of this pull request.
    pub pull_request: Option<u64>,
    /// Only the one of this number.
    pub number: Option<u64>,
    /// Only accepted after this moment.
    pub after: Option<Timestamp>,
    /// Only accepted before this moment.
    pub before: Option<Timestamp>,
    /// Only so.
    pub status: Option<BuildStatus>,
    /// Only so far on their way.
    pub stage: Option<Stage>,
    /// Only (or no) builds of pipelines.
    pub pipeline: Option<bool>,
    /// Only this commit.
    pub commit: Option<String>,
    /// From this one on, in the list's order.
    pub from: Option<Uid>,
    /// At most so many.
    pub limit: usize,
}

/// A page of a list.
#[derive(Clone, Debug, Default)]
pub struct BuildPage {
    /// The builds.
    pub builds: Vec<Arc<Build>>,
    /// How many the filter finds in all.
    pub total: u64,
    /// The first of the next page.
    pub next: Option<Uid>,
}
