//! `repo:push`: one message for all refs that moved together (contract bitbucket-cloud section 3.2).

use domain::canonical::{Commit as Known, Push, RefKind, RefUpdate};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::shapes::{Commit, LinkSet, RefState, path};
use super::{Stage, Tale};

/// Commits listed per ref; the newest stay.
const MAX_COMMITS: usize = 5;

/// One message, if anything moved.
pub(super) fn tell(push: &Push, tale: &mut Tale<'_>) {
    if push.refs.is_empty() {
        return;
    }
    tale.tell("repo:push", &push.pusher, |stage| {
        let changes = push.refs.iter().map(|moved| Change { moved, stage: *stage }).collect();
        Pushed { push: Changes { changes } }
    });
}

#[derive(Serialize)]
struct Pushed<'a> {
    push: Changes<'a>,
}

#[derive(Serialize)]
struct Changes<'a> {
    changes: Vec<Change<'a>>,
}

/// What happened to one ref.
struct Change<'a> {
    moved: &'a RefUpdate,
    stage: Stage<'a>,
}

impl<'a> Change<'a> {
    /// Where the ref pointed.
    fn before(&self) -> Option<RefState<'a>> {
        let moved = self.moved;
        (!moved.created()).then(|| RefState::before(moved, moved.previous_commit.as_ref(), self.stage))
    }

    /// Where it points.
    fn after(&self) -> Option<RefState<'a>> {
        let moved = self.moved;
        let head = moved.head_commit.as_ref().or_else(|| moved.commits.last().filter(|last| last.id == moved.after));
        (!moved.deleted()).then(|| RefState::after(moved, head, self.stage))
    }

    /// The commits told of, newest first: none for tags and for what was deleted.
    fn commits(&self) -> Option<Vec<Commit<'a>>> {
        let moved = self.moved;
        let listed = |commit: &'a Known| Commit::listed(commit, self.stage);
        let told = moved.kind == RefKind::Branch && !moved.deleted();
        told.then(|| moved.commits.iter().rev().take(MAX_COMMITS).map(listed).collect())
    }

    /// Are there more commits than those told of?
    fn truncated(&self) -> bool {
        let moved = self.moved;
        let total =
            moved.total_commits.map_or(moved.commits.len(), |total| usize::try_from(total).unwrap_or(usize::MAX));
        moved.kind == RefKind::Branch
            && !moved.deleted()
            && (moved.truncated || total.max(moved.commits.len()) > MAX_COMMITS)
    }
}

impl Serialize for Change<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let moved = self.moved;
        let (old, new) = (self.before(), self.after());
        let mut map = sink.serialize_map(None)?;
        map.serialize_entry("old", &old)?;
        map.serialize_entry("new", &new)?;
        map.serialize_entry("truncated", &self.truncated())?;
        map.serialize_entry("created", &moved.created())?;
        map.serialize_entry("forced", &(moved.forced && old.is_some() && new.is_some()))?;
        map.serialize_entry("closed", &moved.deleted())?;
        let (api, page) = (&*self.stage.at.api, &*self.stage.at.page);
        match (old.as_ref().map(RefState::hash), new.as_ref().map(RefState::hash)) {
            (Some(old), Some(new)) => map.serialize_entry(
                "links",
                &LinkSet(&[
                    ("commits", &[api, "/commits?include=", new, "&exclude=", old]),
                    ("html", &[page, "/branches/compare/", new, "..", old]),
                    ("diff", &[api, "/diff/", new, "..", old]),
                ]),
            )?,
            (None, Some(new)) if moved.kind == RefKind::Branch => map.serialize_entry(
                "links",
                &LinkSet(&[
                    ("commits", &[api, "/commits?include=", new]),
                    ("html", &[page, "/branch/", &path(moved.short_name())]),
                ]),
            )?,
            (None, Some(new)) => {
                map.serialize_entry("links", &LinkSet(&[("commits", &[api, "/commits?include=", new])]))?;
            }
            // What is gone is on no page.
            (_, None) => {}
        }
        if let Some(commits) = self.commits() {
            map.serialize_entry("commits", &commits)?;
        }
        map.end()
    }
}
