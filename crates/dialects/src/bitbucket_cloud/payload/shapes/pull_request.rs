//! `pullrequest`.

use domain::account::{Account as AccountRow, Repository as Row};
use domain::canonical::{self, Actor, End, PullRequest, PullRequestState, Verdict};
use domain::directory::Located;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::super::Stage;
use super::commit::short_hash;
use super::reference::SYNC_STRATEGIES;
use super::{Account, CommitName, Empty, LinkSet, Micros, Rendered, Repository};
use crate::bitbucket_cloud::links::full_name;

/// A pull request object.
pub(in super::super) struct PullRequestObject<'a> {
    pull: &'a PullRequest,
    state: &'static str,
    /// Who closed it, if it is.
    closed_by: Option<&'a Actor>,
    stage: Stage<'a>,
}

impl<'a> PullRequestObject<'a> {
    /// A pull request as it is.
    pub(in super::super) fn of(pull: &'a PullRequest, stage: &Stage<'a>) -> Self {
        let state = match pull.state {
            PullRequestState::Open => "OPEN",
            PullRequestState::Merged => "MERGED",
            PullRequestState::Declined => "DECLINED",
            PullRequestState::Superseded => "SUPERSEDED",
        };
        Self { pull, state, closed_by: pull.closed_by.as_ref(), stage: *stage }
    }

    /// A pull request that `actor` just closed. If it still says that it is open, it was declined.
    pub(in super::super) fn closed(pull: &'a PullRequest, actor: &'a Actor, stage: &Stage<'a>) -> Self {
        let object = Self::of(pull, stage);
        let state = if pull.state == PullRequestState::Open { "DECLINED" } else { object.state };
        Self { state, closed_by: pull.closed_by.as_ref().or(Some(actor)), ..object }
    }

    /// Those asked to review it, then others who took part.
    fn participants(&self) -> Vec<Participant<'a>> {
        let (pull, stage) = (self.pull, &self.stage);
        let reviewers = pull.reviewers.iter().map(|one| Participant::of(one, "REVIEWER", stage));
        let others = pull.participants.iter().map(|one| Participant::of(one, "PARTICIPANT", stage));
        reviewers.chain(others).collect()
    }

    fn links<M: SerializeMap>(&self, source: &Side<'_>, map: &mut M) -> Result<(), M::Error> {
        let (api, page) = (&*self.stage.at.api, &*self.stage.at.page);
        let number = &*self.pull.number.to_string();
        let (row, owner) = source.rows();
        // As the vendor writes ranges, line break included.
        let range = format!(
            "{}:{}%0D{}?from_pullrequest_id={number}&topic=true",
            full_name(owner, row),
            short_hash(&self.pull.source.commit),
            short_hash(&self.pull.target.commit)
        );
        let links = LinkSet(&[
            ("self", &[api, "/pullrequests/", number]),
            ("html", &[page, "/pull-requests/", number]),
            ("commits", &[api, "/pullrequests/", number, "/commits"]),
            ("approve", &[api, "/pullrequests/", number, "/approve"]),
            ("request-changes", &[api, "/pullrequests/", number, "/request-changes"]),
            ("diff", &[api, "/diff/", &range]),
            ("diffstat", &[api, "/diffstat/", &range]),
            ("comments", &[api, "/pullrequests/", number, "/comments"]),
            ("activity", &[api, "/pullrequests/", number, "/activity"]),
            ("merge", &[api, "/pullrequests/", number, "/merge"]),
            ("decline", &[api, "/pullrequests/", number, "/decline"]),
            ("statuses", &[api, "/pullrequests/", number, "/statuses"]),
        ]);
        map.serialize_entry("links", &links)
    }
}

impl Serialize for PullRequestObject<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let (pull, stage) = (self.pull, &self.stage);
        let description = pull.body.as_deref().unwrap_or_default();
        let source = Side::of(&pull.source, true, stage);
        let merge_commit = pull.merge_commit.as_deref().map(short_hash);
        let merge_commit = merge_commit.map(|hash| CommitName { hash, api: &stage.at.api, page: &stage.at.page });
        let mut map = sink.serialize_map(None)?;
        map.serialize_entry("type", "pullrequest")?;
        map.serialize_entry("id", &pull.number)?;
        map.serialize_entry("title", &pull.title)?;
        map.serialize_entry("description", description)?;
        let rendered = Texts { title: Rendered(&pull.title), description: Rendered(description) };
        map.serialize_entry("rendered", &rendered)?;
        map.serialize_entry("summary", &Rendered(description))?;
        map.serialize_entry("state", self.state)?;
        map.serialize_entry("draft", &pull.draft)?;
        // There is no merge queue here.
        map.serialize_entry("queued", &false)?;
        map.serialize_entry("author", &stage.person(&pull.author))?;
        map.serialize_entry("source", &source)?;
        map.serialize_entry("destination", &Side::of(&pull.target, false, stage))?;
        map.serialize_entry("merge_commit", &merge_commit)?;
        map.serialize_entry("close_source_branch", &pull.close_source_branch)?;
        map.serialize_entry("closed_by", &self.closed_by.map(|actor| stage.person(actor)))?;
        map.serialize_entry("reason", pull.reason.as_deref().unwrap_or_default())?;
        map.serialize_entry("comment_count", &(pull.counts.comments.saturating_add(pull.counts.review_comments)))?;
        map.serialize_entry("task_count", &pull.counts.tasks)?;
        map.serialize_entry("reviewers", &stage.people(pull.reviewers.iter().map(|one| &one.user)))?;
        map.serialize_entry("participants", &self.participants())?;
        map.serialize_entry("created_on", &Micros(pull.created_at))?;
        map.serialize_entry("updated_on", &Micros(pull.updated_at))?;
        self.links(&source, &mut map)?;
        map.end()
    }
}

/// `rendered`
#[derive(Serialize)]
struct Texts<'a> {
    title: Rendered<'a>,
    description: Rendered<'a>,
}

/// Someone who takes part.
#[derive(Serialize)]
struct Participant<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    user: Account<'a>,
    role: &'static str,
    approved: bool,
    state: Option<&'static str>,
    participated_on: Option<Micros>,
}

impl<'a> Participant<'a> {
    fn of(one: &canonical::Participant, role: &'static str, stage: &Stage<'a>) -> Self {
        let state = match one.verdict {
            Verdict::Pending => None,
            Verdict::Approved => Some("approved"),
            Verdict::ChangesRequested => Some("changes_requested"),
        };
        let user = stage.person(&one.user);
        let approved = one.verdict == Verdict::Approved;
        Self { kind: "participant", user, role, approved, state, participated_on: one.at.map(Micros) }
    }
}

/// `source` or `destination`.
struct Side<'a> {
    end: &'a End,
    is_source: bool,
    /// Its repository, if it is another than the event's.
    elsewhere: Option<Located>,
    stage: Stage<'a>,
}

impl<'a> Side<'a> {
    fn of(end: &'a End, is_source: bool, stage: &Stage<'a>) -> Self {
        Self { end, is_source, elsewhere: end.repository.as_ref().map(|name| stage.find(name)), stage: *stage }
    }

    /// Its repository and the owner of that.
    fn rows(&self) -> (&Row, &AccountRow) {
        match &self.elsewhere {
            Some(at) => (&at.repository, &at.owner),
            None => (self.stage.row, self.stage.owner),
        }
    }
}

impl Serialize for Side<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let ((row, owner), links) = (self.rows(), self.stage.links());
        let (api, page) = (links.repository(owner, row), links.repository_page(owner, row));
        let name = self.end.short_name();
        let (no_links, sync_strategies) =
            (self.is_source.then_some(Empty {}), self.is_source.then_some(SYNC_STRATEGIES));
        let mut map = sink.serialize_map(Some(3))?;
        map.serialize_entry("branch", &Branch { name, links: no_links, sync_strategies })?;
        let commit = CommitName { hash: short_hash(&self.end.commit), api: &api, page: &page };
        map.serialize_entry("commit", &commit)?;
        map.serialize_entry("repository", &Repository::short(row, owner, links))?;
        map.end()
    }
}

/// The branch of a side; of the source alone it is told how it can be brought up to date.
#[derive(Serialize)]
struct Branch<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<Empty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sync_strategies: Option<[&'static str; 2]>,
}
