//! Triggers: what of an app an event starts (contract bitrise section 9).
//!
//! ```text
//! bitrise.yml ─► yaml ─► names, items (map: trigger_map · targets: triggers) ─► Config ─► decide ─► targets, and why
//! ```

mod cache;
mod config;
mod decide;
mod explain;
mod facts;
mod item;
mod map;
mod names;
mod patience;
mod pattern;
mod problem;
mod targets;
#[cfg(test)]
mod tests;
mod yaml;

pub(crate) use cache::ConfigCache;
pub(crate) use config::Config;
pub(crate) use decide::{Choice, Decision};
pub use explain::Report;
pub(crate) use explain::{explain, name};
pub(crate) use patience::Patience;
pub(crate) use problem::Problem;
