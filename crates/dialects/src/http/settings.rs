//! What surfaces need to know beside the ports.

use std::fmt;
use std::sync::Arc;

use domain::hook::DialectName;
use domain::rules::target::TargetUrl;
use ipnet::IpNet;

use crate::git_hosts::GitHosts;

/// Judges a hook's URL when it is saved, beyond its syntax. `Err` is the reason in a few words, such as `localhost`.
///
/// The binary builds one from the engine's egress rules, so that saving and sending agree (E-2).
#[derive(Clone)]
pub struct UrlPolicy(Arc<Judge>);

/// See [`UrlPolicy`].
type Judge = dyn Fn(&TargetUrl) -> Result<(), String> + Send + Sync;

impl UrlPolicy {
    /// A policy that asks `judge`.
    pub fn new(judge: impl Fn(&TargetUrl) -> Result<(), String> + Send + Sync + 'static) -> Self {
        Self(Arc::new(judge))
    }

    /// Asks.
    pub fn check(&self, url: &TargetUrl) -> Result<(), String> {
        (self.0)(url)
    }
}

/// Anything goes at save time; the guard still decides when sending.
impl Default for UrlPolicy {
    fn default() -> Self {
        Self::new(|_| Ok(()))
    }
}

impl fmt::Debug for UrlPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UrlPolicy(…)")
    }
}

/// What surfaces need to know beside the ports. Built with `..ApiSettings::default()`.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// The configured public URL. Without one, answers build their URLs from the request's `Host`.
    pub public_url: Option<Arc<str>>,
    /// Hooks that may listen to one event of one repository or organization (contract github section 1.1).
    pub max_hooks_per_event: usize,
    /// CIDR list for GitHub's `/meta`.
    pub egress_addresses: Arc<[String]>,
    /// Which hook URLs may be saved.
    pub url_policy: UrlPolicy,
    /// Management requests one token may make in an hour, where the vendor announces such a limit.
    pub requests_per_hour: u32,
    /// Proxies whose `X-Forwarded-For` is believed (H-5).
    pub trusted_proxies: Arc<[IpNet]>,
    /// Dialects whose hooks skip what comes while their breaker is open; those of others hold it.
    pub skipping: Arc<[DialectName]>,
    /// Where git hosts are called.
    pub git_hosts: Arc<GitHosts>,
}

impl Default for ApiSettings {
    fn default() -> Self {
        Self {
            public_url: None,
            max_hooks_per_event: 20,
            egress_addresses: Arc::new([]),
            url_policy: UrlPolicy::default(),
            requests_per_hour: 5_000,
            trusted_proxies: Arc::new([]),
            skipping: Arc::new([]),
            git_hosts: Arc::default(),
        }
    }
}
