//! Configuration: defaults, then the TOML file, then `POSTRIDER_*__*` variables, then flags. One file per section;
//! unknown keys are refused; nothing here is secret except what `mask` hides.

mod bitbucket;
mod bitrise;
mod breaker;
mod builds;
mod delivery;
mod egress;
mod git_hosts;
mod log;
mod server;
mod websub;

use std::path::Path;

use anyhow::Context;
use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};

pub(crate) use bitbucket::{BitbucketCloudConfig, BitbucketDcConfig};
pub(crate) use bitrise::BitriseConfig;
pub(crate) use builds::BuildsConfig;
pub(crate) use delivery::DeliveryConfig;
pub(crate) use egress::EgressConfig;
pub(crate) use git_hosts::GitHostsConfig;
pub(crate) use log::{LogConfig, LogFormat};
pub(crate) use server::{ApiConfig, ServerConfig};
pub(crate) use websub::WebSubConfig;

/// The whole configuration, as `config show` prints it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Where the server listens and keeps its data.
    pub server: ServerConfig,
    /// Limits of the HTTP APIs.
    pub api: ApiConfig,
    /// How deliveries are made.
    pub delivery: DeliveryConfig,
    /// Which receivers may be called.
    pub egress: EgressConfig,
    /// Bitbucket Data Center's surface and hooks.
    pub bitbucket_dc: BitbucketDcConfig,
    /// Bitbucket Cloud's surface and hooks.
    pub bitbucket_cloud: BitbucketCloudConfig,
    /// Bitrise's surface.
    pub bitrise: BitriseConfig,
    /// The open hub.
    pub websub: WebSubConfig,
    /// Where git hosts are called.
    pub git_hosts: GitHostsConfig,
    /// Who runs builds.
    pub builds: BuildsConfig,
    /// What is logged, and how.
    pub log: LogConfig,
}

/// What flags can say; they win over everything.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Overrides {
    /// `--listen`
    pub listen: Option<String>,
    /// `--data-dir`
    pub data_dir: Option<std::path::PathBuf>,
    /// `--database-url`
    pub database_url: Option<String>,
    /// `--public-url`
    pub public_url: Option<String>,
    /// `--egress-allow`; added to what is configured.
    pub egress_allow: Vec<String>,
    /// `--log-format`
    pub log_format: Option<LogFormat>,
}

/// Prefix of the environment variables: `POSTRIDER_SERVER__LISTEN` sets `server.listen`. Names without a double
/// underscore (`POSTRIDER_TOKEN`) belong to the command line's client side.
const ENV_PREFIX: &str = "POSTRIDER_";

impl Config {
    /// Reads and checks everything.
    pub(crate) fn load(file: Option<&Path>, overrides: Overrides) -> anyhow::Result<Self> {
        let mut figment = Figment::from(Serialized::defaults(Self::default()));
        if let Some(file) = file {
            anyhow::ensure!(file.is_file(), "configuration file {} does not exist", file.display());
            figment = figment.merge(Toml::file_exact(file));
        }
        let nested = Env::prefixed(ENV_PREFIX).filter(|key| key.as_str().contains("__")).split("__");
        let mut config: Self = figment.merge(nested).extract().context("the configuration is not valid")?;
        config.apply(overrides);
        config.check()?;
        Ok(config)
    }

    fn apply(&mut self, overrides: Overrides) {
        if let Some(listen) = overrides.listen {
            self.server.listen = listen;
        }
        if let Some(data_dir) = overrides.data_dir {
            self.server.data_dir = data_dir;
        }
        self.server.database_url = overrides.database_url.or(self.server.database_url.take());
        self.server.public_url = overrides.public_url.or(self.server.public_url.take());
        self.egress.allow.extend(overrides.egress_allow);
        if let Some(format) = overrides.log_format {
            self.log.format = format;
        }
    }

    /// Values that parse but make no sense; the text names the key.
    fn check(&self) -> anyhow::Result<()> {
        self.server.check()?;
        self.api.check()?;
        self.delivery.check()?;
        self.bitbucket_dc.check()?;
        self.bitbucket_cloud.check()?;
        self.websub.check()?;
        self.git_hosts.check()?;
        self.builds.check()?;
        self.egress.check()
    }

    /// The effective configuration as TOML, passwords in URLs masked.
    pub(crate) fn show(&self) -> anyhow::Result<String> {
        Ok(toml::to_string_pretty(&self.masked())?)
    }

    /// The same without passwords.
    pub(crate) fn masked(&self) -> Self {
        let mut masked = self.clone();
        masked.server.database_url = masked.server.database_url.map(|url| mask_password(&url));
        masked
    }
}

/// `postgres://user:********@host/db`.
fn mask_password(text: &str) -> String {
    let Ok(mut url) = url::Url::parse(text) else { return text.to_owned() };
    if url.password().is_some() {
        // Fails only for URLs that cannot have a password.
        let _ = url.set_password(Some(domain::secret::MASK));
    }
    url.to_string()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn load(toml: &str) -> anyhow::Result<Config> {
        let mut file = tempfile::NamedTempFile::new()?;
        file.write_all(toml.as_bytes())?;
        Config::load(Some(file.path()), Overrides::default())
    }

    #[test]
    fn an_empty_file_gives_the_defaults() {
        assert_eq!(load("").expect("valid"), Config::default());
    }

    #[test]
    fn flags_win_over_the_file_and_add_to_the_allow_list() {
        let mut config = load("[server]\nlisten = \"127.0.0.1:1\"\n[egress]\nallow = [\"private\"]").expect("valid");
        config.apply(Overrides {
            listen: Some("127.0.0.1:2".to_owned()),
            egress_allow: vec!["loopback".to_owned()],
            ..Overrides::default()
        });
        assert_eq!(config.server.listen, "127.0.0.1:2");
        assert_eq!(config.egress.allow, ["private", "loopback"]);
    }

    #[test]
    fn mistakes_name_their_key() {
        for (toml, key) in [
            ("[server]\nlisten = \"nowhere\"", "server.listen"),
            ("[server]\npublic_url = \"ftp://x\"", "server.public_url"),
            ("[server]\nlisen = \"127.0.0.1:1\"", "lisen"),
            ("[delivery]\ntimeout = 31", "delivery.timeout"),
            ("[delivery]\nretries = \"sometimes\"", "retries"),
            ("[delivery]\nin_flight = 0", "delivery.in_flight"),
            ("[egress]\nallow = [\"everything\"]", "egress.allow"),
            ("[api]\nmax_hooks_per_event = 0", "api.max_hooks_per_event"),
            ("[delivery.breaker]\nexponent = 0.5", "delivery.breaker.exponent"),
            ("[delivery.breaker]\non_open = \"drop\"", "on_open"),
            ("[bitbucket_dc.backoff]\nmax = 1", "bitbucket_dc.backoff.max"),
            ("[bitbucket_dc.properties]\n\"plugin.webhooks.io.thread\" = 3", "plugin.webhooks.io.thread"),
            ("[bitbucket_dc]\nuser_agent = \"\"", "bitbucket_dc.user_agent"),
            ("[websub]\nmin_lease = 0", "websub.default_lease"),
            ("[websub]\nmax_lease = 9999999", "websub.max_lease"),
            ("[websub]\ntopics = [\"*\"]", "websub.topics"),
            ("[websub]\nsignature = \"md5\"", "signature"),
            ("[websub]\nmoved_to = \"elsewhere\"", "websub.moved_to"),
            ("[git_hosts]\ngithub_api = \"git.acme.test\"", "git_hosts.github_api"),
            ("[git_hosts]\ngitlab = \"https://u:hunter2@git.acme.test\"", "git_hosts.gitlab"),
            ("[git_hosts]\nbitbucket_api = \"https://git.acme.test/2.0?x\"", "git_hosts.bitbucket_api"),
            ("[git_hosts]\ntimeout = 11", "git_hosts.timeout"),
            ("[builds]\nexecutor = \"robot\"", "executor"),
            ("[builds]\nexecutor = \"command\"", "builds.command"),
            ("[builds]\nconcurrency = 0", "builds.concurrency"),
            ("[builds]\ntime_limit = 0", "builds.time_limit"),
            ("[builds]\ninherit = [\"A=b\"]", "builds.inherit"),
            ("[server]\ntrusted_proxies = [\"proxy\"]", "server.trusted_proxies"),
            ("[bitrise]\ncreate_envelope = \"paper\"", "create_envelope"),
            ("[bitbucket_cloud]\nmax_hooks_per_repository = 0", "bitbucket_cloud.max_hooks_per_repository"),
        ] {
            let error = format!("{:#}", load(toml).expect_err(toml));
            assert!(error.contains(key), "{toml}: {error}");
        }
    }

    #[test]
    fn retries_are_a_name_or_a_list_of_seconds() {
        let config = load("[delivery]\nretries = [1, 60]\n[delivery.retries_by_dialect]\ngithub = \"vendor\"");
        let delivery = config.expect("valid").delivery;
        assert_eq!(delivery.retries.schedule(), domain::rules::backoff::Schedule::Custom(vec![1, 60]));
        assert_eq!(delivery.retries_by_dialect["github"].schedule(), domain::rules::backoff::Schedule::Vendor);
    }

    #[test]
    fn data_centers_properties_count_under_their_documented_names() {
        let config = load(
            "[bitbucket_dc]\non_open = \"skip\"
            [bitbucket_dc.properties]
            \"plugin.webhooks.http.backoff.trigger.count\" = 7
            \"plugin.webhooks.http.backoff.interval.exponent\" = 1.5
            \"plugin.webhooks.socket.timeout\" = 15000
            \"plugin.webhooks.io.threads\" = 3
            \"plugin.webhooks.http.connection.host.max\" = 5",
        );
        let config = config.expect("valid").bitbucket_dc;
        let breaker = config.breaker().expect("valid");
        assert_eq!((breaker.trigger, breaker.exponent), (7, 1.5));
        assert_eq!(breaker.on_open, domain::rules::breaker::OnOpen::Skip);
        assert_eq!(config.settings().expect("valid").timeout, std::time::Duration::from_secs(15));
        assert_eq!(config.per_host(), Some(5));
    }

    #[test]
    fn passwords_are_masked_when_shown() {
        let config = load("[server]\ndatabase_url = \"postgres://u:hunter2@db/x\"").expect("valid");
        let shown = config.show().expect("prints");
        assert!(shown.contains("********") && !shown.contains("hunter2"), "{shown}");
    }
}
