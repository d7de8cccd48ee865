//! `pull_request.…` and `pull_request_comment.…`.

use serde::{Deserialize, Serialize};

use super::action::{CommentAction, PullRequestAction};
use super::actor::{Actor, Change, RepositoryName};
use super::comment::{Comment, check_edit};
use super::field;
use super::issue::Label;
use super::read::Payload;
use crate::time::Timestamp;

/// A proposal to merge one branch into another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequest {
    /// The publisher's id of it, unique across repositories; the number unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// The number in its repository.
    pub number: u64,
    /// Rises with each change, for publishers that count.
    #[serde(default)]
    pub version: u64,
    /// The title.
    pub title: String,
    /// The description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// How it stands.
    pub state: PullRequestState,
    /// Not ready for review.
    #[serde(default)]
    pub draft: bool,
    /// Closed to comments.
    #[serde(default)]
    pub locked: bool,
    /// Who opened it.
    pub author: Actor,
    /// What is to be merged.
    pub source: End,
    /// Where to.
    pub target: End,
    /// When it was opened.
    #[serde(with = "field::moment")]
    pub created_at: Timestamp,
    /// When it last changed.
    #[serde(with = "field::moment")]
    pub updated_at: Timestamp,
    /// When it was merged or declined.
    #[serde(default, with = "field::optional_moment", skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
    /// Who merged or declined it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<Actor>,
    /// Why it was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The commit that merged it.
    #[serde(default, deserialize_with = "field::optional_object_id", skip_serializing_if = "Option::is_none")]
    pub merge_commit: Option<String>,
    /// Can it be merged? None while that is being found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mergeable: Option<bool>,
    /// Those asked to review it.
    #[serde(default)]
    pub reviewers: Vec<Participant>,
    /// Others who took part.
    #[serde(default)]
    pub participants: Vec<Participant>,
    /// Those it is assigned to.
    #[serde(default)]
    pub assignees: Vec<Actor>,
    /// Its labels.
    #[serde(default)]
    pub labels: Vec<Label>,
    /// The source branch goes with the merge.
    #[serde(default)]
    pub close_source_branch: bool,
    /// How much there is of everything.
    #[serde(default)]
    pub counts: Counts,
}

/// How a pull request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PullRequestState {
    /// Not decided.
    Open,
    /// Merged.
    Merged,
    /// Closed without merging.
    Declined,
    /// Closed in favour of another.
    Superseded,
}

/// One end of a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Full name of the branch (or tag).
    #[serde(rename = "ref", deserialize_with = "field::full_ref")]
    pub name: String,
    /// Its tip.
    #[serde(deserialize_with = "field::object_id")]
    pub commit: String,
    /// Its repository, if it is another than the event's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<RepositoryName>,
}

impl End {
    /// `main` for `refs/heads/main`.
    pub fn short_name(&self) -> &str {
        let short = self.name.strip_prefix("refs/heads/").or_else(|| self.name.strip_prefix("refs/tags/"));
        short.unwrap_or(&self.name)
    }
}

/// Someone who takes part in a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// Who.
    pub user: Actor,
    /// What they think of it.
    #[serde(default)]
    pub verdict: Verdict,
    /// When they said so.
    #[serde(default, with = "field::optional_moment", skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// The last commit they looked at.
    #[serde(default, deserialize_with = "field::optional_object_id", skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// What a reviewer thinks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Nothing said, or taken back.
    #[default]
    Pending,
    /// Good as it is.
    Approved,
    /// Not like this.
    ChangesRequested,
}

/// Sizes of a pull request; zero where the publisher does not count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// General comments.
    pub comments: u64,
    /// Comments on code.
    pub review_comments: u64,
    /// Open tasks.
    pub tasks: u64,
    /// Commits.
    pub commits: u64,
    /// Lines added.
    pub additions: u64,
    /// Lines removed.
    pub deletions: u64,
    /// Files changed.
    pub changed_files: u64,
}

/// A review: a verdict given at once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// The publisher's id of it; the pull request's unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// What was said with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The commit reviewed; the source's tip unless given.
    #[serde(default, deserialize_with = "field::optional_object_id", skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// When it was given; the event's time unless given.
    #[serde(default, with = "field::optional_moment", skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<Timestamp>,
    /// The same person's verdict before.
    #[serde(default)]
    pub previous: Verdict,
}

/// What changed about a pull request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequestChanges {
    /// The title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Change>,
    /// The description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Change>,
    /// Whether it was a draft before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<bool>,
    /// The target before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<End>,
}

/// Something happened to a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequestEvent {
    /// Who did it.
    pub actor: Actor,
    /// The pull request, as it is now.
    pub pull_request: PullRequest,
    /// `edited`, `target_updated`: what changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<PullRequestChanges>,
    /// `source_updated`: the source's tip before.
    #[serde(default, deserialize_with = "field::optional_object_id", skip_serializing_if = "Option::is_none")]
    pub previous_commit: Option<String>,
    /// `reviewers_updated`: those who are new.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub added_reviewers: Vec<Actor>,
    /// `reviewers_updated`: those who are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed_reviewers: Vec<Actor>,
    /// `approved`, `unapproved`, `changes_requested`: the actor's review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
}

impl Payload for PullRequestEvent {
    type Action = PullRequestAction;

    fn check(&self, action: PullRequestAction) -> Result<(), String> {
        use PullRequestAction::{Declined, Edited, Merged, ReviewersUpdated, SourceUpdated, TargetUpdated};
        let state = self.pull_request.state;
        if action == Merged && state != PullRequestState::Merged {
            return Err("pull_request.state: must be merged".to_owned());
        }
        if action == Declined && !matches!(state, PullRequestState::Declined | PullRequestState::Superseded) {
            return Err("pull_request.state: must be declined or superseded".to_owned());
        }
        let missing = match action {
            Edited => self.changes.is_none().then_some("changes"),
            SourceUpdated => self.previous_commit.is_none().then_some("previous_commit"),
            TargetUpdated => {
                let target = self.changes.as_ref().and_then(|changes| changes.target.as_ref());
                target.is_none().then_some("changes.target")
            }
            ReviewersUpdated => {
                let none = self.added_reviewers.is_empty() && self.removed_reviewers.is_empty();
                none.then_some("added_reviewers")
            }
            _ => None,
        };
        missing.map_or(Ok(()), |field| Err(format!("{field}: missing")))
    }
}

/// Someone commented on a pull request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullRequestCommentEvent {
    /// Who did it.
    pub actor: Actor,
    /// The pull request.
    pub pull_request: PullRequest,
    /// The comment.
    pub comment: Comment,
    /// `edited`: the text before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_body: Option<String>,
}

impl Payload for PullRequestCommentEvent {
    type Action = CommentAction;

    fn check(&self, action: CommentAction) -> Result<(), String> {
        check_edit(action, self.previous_body.as_deref())
    }
}
