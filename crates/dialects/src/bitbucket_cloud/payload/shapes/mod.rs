//! The objects that events and the API share (contract bitbucket-cloud section 3.1).

mod account;
mod comment;
mod commit;
mod issue;
mod pull_request;
mod reference;
mod repository;
mod text;
mod workspace;

use std::borrow::Cow;
use std::fmt;

use domain::id::Uid;
use domain::time::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

pub(in crate::bitbucket_cloud) use account::Account;
pub(super) use comment::{CommentObject, Subject};
pub(super) use commit::{Commit, CommitName};
pub(super) use issue::IssueObject;
pub(super) use pull_request::PullRequestObject;
pub(super) use reference::RefState;
pub(in crate::bitbucket_cloud) use repository::{Repository, RepositoryLinks};
use text::Rendered;
pub(in crate::bitbucket_cloud) use workspace::{Project, Workspace};

/// A uid as Cloud writes it: the braces belong to the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bitbucket_cloud) struct Braced(pub(in crate::bitbucket_cloud) Uid);

impl fmt::Display for Braced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.0)
    }
}

impl Serialize for Braced {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        sink.collect_str(self)
    }
}

/// A `links` object: each link's name, and its address in pieces that are joined while they are written.
pub(in crate::bitbucket_cloud) struct LinkSet<'a>(pub(in crate::bitbucket_cloud) &'a [(&'static str, &'a [&'a str])]);

impl Serialize for LinkSet<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let mut map = sink.serialize_map(Some(self.0.len()))?;
        for (name, pieces) in self.0 {
            map.serialize_entry(name, &Link { href: Joined(pieces) })?;
        }
        map.end()
    }
}

/// `{"href": …}`
#[derive(Serialize)]
struct Link<'a> {
    href: Joined<'a>,
}

/// Texts joined while they are written.
struct Joined<'a>(&'a [&'a str]);

impl fmt::Display for Joined<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| f.write_str(piece))
    }
}

impl Serialize for Joined<'_> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        sink.collect_str(self)
    }
}

/// A moment with six decimals: `2026-01-02T03:04:05.000000+00:00`. Commits and tags have none, see [`seconds`].
#[derive(Clone, Copy, Debug)]
pub(in crate::bitbucket_cloud) struct Micros(pub(in crate::bitbucket_cloud) Timestamp);

impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let moment = jiff::Timestamp::from_microsecond(self.0.as_micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let text = format!("{moment:.6}");
        f.write_str(text.trim_end_matches('Z'))?;
        f.write_str("+00:00")
    }
}

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        sink.collect_str(self)
    }
}

/// A moment to the second: `2026-01-02T03:04:05+00:00`.
pub(in crate::bitbucket_cloud) fn seconds(moment: Timestamp) -> String {
    format!("{}+00:00", moment.rfc3339_seconds().trim_end_matches('Z'))
}

/// `{}`
#[derive(Serialize)]
struct Empty {}

/// What needs no escape in a path (RFC 3986, unreserved, and the slash).
const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~').remove(b'/');

/// The name of a branch, tag or status as a path inside a URL.
pub(super) fn path(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, PATH).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_with_an_offset_and_as_many_decimals_as_the_field_has() {
        let moment = Timestamp::parse_rfc3339("2026-01-02T12:04:05.070009+09:00").expect("parses");
        assert_eq!(Micros(moment).to_string(), "2026-01-02T03:04:05.070009+00:00");
        assert_eq!(seconds(moment), "2026-01-02T03:04:05+00:00");
        assert_eq!(Micros(Timestamp::from_micros(0)).to_string(), "1970-01-01T00:00:00.000000+00:00");
    }
}
