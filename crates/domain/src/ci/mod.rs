//! Continuous integration: apps whose pushes become builds (contract bitrise).
//!
//! ```text
//! incoming request ─► verified, read ─► matched with the app's triggers ─► build ─► executor ─► ended
//!  dialects           dialects           dialects/bitrise                   flow      engine, API
//! ```

mod app;
mod build;
mod git_account;
mod incoming;
mod params;

pub use app::{AppRole, CiApp, MAX_CONFIG, MAX_TITLE, NewCiApp, Provider, RepoUrl, mint_trigger_token};
pub use build::{
    Build, BuildEnd, BuildFilter, BuildOrder, BuildPage, BuildRequest, BuildStatus, ClaimBuild, Ended, LogPiece,
    MAX_LOG, NewBuild, NewBuildRequest, Stage, Target, TriggerKind,
};
pub use git_account::{GitAccount, GitHost};
pub use incoming::{
    Answered, Composed, Incoming, IncomingFilter, MAX_HOPS, MAX_INCOMING, MAX_INCOMING_BYTES, MAX_INCOMING_KEPT,
    NewIncoming, Started, TakenIn, Verdict,
};
pub use params::{BuildParams, BuildSecret, CommitPaths, Environment, PRIORITIES, ReadyState};
