//! For tests only: a movable clock, seeded entropy, builders, and (in `receiver`) an endpoint that misbehaves on
//! request. Depends on `domain` alone.

mod build;
mod entropy;
mod time;

pub use build::{AHook, AnEvent, a_hook, an_event};
pub use entropy::SeededEntropy;
pub use time::{FakeClock, START};
