//! Cases by noun.

pub(crate) mod accounts;
pub(crate) mod applications;
pub(crate) mod breakers;
pub(crate) mod ci;
pub(crate) mod events;
pub(crate) mod git_accounts;
pub(crate) mod grants;
pub(crate) mod hooks;
pub(crate) mod incoming;
pub(crate) mod queue;
pub(crate) mod safety;
pub(crate) mod streams;
pub(crate) mod tasks;
pub(crate) mod topics;
pub(crate) mod views;
