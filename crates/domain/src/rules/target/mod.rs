//! Which URLs and addresses may be called (contract delivery-and-security section 5).
//!
//! Saving, testing and sending ask the same functions: [`TargetUrl::parse`] for the syntax (E-2), and an
//! [`EgressPolicy`] for where it leads. Nothing here resolves a name: the engine does, and asks about every answer.

mod address;
mod allow;
mod policy;
mod url;

pub use address::{Range, embedded_ipv4, refused_range};
pub use allow::{AllowError, AllowRule, NamePattern, Scope};
pub use policy::{EgressPolicy, MixedDns, Refusal};
pub use url::{MAX_URL, Target, TargetError, TargetHost, TargetUrl};

#[cfg(test)]
mod tests;
