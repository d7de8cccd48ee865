//! Assembles the HTTP server: every surface behind one listener.
//!
//! This crate mounts what `dialects` offers and adds what belongs to no vendor: the accept loop with its time limits,
//! health, metrics, and the answers to requests that fit nowhere. It knows neither SQL nor the engine.

mod accept;
mod framing;
mod metrics;
mod operations;
mod router;
mod slow;

pub use accept::{Limits, serve};
pub use metrics::describe;
pub use operations::Operations;
pub use router::{Service, assemble};
