//! `[server]` and `[api]`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::ensure;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Where the server listens and keeps its data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ServerConfig {
    /// Address and port; port 0 picks one.
    pub listen: String,
    /// Folder of the database, the keys and the first admin token.
    pub data_dir: PathBuf,
    /// The database; `sqlite:DATA_DIR/postrider.db` unless set.
    pub database_url: Option<String>,
    /// Where the server is reached from outside: `https://hooks.acme.test`. Unset, answers go by the request's `Host`.
    pub public_url: Option<String>,
    /// Networks of proxies whose `X-Forwarded-For` is believed, in CIDR form.
    pub trusted_proxies: Vec<String>,
    /// MiB that must be left on the disk for events to be accepted; never less than 2 % of it.
    pub disk_floor_mib: u64,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8017".to_owned(),
            data_dir: PathBuf::from("postrider-data"),
            database_url: None,
            public_url: None,
            trusted_proxies: Vec::new(),
            disk_floor_mib: 256,
        }
    }
}

impl ServerConfig {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(self.listen.parse::<SocketAddr>().is_ok(), "server.listen: {:?} is not ADDRESS:PORT", self.listen);
        if let Some(text) = &self.public_url {
            let parsed = url::Url::parse(text).ok();
            let usable = parsed.is_some_and(|url| {
                matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none()
            });
            ensure!(usable, "server.public_url: {text:?} is not an http or https URL");
        }
        for text in &self.trusted_proxies {
            ensure!(text.parse::<IpNet>().is_ok(), "server.trusted_proxies: {text:?} is not in CIDR form");
        }
        Ok(())
    }

    /// The networks of `trusted_proxies`.
    pub(crate) fn trusted_proxies(&self) -> Arc<[IpNet]> {
        self.trusted_proxies.iter().filter_map(|text| text.parse().ok()).collect()
    }

    /// The database to open.
    pub(crate) fn database_url(&self) -> String {
        let default = || format!("sqlite:{}", self.data_dir.join("postrider.db").display());
        self.database_url.clone().unwrap_or_else(default)
    }
}

/// Limits of the HTTP APIs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ApiConfig {
    /// Hooks that may listen to one event of one repository or organization. GitHub allows 20, GHES 250.
    pub max_hooks_per_event: usize,
    /// Management requests one token may make in an hour. Publishing does not count.
    pub requests_per_hour: u32,
    /// Addresses deliveries come from, in CIDR form, for GitHub's `/meta`.
    pub egress_addresses: Vec<String>,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self { max_hooks_per_event: 20, requests_per_hour: 5_000, egress_addresses: Vec::new() }
    }
}

impl ApiConfig {
    pub(super) fn check(&self) -> anyhow::Result<()> {
        ensure!(self.max_hooks_per_event > 0, "api.max_hooks_per_event: must be at least 1");
        ensure!(self.requests_per_hour > 0, "api.requests_per_hour: must be at least 1");
        for text in &self.egress_addresses {
            ensure!(text.parse::<ipnet::IpNet>().is_ok(), "api.egress_addresses: {text:?} is not in CIDR form");
        }
        Ok(())
    }
}
