//! Requests of git hosts and others that ask for builds (contract bitrise sections 6 and 7).
//!
//! ```text
//! POST /h/{provider}/{app}/{token} ─► verify ─► provider.read ─► skip ─► builds ─► answer
//!                                     verify.rs  providers/*.rs   skip.rs            answer/
//! ```

#![cfg_attr(not(test), expect(dead_code, reason = "the handlers that use it come next"))]

mod answer;
mod mask;
mod plan;
mod provider;
mod providers;
mod reading;
mod relay;
mod request;
mod skip;
#[cfg(test)]
mod tests;
mod verify;
