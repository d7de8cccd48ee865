//! Moments as this API writes them (contract bitrise section 2).

use domain::time::Timestamp;
use serde::{Serialize, Serializer};

/// `2019-03-28T14:20:22.436825Z`: webhooks and their deliveries.
#[derive(Clone, Copy, Debug)]
pub(super) struct Micros(pub(super) Timestamp);

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        sink.serialize_str(&self.0.rfc3339_micros())
    }
}

/// `2022-07-18T13:12:35Z`: apps and builds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seconds(pub(super) Timestamp);

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, sink: S) -> Result<S::Ok, S::Error> {
        sink.serialize_str(&self.0.rfc3339_seconds())
    }
}
