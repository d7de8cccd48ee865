//! The nouns, rules, verbs and ports of Postrider.
//!
//! One natural flow, told in module order:
//!
//! ```text
//! publish ─► Event ─► matching ─► queue ─► courier ─► settle ─► views
//!  flow      event    rules       ports    (engine)   flow      ports
//! ```
//!
//! A platform [publishes](flow::publish) what happened. The event is translated once per dialect into
//! [messages](delivery::Message), [matched](rules::matching) against hooks, and committed together with the plan of
//! its deliveries. The engine sends each delivery, the [rules] decide what an answer means, and `settle` writes
//! the attempt and its outcome in one go.
//!
//! This crate knows nothing of tokio, axum, SQL, files, sockets, the environment, the wall clock or randomness: the
//! last two arrive as [ports].

pub mod id;
pub mod time;

pub mod account;
pub mod application;
pub mod attempt;
pub mod canonical;
pub mod ci;
pub mod delivery;
pub mod dialect;
pub mod directory;
pub mod event;
pub mod feed;
pub mod grant;
pub mod hook;
pub mod hub;
pub mod secret;
pub mod stream;
pub mod task;
pub mod topic;

pub mod flow;
pub mod ports;
pub mod rules;
