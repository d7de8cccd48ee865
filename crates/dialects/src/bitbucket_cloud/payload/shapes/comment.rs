//! `comment`, wherever it stands.

use domain::canonical::{Actor, Comment, Location, PullRequest, Side};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::super::Stage;
use super::{LinkSet, Micros, Rendered};

/// What a comment is about.
#[derive(Clone, Copy)]
pub(in super::super) enum Subject<'a> {
    /// The commit of that hash.
    Commit(&'a str),
    /// The issue of that number.
    Issue(u64),
    /// A pull request, or its code.
    PullRequest(&'a PullRequest),
}

/// A comment object.
pub(in super::super) struct CommentObject<'a> {
    comment: &'a Comment,
    subject: Subject<'a>,
    author: &'a Actor,
    deleted: bool,
    stage: Stage<'a>,
}

impl<'a> CommentObject<'a> {
    /// A comment; unless it names its author, `actor` wrote it.
    pub(in super::super) fn of(
        comment: &'a Comment,
        subject: Subject<'a>,
        actor: &'a Actor,
        stage: &Stage<'a>,
    ) -> Self {
        let author = comment.author.as_ref().unwrap_or(actor);
        Self { comment, subject, author, deleted: false, stage: *stage }
    }

    /// Marks it as deleted, or not.
    pub(in super::super) fn deleted(self, deleted: bool) -> Self {
        Self { deleted, ..self }
    }
}

impl Serialize for CommentObject<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let Self { comment, stage, .. } = self;
        let (api, page, id) = (&*stage.at.api, &*stage.at.page, &*comment.id.to_string());
        let mut map = sink.serialize_map(None)?;
        let kind = match self.subject {
            Subject::Commit(_) => "commit_comment",
            Subject::Issue(_) => "issue_comment",
            Subject::PullRequest(_) => "pullrequest_comment",
        };
        map.serialize_entry("type", kind)?;
        map.serialize_entry("id", &comment.id)?;
        if let Some(id) = comment.parent {
            map.serialize_entry("parent", &Parent { id })?;
        }
        map.serialize_entry("content", &Rendered(&comment.body))?;
        if let Some(location) = &comment.location {
            map.serialize_entry("inline", &Inline::of(location))?;
        }
        map.serialize_entry("user", &stage.person(self.author))?;
        map.serialize_entry("deleted", &self.deleted)?;
        map.serialize_entry("created_on", &Micros(comment.created_at))?;
        map.serialize_entry("updated_on", &Micros(comment.updated_at.unwrap_or(comment.created_at)))?;
        match self.subject {
            Subject::Commit(hash) => map.serialize_entry(
                "links",
                &LinkSet(&[
                    ("self", &[api, "/commit/", hash, "/comments/", id]),
                    ("html", &[page, "/commits/", hash, "#comment-", id]),
                ]),
            )?,
            Subject::Issue(number) => {
                let number = &*number.to_string();
                let links = LinkSet(&[
                    ("self", &[api, "/issues/", number, "/comments/", id]),
                    ("html", &[page, "/issues/", number, "#comment-", id]),
                ]);
                map.serialize_entry("links", &links)?;
            }
            Subject::PullRequest(pull) => {
                let number = &*pull.number.to_string();
                let links = LinkSet(&[
                    ("self", &[api, "/pullrequests/", number, "/comments/", id]),
                    ("html", &[page, "/pull-requests/", number, "/_/diff#comment-", id]),
                ]);
                map.serialize_entry("links", &links)?;
                map.serialize_entry("pullrequest", &PullRequestName { pull, stage })?;
            }
        }
        map.end()
    }
}

/// The comment that this one answers.
#[derive(Serialize)]
struct Parent {
    id: u64,
}

/// The code it is about: a line before the change, or one after it.
#[derive(Serialize)]
struct Inline<'a> {
    path: &'a str,
    from: Option<u64>,
    to: Option<u64>,
}

impl<'a> Inline<'a> {
    fn of(location: &'a Location) -> Self {
        let (from, to) = match location.side {
            Side::Old => (location.line, None),
            Side::New => (None, location.line),
        };
        Self { path: &location.path, from, to }
    }
}

/// A pull request by its title.
struct PullRequestName<'a> {
    pull: &'a PullRequest,
    stage: &'a Stage<'a>,
}

impl Serialize for PullRequestName<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let number = &*self.pull.number.to_string();
        let (api, page) = (&*self.stage.at.api, &*self.stage.at.page);
        let mut map = sink.serialize_map(Some(4))?;
        map.serialize_entry("type", "pullrequest")?;
        map.serialize_entry("id", &self.pull.number)?;
        map.serialize_entry("title", &self.pull.title)?;
        let links =
            LinkSet(&[("self", &[api, "/pullrequests/", number]), ("html", &[page, "/pull-requests/", number])]);
        map.serialize_entry("links", &links)?;
        map.end()
    }
}
