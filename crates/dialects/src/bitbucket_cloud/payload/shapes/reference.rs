//! A branch or tag as it was or is.

use domain::canonical::{Annotation, Commit as Known, RefKind, RefUpdate};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::super::Stage;
use super::commit::{Author, Commit, utc};
use super::{Empty, LinkSet, path};

/// Ways to merge into a branch; all of them are always offered.
const MERGE_STRATEGIES: [&str; 6] =
    ["merge_commit", "squash", "fast_forward", "squash_fast_forward", "rebase_fast_forward", "rebase_merge"];

/// Ways to bring a branch up to date.
pub(super) const SYNC_STRATEGIES: [&str; 2] = ["merge_commit", "rebase"];

/// `old` or `new` of a change.
pub(in super::super) struct RefState<'a> {
    kind: RefKind,
    name: &'a str,
    target: Commit<'a>,
    tag: TagForm<'a>,
    stage: Stage<'a>,
}

/// What is told of a tag beside its target.
enum TagForm<'a> {
    /// It is nothing but a name.
    Lightweight,
    /// A tag object that said this.
    Annotated(&'a Annotation),
    /// A tag object; the publisher did not say what is in it.
    Opaque,
}

impl<'a> RefState<'a> {
    /// What a ref was; `commit` is what it pointed to.
    pub(in super::super) fn before(moved: &'a RefUpdate, commit: Option<&'a Known>, stage: Stage<'a>) -> Self {
        Self::of(moved, &moved.before, commit, None, stage)
    }

    /// What a ref is; `commit` is what it points to.
    pub(in super::super) fn after(moved: &'a RefUpdate, commit: Option<&'a Known>, stage: Stage<'a>) -> Self {
        Self::of(moved, &moved.after, commit, moved.annotation.as_ref(), stage)
    }

    fn of(
        moved: &'a RefUpdate,
        id: &'a str,
        commit: Option<&'a Known>,
        annotation: Option<&'a Annotation>,
        stage: Stage<'a>,
    ) -> Self {
        let hash = commit.map_or(id, |commit| &commit.id);
        let tag = match annotation {
            Some(annotation) => TagForm::Annotated(annotation),
            // The ref names something else than the commit: a tag object.
            None if hash != id => TagForm::Opaque,
            None => TagForm::Lightweight,
        };
        Self { kind: moved.kind, name: moved.short_name(), target: Commit::target(hash, commit, stage), tag, stage }
    }

    /// The hash of the commit it points to.
    pub(in super::super) fn hash(&self) -> &'a str {
        self.target.hash()
    }

    fn tag<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        match self.tag {
            TagForm::Lightweight => {
                map.serialize_entry("message", &())?;
                map.serialize_entry("date", &())?;
                map.serialize_entry("tagger", &())
            }
            TagForm::Annotated(annotation) => {
                map.serialize_entry("message", &annotation.message)?;
                map.serialize_entry("date", &utc(&annotation.date))?;
                map.serialize_entry("tagger", &Author::of(&annotation.tagger, &self.stage))
            }
            TagForm::Opaque => {
                map.serialize_entry("message", "")?;
                map.serialize_entry("date", &())?;
                map.serialize_entry("tagger", &Empty {})
            }
        }
    }
}

impl Serialize for RefState<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let (api, page, name) = (&*self.stage.at.api, &*self.stage.at.page, &*path(self.name));
        let mut map = sink.serialize_map(None)?;
        map.serialize_entry("name", self.name)?;
        match self.kind {
            RefKind::Branch => {
                map.serialize_entry("target", &self.target)?;
                let links = LinkSet(&[
                    ("self", &[api, "/refs/branches/", name]),
                    ("commits", &[api, "/commits/", name]),
                    ("html", &[page, "/branch/", name]),
                    ("pullrequest_create", &[page, "/pull-requests/new?source=", name, "&t=1"]),
                ]);
                map.serialize_entry("links", &links)?;
                map.serialize_entry("type", "branch")?;
                map.serialize_entry("merge_strategies", &MERGE_STRATEGIES)?;
                map.serialize_entry("sync_strategies", &SYNC_STRATEGIES)?;
                map.serialize_entry("default_merge_strategy", MERGE_STRATEGIES[0])?;
            }
            RefKind::Tag => {
                map.serialize_entry("type", "tag")?;
                self.tag(&mut map)?;
                map.serialize_entry("target", &self.target)?;
                let links = LinkSet(&[
                    ("self", &[api, "/refs/tags/", name]),
                    ("commits", &[api, "/commits/", name]),
                    ("html", &[page, "/commits/tag/", name]),
                ]);
                map.serialize_entry("links", &links)?;
            }
        }
        map.end()
    }
}
