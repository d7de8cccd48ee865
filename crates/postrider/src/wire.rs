//! Builds the ports and injects them: the only place that knows every part.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use dialects::{ApiSettings, BitbucketDataCenter, Bitrise, BuildFolders, SurfaceSettings, UrlPolicy, WebSub, surfaces};
use domain::ci::{Build, CiApp};
use domain::dialect::Dialects;
use domain::flow::Ports;
use domain::hook::DialectName;
use domain::ports::{Clock, Entropy, Store};
use domain::rules::backoff::Schedule;
use domain::rules::breaker::{BreakerSettings, OnOpen};
use domain::rules::target::EgressPolicy;
use engine::{Bulkheads, EgressSettings, Engine, EngineSettings, HttpSender, LogAttempts, WorkFolder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::config::Config;
use crate::data_dir;
use crate::machine::{SystemClock, SystemEntropy};

/// Everything that runs.
pub(crate) struct Wired {
    /// What the verbs use.
    pub(crate) ports: Ports,
    /// The running engine.
    pub(crate) engine: Engine,
    /// The HTTP server's service.
    pub(crate) service: web::Service,
    /// Health and metrics.
    pub(crate) operations: web::Operations,
}

/// Histogram buckets in seconds: from a fast sync to a slow receiver.
const BUCKETS: [f64; 14] =
    [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0];

/// Opens the store, starts the engine and assembles the server that will listen on `address`.
pub(crate) async fn assemble(config: &Config, address: SocketAddr) -> anyhow::Result<Wired> {
    let metrics = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)?
        .install_recorder()
        .context("cannot record metrics")?;
    web::describe();
    let surfaces = surfaces(&surface_settings(config)?);
    let dialects = Dialects::new(surfaces.iter().filter_map(|surface| surface.dialect()));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let store = open_store(config, &dialects, &clock, &entropy).await?;
    let public_url = config.server.public_url.as_deref().map(|url| Arc::from(url.trim_end_matches('/')));
    let policy = config.egress.policy(&[address])?;
    let engine_settings = engine_settings(config, &dialects)?;
    let skipping = skipping(&dialects, &engine_settings);
    let settings = api_settings(config, public_url.clone(), policy.clone(), skipping);
    let egress = EgressSettings {
        policy,
        allow_insecure_tls: !config.egress.forbid_insecure_tls,
        source_addresses: config.egress.source_addresses.clone(),
        ..EgressSettings::default()
    };
    let sender = Arc::new(HttpSender::new(egress, clock.clone()));
    let ports = Ports {
        store: store.clone(),
        dialects,
        clock,
        entropy,
        sender: sender.clone(),
        public_url: public_url.unwrap_or_else(|| Arc::from(format!("http://{address}"))),
    };
    let engine = Engine::start(ports.clone(), engine_settings);
    engine.started().await;
    tokio::spawn(keep_fresh(sender));
    tokio::spawn(keep_metrics(metrics.clone()));
    tokio::spawn(keep_token_uses(store.clone()));
    let operations = web::Operations::new(store, metrics);
    let service = web::assemble(&surfaces, &ports, &settings, operations.clone());
    Ok(Wired { ports, engine, service, operations })
}

/// Opens the configured database for a verb that works without a server.
pub(crate) async fn open_alone(config: &Config) -> anyhow::Result<Arc<dyn Store>> {
    let surfaces = surfaces(&SurfaceSettings::default());
    let dialects = Dialects::new(surfaces.iter().filter_map(|surface| surface.dialect()));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    open_store(config, &dialects, &clock, &entropy).await
}

/// Opens the configured database. Blocks for milliseconds, so it has a thread of its own.
async fn open_store(
    config: &Config,
    dialects: &Dialects,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> anyhow::Result<Arc<dyn Store>> {
    let keyring = data_dir::keyring(&config.server.data_dir, &**entropy)?;
    let names = dialects.iter().map(|dialect| dialect.name()).collect();
    let url = config.server.database_url();
    let mut options = store::Options::new(url, keyring, names, clock.clone(), entropy.clone());
    options.probe_syncs = true;
    options.disk_floor.bytes = config.server.disk_floor_mib.saturating_mul(1024 * 1024);
    // A disk that failed a sync cannot be trusted any more; the restart re-reads the truth (N-6).
    options.fatal = Arc::new(|reason| {
        eprintln!("postrider: the database can no longer be written: {reason}; stopping");
        std::process::exit(1);
    });
    let opened = tokio::task::spawn_blocking(move || store::open(options)).await?;
    opened.context("cannot open the database")
}

fn surface_settings(config: &Config) -> anyhow::Result<SurfaceSettings> {
    Ok(SurfaceSettings {
        bitbucket_cloud: config.bitbucket_cloud.settings(),
        bitbucket_dc: config.bitbucket_dc.settings()?,
        bitrise: config.bitrise.settings(),
        websub: config.websub.settings(),
    })
}

fn api_settings(
    config: &Config,
    public_url: Option<Arc<str>>,
    policy: EgressPolicy,
    skipping: Arc<[DialectName]>,
) -> ApiSettings {
    ApiSettings {
        public_url,
        max_hooks_per_event: config.api.max_hooks_per_event,
        requests_per_hour: config.api.requests_per_hour,
        egress_addresses: egress_addresses(config).into(),
        trusted_proxies: config.server.trusted_proxies(),
        url_policy: UrlPolicy::new(move |url| policy.check_url(url).map_err(|refusal| refusal.to_string())),
        skipping,
        git_hosts: config.git_hosts.settings(),
    }
}

/// Dialects whose hooks skip what comes while their breaker is open.
fn skipping(dialects: &Dialects, settings: &EngineSettings) -> Arc<[DialectName]> {
    let names = dialects.iter().map(|dialect| dialect.name());
    names.filter(|name| settings.breaker_of(Some(*name)).on_open == OnOpen::Skip).collect()
}

/// What receivers are told to let in: what was configured for that, or else what connections are bound to.
fn egress_addresses(config: &Config) -> Vec<String> {
    if !config.api.egress_addresses.is_empty() {
        return config.api.egress_addresses.clone();
    }
    config.egress.source_addresses.iter().map(|address| ipnet::IpNet::from(*address).to_string()).collect()
}

/// Looks at our own addresses and the idle connections again each minute (E-6).
async fn keep_fresh(sender: Arc<HttpSender>) {
    let mut minutes = tokio::time::interval(Duration::from_secs(60));
    loop {
        minutes.tick().await;
        sender.refresh();
    }
}

/// Writes down once a minute when tokens were last used.
async fn keep_token_uses(store: Arc<dyn Store>) {
    let mut minutes = tokio::time::interval(Duration::from_secs(60));
    loop {
        minutes.tick().await;
        note_token_uses(&*store).await;
    }
}

/// Writes down when tokens were last used. What is not written is forgotten: it is for people, not for decisions.
pub(crate) async fn note_token_uses(store: &dyn Store) {
    let seen = store.directory().take_seen();
    if !seen.is_empty()
        && let Err(error) = store.touch_tokens(seen).await
    {
        tracing::warn!(%error, "the last uses of tokens were not noted");
    }
}

/// Folds samples into their histograms; without this they would pile up until somebody asks for the metrics.
async fn keep_metrics(metrics: PrometheusHandle) {
    let mut seconds = tokio::time::interval(Duration::from_secs(5));
    loop {
        seconds.tick().await;
        metrics.run_upkeep();
    }
}

fn engine_settings(config: &Config, dialects: &Dialects) -> anyhow::Result<EngineSettings> {
    let delivery = &config.delivery;
    let mut dialect_schedules = HashMap::new();
    for (name, retries) in &delivery.retries_by_dialect {
        let dialect = dialects.get(name);
        let dialect = dialect.with_context(|| format!("delivery.retries_by_dialect: there is no dialect {name:?}"))?;
        dialect_schedules.insert(dialect.name(), retries.schedule());
    }
    // Subscribers never asked to be left alone for a day: the hub's own schedule, and whatever comes while a breaker is
    // open is held for them (contract websub section 8).
    dialect_schedules.entry(WebSub::NAME).or_insert(Schedule::Vendor);
    // One attempt, and again by hand only: what its users know (contract bitrise section 8).
    dialect_schedules.entry(Bitrise::NAME).or_insert(Schedule::Vendor);
    let hub_breaker = BreakerSettings { on_open: OnOpen::Hold, ..delivery.breaker.settings() };
    Ok(EngineSettings {
        bulkheads: Bulkheads {
            total: delivery.in_flight,
            per_hook: delivery.per_hook,
            per_host: config.bitbucket_dc.per_host().unwrap_or(delivery.per_host),
            // Half of all for one owner, a quarter for slow hooks together (D-22).
            per_owner: delivery.in_flight.div_ceil(2),
            slow: delivery.in_flight.div_ceil(4),
            strained: (delivery.in_flight * 2).div_ceil(5),
            ..Bulkheads::default()
        },
        held_bytes: delivery.memory_mib * 1024 * 1024,
        timeout: Duration::from_secs(delivery.timeout),
        schedule: delivery.retries.schedule(),
        dialect_schedules,
        breaker: delivery.breaker.settings(),
        dialect_breakers: HashMap::from([
            (BitbucketDataCenter::NAME, config.bitbucket_dc.breaker()?),
            (WebSub::NAME, hub_breaker),
        ]),
        max_age: delivery.max_age(),
        builds: config.builds.settings(&config.server.data_dir, build_variables)?,
        log_attempts: if config.log.attempts { LogAttempts::All } else { LogAttempts::Failures },
        ..EngineSettings::default()
    })
}

/// What builds that run here find in their environment.
fn build_variables(app: &CiApp, build: &Build, page: &str, folder: &WorkFolder) -> Vec<(String, String)> {
    let folders = BuildFolders { source: &folder.source, deploy: &folder.deploy, config: folder.config.as_deref() };
    dialects::build_variables(app, build, page, Some(folders))
}
