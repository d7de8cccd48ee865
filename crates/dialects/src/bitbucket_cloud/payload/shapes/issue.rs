//! `issue`.

use domain::canonical::{Issue, IssueState};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::super::Stage;
use super::{LinkSet, Micros, Rendered};

/// Cloud's words for how an issue stands.
const STATES: [&str; 8] = ["new", "open", "on hold", "resolved", "duplicate", "invalid", "wontfix", "closed"];
/// Cloud's words for what an issue is; the first stands for all others.
const KINDS: [&str; 4] = ["bug", "enhancement", "proposal", "task"];
/// Cloud's words for how much an issue matters; the first stands for all others.
const PRIORITIES: [&str; 5] = ["major", "trivial", "minor", "critical", "blocker"];

/// An issue object.
pub(in super::super) struct IssueObject<'a> {
    issue: &'a Issue,
    state: &'a str,
    stage: Stage<'a>,
}

impl<'a> IssueObject<'a> {
    /// An issue as it is.
    pub(in super::super) fn of(issue: &'a Issue, stage: &Stage<'a>) -> Self {
        let plain = match issue.state {
            IssueState::Open => "open",
            IssueState::Closed => "closed",
        };
        Self { issue, state: word(issue, plain), stage: *stage }
    }

    /// An issue that was just opened.
    pub(in super::super) fn created(issue: &'a Issue, stage: &Stage<'a>) -> Self {
        Self { issue, state: word(issue, "new"), stage: *stage }
    }

    /// Cloud's word for how it stands.
    pub(in super::super) fn state(&self) -> &'a str {
        self.state
    }
}

/// The publisher's word for the state, if it is one of Cloud's.
fn word<'a>(issue: &Issue, plain: &'a str) -> &'a str {
    among(&STATES, issue.status.as_deref()).unwrap_or(plain)
}

/// The word of `words` that equals `given` without regard to case.
fn among(words: &[&'static str], given: Option<&str>) -> Option<&'static str> {
    let given = given?;
    words.iter().copied().find(|word| word.eq_ignore_ascii_case(given))
}

/// `{"name": …}`
#[derive(Serialize)]
struct Named<'a> {
    name: &'a str,
}

impl<'a> Named<'a> {
    fn of(name: Option<&'a str>) -> Option<Self> {
        name.map(|name| Self { name })
    }
}

impl Serialize for IssueObject<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let Self { issue, stage, .. } = self;
        let number = &*issue.number.to_string();
        let kind = among(&KINDS, issue.kind.as_deref()).unwrap_or(KINDS[0]);
        let priority = among(&PRIORITIES, issue.priority.as_deref()).unwrap_or(PRIORITIES[0]);
        let mut map = sink.serialize_map(None)?;
        map.serialize_entry("id", &issue.number)?;
        map.serialize_entry("title", &issue.title)?;
        map.serialize_entry("component", &issue.component)?;
        map.serialize_entry("content", &Rendered(issue.body.as_deref().unwrap_or_default()))?;
        map.serialize_entry("priority", priority)?;
        map.serialize_entry("state", self.state)?;
        // Receivers look in either place.
        map.serialize_entry("type", kind)?;
        map.serialize_entry("kind", kind)?;
        map.serialize_entry("milestone", &Named::of(issue.milestone.as_deref()))?;
        map.serialize_entry("version", &Named::of(issue.version.as_deref()))?;
        map.serialize_entry("reporter", &stage.person(&issue.author))?;
        map.serialize_entry("assignee", &issue.assignees.first().map(|actor| stage.person(actor)))?;
        map.serialize_entry("created_on", &Micros(issue.created_at))?;
        map.serialize_entry("updated_on", &Micros(issue.updated_at))?;
        let links =
            LinkSet(&[("self", &[&stage.at.api, "/issues/", number]), ("html", &[&stage.at.page, "/issues/", number])]);
        map.serialize_entry("links", &links)?;
        map.end()
    }
}
