//! `/api/v1` over a real store: what docs/api.md promises, request by request.

mod apps;
mod bed;
mod builds;
mod errors;
mod git_accounts;
mod hooks;
mod hub;
mod log;
mod oauth_apps;
mod publish;
mod registry;
