//! What every surface needs and no vendor owns: credentials, raw bodies, paging.

mod auth;

pub use auth::{Credentials, authenticate, presented_token};

use std::sync::Arc;

/// What surfaces need to know beside the ports.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// The configured public URL. Without one, answers build their URLs from the request's `Host`.
    pub public_url: Option<Arc<str>>,
    /// Hooks that may listen to one event of one repository or organization (contract github section 1.1).
    pub max_hooks_per_event: usize,
    /// CIDR list for GitHub's `/meta`.
    pub egress_addresses: Arc<[String]>,
}
