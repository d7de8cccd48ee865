//! For tests only: a movable clock, seeded entropy, builders, and an endpoint that misbehaves on request. Depends on `domain` alone.

mod build;
mod entropy;
mod receiver;
mod registry;
mod sender;
mod time;

pub use build::{AHook, AnApp, AnEvent, PLACE, Surroundings, a_build, a_hook, an_app, an_event};
pub use entropy::SeededEntropy;
pub use receiver::{Behaviour, Received, Receiver};
pub use registry::{a_repository, a_token, a_token_of, a_user, an_application, an_organization};
pub use sender::{RecordingSender, answered, unanswered};
pub use time::{FakeClock, START};
