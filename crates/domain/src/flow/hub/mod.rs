//! The hub's verbs (contract websub): subscribers ask, are asked back, and get content when it changes.
//!
//! ```text
//! ask ─► VerifyIntent ─► validate ─┬─► verify ─► subscription
//!                                  └─► Deny
//! ping ─► FetchTopic ─┐
//! event ─► TellTopic ─┴─► content ─► plan ─► deliveries, like any others
//! ```
//!
//! Surfaces ask and ping; the engine performs tasks and sweeps. Whatever was answered with success is a task in the
//! database by then.

mod ask;
mod content;
mod deny;
mod fetch;
mod ping;
mod sweep;
mod task;
mod tell;
mod validate;
mod verify;

pub use ask::{AskError, Request, ask, callback_hash, callback_host};
pub use content::publish_content;
pub use ping::ping;
pub use sweep::sweep;
pub use task::{commit, failed, perform};
