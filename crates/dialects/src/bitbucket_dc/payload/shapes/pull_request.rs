//! Pull requests and those who take part.

use domain::canonical::{Actor, End, Participant as Row, PullRequest, PullRequestState, Verdict};
use serde::Serialize;

use super::super::Stage;
use super::super::dates::Moment;
use super::{OwnPage, Repository, User};

/// A pull request object.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the members of the object")]
pub(in super::super) struct PullRequestObject<'a> {
    id: u64,
    version: u64,
    title: &'a str,
    /// Empty for none: typed receivers want a text.
    description: &'a str,
    state: &'static str,
    open: bool,
    closed: bool,
    draft: bool,
    created_date: Moment,
    updated_date: Moment,
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_date: Option<Moment>,
    from_ref: Ref<'a>,
    to_ref: Ref<'a>,
    locked: bool,
    author: Participant<'a>,
    reviewers: Vec<Participant<'a>>,
    participants: Vec<Participant<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Properties<'a>>,
    links: OwnPage,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Properties<'a> {
    merge_commit: MergeCommit<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MergeCommit<'a> {
    display_id: &'a str,
    id: &'a str,
}

impl<'a> PullRequestObject<'a> {
    /// A pull request into the scene's repository, as the publisher says it is now.
    pub(in super::super) fn of(pull: &'a PullRequest, stage: &Stage<'a>) -> Self {
        let (state, open) = match pull.state {
            PullRequestState::Open => ("OPEN", true),
            PullRequestState::Merged => ("MERGED", false),
            PullRequestState::Declined | PullRequestState::Superseded => ("DECLINED", false),
        };
        let closed_at = (!open).then(|| pull.closed_at.unwrap_or(pull.updated_at));
        let merged = pull.merge_commit.as_deref().filter(|_| pull.state == PullRequestState::Merged);
        let all = |rows: &'a [Row], role| rows.iter().map(|row| Participant::of(row, role, stage)).collect();
        Self {
            // Numbers are ids here: they count within the repository.
            id: pull.number,
            version: pull.version,
            title: &pull.title,
            description: pull.body.as_deref().unwrap_or_default(),
            state,
            open,
            closed: !open,
            draft: pull.draft,
            created_date: stage.moment(pull.created_at),
            updated_date: stage.moment(pull.updated_at),
            closed_date: closed_at.map(|at| stage.moment(at)),
            from_ref: Ref::of(&pull.source, stage),
            to_ref: Ref::of(&pull.target, stage),
            locked: pull.locked,
            author: Participant::new(stage.user(&pull.author), Role::Author, Status::Unapproved, None),
            reviewers: all(&pull.reviewers, Role::Reviewer),
            participants: all(&pull.participants, Role::Participant),
            properties: merged
                .map(|id| Properties { merge_commit: MergeCommit { display_id: super::display_id(id), id } }),
            links: OwnPage(stage.links.pull_request(&stage.at.owner, &stage.at.repository, pull.number)),
        }
    }
}

/// One end of a pull request.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ref<'a> {
    id: &'a str,
    display_id: &'a str,
    latest_commit: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    repository: Repository<'a>,
}

impl<'a> Ref<'a> {
    fn of(end: &'a End, stage: &Stage<'a>) -> Self {
        Self {
            id: &end.name,
            display_id: end.short_name(),
            latest_commit: &end.commit,
            kind: kind(end),
            repository: stage.repository_named(end.repository.as_ref()),
        }
    }
}

/// `BRANCH`, or `TAG` for a pull request from one.
fn kind(end: &End) -> &'static str {
    if end.name.starts_with("refs/tags/") { "TAG" } else { "BRANCH" }
}

/// The target before an edit.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct PreviousTarget<'a> {
    id: &'a str,
    display_id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    latest_commit: &'a str,
    /// The same under its old name.
    latest_changeset: &'a str,
}

impl<'a> PreviousTarget<'a> {
    /// That end.
    pub(in super::super) fn of(end: &'a End) -> Self {
        Self {
            id: &end.name,
            display_id: end.short_name(),
            kind: kind(end),
            latest_commit: &end.commit,
            latest_changeset: &end.commit,
        }
    }
}

/// What someone is to a pull request.
#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(in super::super) enum Role {
    /// Opened it.
    Author,
    /// Was asked for a verdict, or gave one.
    Reviewer,
    /// Said something.
    Participant,
}

/// What someone thinks of a pull request.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in super::super) enum Status {
    /// Nothing, or nothing any more.
    Unapproved,
    /// Good as it is.
    Approved,
    /// Not like this.
    NeedsWork,
}

impl Status {
    /// The word for a verdict.
    pub(in super::super) fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Pending => Self::Unapproved,
            Verdict::Approved => Self::Approved,
            Verdict::ChangesRequested => Self::NeedsWork,
        }
    }
}

/// Someone who takes part.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Participant<'a> {
    user: User<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_reviewed_commit: Option<&'a str>,
    role: Role,
    approved: bool,
    status: Status,
}

impl<'a> Participant<'a> {
    fn new(user: User<'a>, role: Role, status: Status, last_reviewed_commit: Option<&'a str>) -> Self {
        Self { user, last_reviewed_commit, role, approved: status == Status::Approved, status }
    }

    fn of(row: &'a Row, role: Role, stage: &Stage<'a>) -> Self {
        Self::new(stage.user(&row.user), role, Status::of(row.verdict), row.commit.as_deref())
    }

    /// Someone who has just given or taken back a verdict on that commit.
    pub(in super::super) fn judging(actor: &Actor, status: Status, commit: &'a str, stage: &Stage<'a>) -> Self {
        Self::new(stage.user(actor), Role::Reviewer, status, Some(commit))
    }
}
