//! Moves deliveries: claims what is due, sends it, settles what came of it (design section 6).
//!
//! ```text
//! store ──Bell──► lanes ──turns──► couriers ──► sender ──► receiver
//!   ▲               ▲                 │
//!   │           dispatcher            └──► settler ──┐
//!   └──── claims ◄──┘   settlements, in batches ◄────┘
//! ```
//!
//! Builds are run beside that, when the operator wants it: `builds`.
//!
//! What open breakers hold goes back to the store by the dispatcher; what they skip is settled by a task of its own.
//!
//! Invariants: the only crate that calls out (E-1). Knows no SQL, no vendor's words, no HTTP surface. Nothing retries
//! outside `domain::rules::decide` (D-17). A delivery that leaves memory unsettled is still in the database.

mod builds;
mod courier;
mod dispatcher;
mod engine;
mod errands;
mod gates;
mod lanes;
mod report;
mod scheduler;
mod sender;
mod settings;
mod settler;
mod shared;

pub use builds::{BuildSettings, CommandSettings, Naming, WorkFolder};
pub use engine::Engine;
pub use scheduler::Snapshot;
pub use sender::{EgressSettings, HttpSender, Resolver, SystemResolver};
pub use settings::{Bulkheads, EngineSettings, LogAttempts, MAX_TIMEOUT, MIN_TIMEOUT};
