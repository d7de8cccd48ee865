//! Moments, in the two ways receivers expect them (contract bitbucket-datacenter section 3.2).

use domain::dialect::Shape;
use domain::time::Timestamp;
use serde::{Serialize, Serializer};

/// Milliseconds wherever the product up to 10.2 wrote numbers.
pub(in crate::bitbucket_dc) const EPOCH: Shape = Shape(0);
/// Text everywhere, as 10.3 and later write it.
pub(in crate::bitbucket_dc) const ISO: Shape = Shape(1);

/// A moment with a time zone, whole seconds: `2026-02-03T08:15:00+0000`. The same in both shapes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Date(pub(super) Timestamp);

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        let mut text = self.0.rfc3339_seconds();
        // `Z` is how our own clock writes the offset that the product writes in digits.
        if text.ends_with('Z') {
            text.truncate(text.len() - 1);
            text.push_str("+0000");
        }
        sink.serialize_str(&text)
    }
}

/// When a pull request or a comment came, changed or closed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment(pub(super) Timestamp, pub(super) Shape);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        if self.1 == ISO { Date(self.0).serialize(sink) } else { sink.serialize_i64(millis(self.0)) }
    }
}

/// When a commit was written or committed.
#[derive(Clone, Copy, Debug)]
pub(super) struct CommitMoment(pub(super) Timestamp, pub(super) Shape);

impl Serialize for CommitMoment {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        if self.1 == ISO { sink.collect_str(&self.0) } else { sink.serialize_i64(millis(self.0)) }
    }
}

/// Milliseconds since 1970.
fn millis(at: Timestamp) -> i64 {
    at.as_micros().div_euclid(1_000)
}
