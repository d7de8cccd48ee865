//! The objects that events share (contract github section 4.2). Members and order follow the published schemas, which
//! allow no others.

mod account;
mod comment;
mod commit;
mod issue;
mod pull_request;
mod release;
mod repository;

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, Serializer};

pub(crate) use account::{Membership, Organization, User};
pub(super) use comment::{CommitComment, IssueComment, ReviewComment};
pub(super) use commit::{PushCommit, StatusCommit};
pub(super) use issue::IssueObject;
pub(super) use pull_request::{PullRequestObject, ReviewObject, SimplePullRequest};
pub(super) use release::ReleaseObject;
pub(crate) use repository::Repository;
pub(super) use repository::{AnyRepository, unknown_repository};

use crate::github::links::Links;

/// The opaque second id of an object, in the form used before 2021: `010:Repository42` in base64.
pub(super) fn node_id(kind: &str, id: impl fmt::Display) -> String {
    BASE64_STANDARD.encode(format!("0{}:{kind}{id}", kind.len()))
}

/// Where an account's picture is.
fn avatar(links: &Links, id: i64) -> String {
    format!("{}/avatars/u/{id}?v=4", links.html)
}

/// Texts joined while they are written: most URLs are a base and a tail.
struct Joined<'a, const N: usize>([&'a str; N]);

impl<const N: usize> fmt::Display for Joined<'_, N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|part| f.write_str(part))
    }
}

impl<const N: usize> Serialize for Joined<'_, N> {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        sink.collect_str(self)
    }
}

/// `{"href": …}`
#[derive(Serialize)]
struct Link {
    href: String,
}

/// A link to that.
fn link(href: impl Into<String>) -> Link {
    Link { href: href.into() }
}

/// Reactions, of which there are none here.
#[derive(Serialize)]
struct Reactions {
    url: String,
    total_count: u64,
    #[serde(rename = "+1")]
    plus_one: u64,
    #[serde(rename = "-1")]
    minus_one: u64,
    laugh: u64,
    confused: u64,
    heart: u64,
    hooray: u64,
    eyes: u64,
    rocket: u64,
}

impl Reactions {
    /// Of the object with that API URL.
    fn to(url: &str) -> Self {
        Self {
            url: format!("{url}/reactions"),
            total_count: 0,
            plus_one: 0,
            minus_one: 0,
            laugh: 0,
            confused: 0,
            heart: 0,
            hooray: 0,
            eyes: 0,
            rocket: 0,
        }
    }
}

/// What needs no escape in a path segment (RFC 3986, unreserved).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The same for a path of several segments.
const PATH: &AsciiSet = &UNRESERVED.remove(b'/');

/// A text as one path segment of a URL.
pub(super) fn segment(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, UNRESERVED).into()
}

/// A branch, tag or file name as a path inside a URL.
pub(super) fn path(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, PATH).into()
}
