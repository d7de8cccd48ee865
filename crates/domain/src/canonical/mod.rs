//! What publishers say in Postrider's own vocabulary (design section 4). Dialects translate it.
//!
//! Each type is a plain struct with serde; one JSON example each lives in `docs/events/`. Members that are not known
//! here are ignored, those that are must have the right form: an error names the field.

mod action;
mod actor;
mod build;
mod comment;
mod commit;
mod detection;
mod field;
mod issue;
mod member;
mod mirror;
mod organization;
mod pull_request;
mod push;
mod read;
mod release;
mod repository;
mod status;

pub use action::{
    BuildAction, CommentAction, IssueAction, MemberAction, OrganizationAction, PullRequestAction, ReleaseAction,
    RepositoryAction, StatusAction,
};
pub use actor::{Actor, Change, Person, RepositoryName};
pub use build::{Build, BuildEvent, BuildState};
pub use comment::{Comment, CommitCommentEvent, Location, Side};
pub use commit::Commit;
pub use detection::{SecretLocation, SecretsDetected};
pub(crate) use field::is_object_id;
pub use issue::{Issue, IssueChanges, IssueCommentEvent, IssueEvent, IssueState, Label};
pub use member::MemberEvent;
pub use mirror::{Mirror, MirrorSync, MirrorSynchronized};
pub use organization::{OrganizationChanges, OrganizationEvent};
pub use pull_request::{
    Counts, End, Participant, PullRequest, PullRequestChanges, PullRequestCommentEvent, PullRequestEvent,
    PullRequestState, Review, Verdict,
};
pub use push::{Annotation, Push, RefKind, RefUpdate, ZERO_ID};
pub use release::{Asset, Release, ReleaseChanges, ReleaseEvent};
pub use repository::{RepositoryChanges, RepositoryEvent};
pub use status::{BranchTip, CommitStatusEvent, Status, StatusState};

use serde::{Serialize, Serializer};

use read::read;

/// A canonical event, parsed. Serializes as its payload.
#[derive(Clone, Debug, PartialEq)]
pub enum Happening {
    /// `push`
    Push(Push),
    /// `repository.…`
    Repository(RepositoryAction, RepositoryEvent),
    /// `commit_comment.…`
    CommitComment(CommentAction, CommitCommentEvent),
    /// `commit_status.…`
    CommitStatus(StatusAction, Box<CommitStatusEvent>),
    /// `pull_request.…`
    PullRequest(PullRequestAction, Box<PullRequestEvent>),
    /// `pull_request_comment.…`
    PullRequestComment(CommentAction, Box<PullRequestCommentEvent>),
    /// `issue.…`
    Issue(IssueAction, Box<IssueEvent>),
    /// `issue_comment.…`
    IssueComment(CommentAction, Box<IssueCommentEvent>),
    /// `build.…`
    Build(BuildAction, Box<BuildEvent>),
    /// `release.…`
    Release(ReleaseAction, Box<ReleaseEvent>),
    /// `mirror.synchronized`
    MirrorSynchronized(MirrorSynchronized),
    /// `organization.…`
    Organization(OrganizationAction, OrganizationEvent),
    /// `member.…`
    Member(MemberAction, MemberEvent),
    /// `secret.detected`
    SecretsDetected(SecretsDetected),
}

/// Why a canonical payload was refused; the text names the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("data is not a valid `{kind}` payload: {detail}")]
pub struct Malformed {
    /// The canonical type.
    pub kind: String,
    /// What is wrong, and where.
    pub detail: String,
}

impl Happening {
    /// Every canonical type.
    pub fn types() -> Vec<String> {
        fn family<A: Copy>(name: &str, actions: &[A], as_str: fn(A) -> &'static str) -> Vec<String> {
            actions.iter().map(|action| format!("{name}.{}", as_str(*action))).collect()
        }
        let alone = ["push", "mirror.synchronized", "secret.detected"].map(str::to_owned);
        let families = [
            family("repository", RepositoryAction::ALL, RepositoryAction::as_str),
            family("commit_comment", CommentAction::ALL, CommentAction::as_str),
            family("commit_status", StatusAction::ALL, StatusAction::as_str),
            family("pull_request", PullRequestAction::ALL, PullRequestAction::as_str),
            family("pull_request_comment", CommentAction::ALL, CommentAction::as_str),
            family("issue", IssueAction::ALL, IssueAction::as_str),
            family("issue_comment", CommentAction::ALL, CommentAction::as_str),
            family("build", BuildAction::ALL, BuildAction::as_str),
            family("release", ReleaseAction::ALL, ReleaseAction::as_str),
            family("organization", OrganizationAction::ALL, OrganizationAction::as_str),
            family("member", MemberAction::ALL, MemberAction::as_str),
        ];
        alone.into_iter().chain(families.into_iter().flatten()).collect()
    }

    /// Parses the payload of a canonical type; `None` if `kind` is not one.
    pub fn parse(kind: &str, data: &[u8]) -> Option<Result<Self, Malformed>> {
        let (family, action) = kind.split_once('.').unwrap_or((kind, ""));
        let parsed = match (family, action) {
            ("push", "") if kind == "push" => read(data, Some(()), |(), event| Self::Push(event)),
            ("mirror", "synchronized") => read(data, Some(()), |(), event| Self::MirrorSynchronized(event)),
            ("secret", "detected") => read(data, Some(()), |(), event| Self::SecretsDetected(event)),
            // What others call it.
            ("pull_request", "closed") => read(data, Some(PullRequestAction::Declined), Self::PullRequest),
            ("pull_request", _) => read(data, PullRequestAction::parse(action), Self::PullRequest),
            ("pull_request_comment", _) => read(data, CommentAction::parse(action), Self::PullRequestComment),
            ("repository", _) => read(data, RepositoryAction::parse(action), Self::Repository),
            ("commit_comment", _) => read(data, CommentAction::parse(action), Self::CommitComment),
            ("commit_status", _) => read(data, StatusAction::parse(action), Self::CommitStatus),
            ("issue", _) => read(data, IssueAction::parse(action), Self::Issue),
            ("issue_comment", _) => read(data, CommentAction::parse(action), Self::IssueComment),
            ("build", _) => read(data, BuildAction::parse(action), Self::Build),
            ("release", _) => read(data, ReleaseAction::parse(action), Self::Release),
            ("organization", _) => read(data, OrganizationAction::parse(action), Self::Organization),
            ("member", _) => read(data, MemberAction::parse(action), Self::Member),
            _ => None,
        };
        Some(parsed?.map_err(|detail| Malformed { kind: kind.to_owned(), detail }))
    }
}

impl Serialize for Happening {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Push(event) => event.serialize(sink),
            Self::Repository(_, event) => event.serialize(sink),
            Self::CommitComment(_, event) => event.serialize(sink),
            Self::CommitStatus(_, event) => event.serialize(sink),
            Self::PullRequest(_, event) => event.serialize(sink),
            Self::PullRequestComment(_, event) => event.serialize(sink),
            Self::Issue(_, event) => event.serialize(sink),
            Self::IssueComment(_, event) => event.serialize(sink),
            Self::Build(_, event) => event.serialize(sink),
            Self::Release(_, event) => event.serialize(sink),
            Self::MirrorSynchronized(event) => event.serialize(sink),
            Self::Organization(_, event) => event.serialize(sink),
            Self::Member(_, event) => event.serialize(sink),
            Self::SecretsDetected(event) => event.serialize(sink),
        }
    }
}

#[cfg(test)]
mod tests;
