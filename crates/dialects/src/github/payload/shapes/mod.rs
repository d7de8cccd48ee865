//! The objects that events share (contract github section 4.2). Members and order follow the published schemas, which
//! allow no others.

mod account;
mod commit;
mod repository;

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Serialize, Serializer};

pub(crate) use account::{Organization, User};
pub(crate) use commit::PushCommit;
pub(crate) use repository::Repository;

use crate::github::links::Links;

/// The opaque second id of an object, in the form used before 2021: `010:Repository42` in base64.
pub(crate) fn node_id(kind: &str, id: impl fmt::Display) -> String {
    BASE64_STANDARD.encode(format!("0{}:{kind}{id}", kind.len()))
}

/// Where an account's picture is.
fn avatar(links: &Links, id: i64) -> String {
    format!("{}/avatars/u/{id}?v=4", links.html)
}

/// Texts joined while they are written: most URLs are a base and a tail.
pub(super) struct Joined<'a, const N: usize>(pub(super) [&'a str; N]);

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

/// What needs no escape in a path segment (RFC 3986, unreserved).
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The same for a path of several segments.
const PATH: &AsciiSet = &UNRESERVED.remove(b'/');

/// A text as one path segment of a URL.
pub(super) fn segment(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, UNRESERVED).into()
}

/// A branch, tag or file name as a path inside a URL.
pub(crate) fn path(text: &str) -> Cow<'_, str> {
    utf8_percent_encode(text, PATH).into()
}
