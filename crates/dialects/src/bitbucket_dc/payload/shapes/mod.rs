//! The objects that events and the HTTP API share (contract bitbucket-datacenter section 3.1). Members stand in the
//! order in which the product was recorded to send them.

mod account;
mod comment;
mod commit;
mod pull_request;
mod repository;

use serde::{Serialize, Serializer};

pub(in crate::bitbucket_dc) use account::{Project, User};
pub(super) use comment::CommentObject;
pub(super) use commit::{ChangeObject, CommitObject, ShortCommit};
pub(super) use pull_request::{Participant, PreviousTarget, PullRequestObject, Status};
pub(in crate::bitbucket_dc) use repository::Repository;

/// `{"self": [{"href": …}]}`
struct OwnPage(String);

impl Serialize for OwnPage {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        SelfLink { itself: [Href { href: &self.0 }] }.serialize(sink)
    }
}

#[derive(Serialize)]
struct SelfLink<'a> {
    #[serde(rename = "self")]
    itself: [Href<'a>; 1],
}

#[derive(Serialize)]
struct Href<'a> {
    href: &'a str,
}

/// The first eleven digits of an object id.
fn display_id(id: &str) -> &str {
    id.get(..11).unwrap_or(id)
}
