//! Incoming webhooks against the whole server (contract bitrise section 6).

mod answers;
mod flood;
mod guard;
mod log;
mod quiet;
mod site;
