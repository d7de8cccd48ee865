//! What a provider's file makes of a request.

use std::ops::Deref;

use domain::ci::{BuildParams, CommitPaths};
use serde::{Deserialize, Deserializer};

/// Most branches and tags of one push that are read; what moves more is a mirror, not people.
pub(super) const MAX_CHANGES: usize = 10_000;
/// Who triggered a build when the request does not say.
pub(super) const NOBODY: &str = "webhook";

/// A build that a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// What it is to be made of.
    pub(crate) params: BuildParams,
    /// Who triggered it: `webhook-github/alice`, or [`NOBODY`].
    pub(crate) triggered_by: String,
}

impl Candidate {
    /// A build that nobody in particular asks for.
    pub(super) fn by_nobody(params: BuildParams) -> Self {
        Self { params, triggered_by: NOBODY.to_owned() }
    }

    /// A build that a user of a host asks for.
    pub(super) fn by(provider: &str, user: &str, params: BuildParams) -> Self {
        let triggered_by = if user.is_empty() { NOBODY.to_owned() } else { format!("{NOBODY}-{provider}/{user}") };
        Self { params, triggered_by }
    }

    /// Does it say what to build? Without any of the four, no trigger could match.
    pub(super) fn names_something(&self) -> bool {
        let params = &self.params;
        [&params.branch, &params.tag, &params.workflow_id, &params.pull_request_comment]
            .into_iter()
            .any(|text| !text.is_empty())
    }
}

/// Why a request leads to no build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NotBuilt {
    /// On purpose: such an event needs none.
    Ignored(String),
    /// It is no request of that provider, or not one of the events that are understood.
    Refused(String),
}

/// The builds a request asks for, or why there are none.
pub(crate) type Reading = Result<Vec<Candidate>, NotBuilt>;

/// See [`NotBuilt::Ignored`].
pub(super) fn ignored(reason: impl Into<String>) -> NotBuilt {
    NotBuilt::Ignored(reason.into())
}

/// See [`NotBuilt::Refused`].
pub(super) fn refused(reason: impl Into<String>) -> NotBuilt {
    NotBuilt::Refused(reason.into())
}

/// A field that hosts leave out, or send as `null`, when there is nothing to say: then it is empty.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Given<T>(pub(super) T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        Ok(Self(Option::deserialize(source)?.unwrap_or_default()))
    }
}

impl<T> Deref for Given<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

/// A text that may be missing.
pub(super) type Text = Given<String>;

impl Text {
    /// A copy for the parameters.
    pub(super) fn text(&self) -> String {
        self.0.clone()
    }
}

/// Refuses a push of more branches and tags than are read.
pub(super) fn check_changes(count: usize) -> Result<(), NotBuilt> {
    if count <= MAX_CHANGES {
        return Ok(());
    }
    Err(refused(format!("{count} 'changes' included in the webhook, at most {MAX_CHANGES} are read")))
}

/// A commit, in the form that GitHub's pushes gave it and most hosts have taken over.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Commit {
    /// Its hash.
    pub(super) id: Text,
    /// Its whole message.
    pub(super) message: Text,
    added: Given<Vec<String>>,
    removed: Given<Vec<String>>,
    modified: Given<Vec<String>>,
}

impl Commit {
    /// The files it touched.
    pub(super) fn paths(&self) -> CommitPaths {
        CommitPaths { added: self.added.0.clone(), removed: self.removed.0.clone(), modified: self.modified.0.clone() }
    }
}

/// Title and description of a pull request, as one message.
pub(super) fn whole_message(title: &str, description: &str) -> String {
    if description.is_empty() { title.to_owned() } else { format!("{title}\n\n{description}") }
}

/// The short name of a ref.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ref<'a> {
    /// A branch.
    Branch(&'a str),
    /// A tag.
    Tag(&'a str),
    /// Something else: notes, pull requests.
    Other,
}

impl<'a> Ref<'a> {
    /// Reads a full name.
    pub(super) fn of(name: &'a str) -> Self {
        match (name.strip_prefix("refs/heads/"), name.strip_prefix("refs/tags/")) {
            (Some(branch), _) => Self::Branch(branch),
            (_, Some(tag)) => Self::Tag(tag),
            (None, None) => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(default)]
    struct Sample {
        text: Text,
        list: Given<Vec<u64>>,
    }

    #[test]
    fn what_is_absent_or_null_is_empty() {
        for json in ["{}", r#"{"text":null,"list":null}"#] {
            let sample: Sample = serde_json::from_str(json).expect("reads");
            assert!(sample.text.is_empty() && sample.list.is_empty());
        }
        let sample: Sample = serde_json::from_str(r#"{"text":"a","list":[1]}"#).expect("reads");
        assert_eq!((sample.text.as_str(), sample.list.as_slice()), ("a", [1].as_slice()));
    }
}
