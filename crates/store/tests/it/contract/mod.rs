//! Cases by noun.

pub(crate) mod events;
pub(crate) mod queue;
