//! Names to addresses.

use std::io;
use std::net::IpAddr;

use async_trait::async_trait;

/// Resolves host names. Asked once per connection; every answer is classified (E-3).
#[async_trait]
pub trait Resolver: Send + Sync {
    /// The addresses of `name`, in order of preference.
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// What the operating system says.
#[derive(Clone, Copy, Debug)]
pub struct SystemResolver;

#[async_trait]
impl Resolver for SystemResolver {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        // The trailing dot keeps search domains out: a name means the same here as in the URL.
        let absolute = format!("{name}.");
        let found = match tokio::net::lookup_host((absolute.as_str(), 0)).await {
            Ok(found) => found.map(|address| address.ip()).collect::<Vec<_>>(),
            // `/etc/hosts` lists names without the dot.
            Err(_) => tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect(),
        };
        Ok(found)
    }
}
