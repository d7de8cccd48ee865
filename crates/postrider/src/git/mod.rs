//! Publishing pushes of git repositories on this machine (docs/git.md).
//!
//! The `post-receive` hook calls `postrider git post-receive`, which walks this path:
//! [`updates`] (what git says moved) → [`push`] (the canonical push, worked out by calling `git`) → [`event`] (a
//! `CloudEvent` whose id is fixed here once and for all) → [`spool`] (on disk before anything is sent) → [`flush()`] (in order,
//! within a small time).
//!
//! Invariants: a push is never refused or held up for longer than [`COMPUTE_TIME`] + [`SEND_TIME`]; an event is sent at
//! least once, always with the same id, so the server delivers it once; events of one repository are sent in the order of
//! the pushes; whatever cannot be kept or sent is said on standard error, which git shows to the pusher.

mod annotations;
mod attach;
mod baseline;
mod commits;
mod date;
mod env;
mod event;
mod flush;
mod program;
mod push;
mod pusher;
mod receive;
mod repository;
mod spool;
mod updates;
mod walk;

use std::time::Duration;

pub(crate) use attach::{Attachment, attach, detach};
pub(crate) use event::CONTENT_TYPE;
pub(crate) use flush::{Flushed, Sent, flush};
pub(crate) use program::Git;
pub(crate) use receive::{Received, receive};
pub(crate) use repository::{Repository, Settings};
pub(crate) use spool::{KeepError, Spool};

/// How long `git` may take in all to work out what was pushed; after that the refs are published without commits.
pub(crate) const COMPUTE_TIME: Duration = Duration::from_secs(10);
/// How long `post-receive` tries to send before it leaves the rest in the spool.
pub(crate) const SEND_TIME: Duration = Duration::from_secs(3);
