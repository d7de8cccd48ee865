//! The only way out: an HTTP client with its own pool, whose connector is the address guard (E-1).
//!
//! The pool is our own and not hyper-util's, for three reasons: which connection a request uses is decided before
//! anything is sent, so a connection that the receiver closed while idle costs nothing and nothing is sent twice
//! (D-17); connections have an age (E-11); and handing a connection back needs no task of its own.

mod connector;
mod exchange;
mod failure;
mod head;
mod http1;
mod interfaces;
mod pace;
mod pool;
mod resolver;
mod source;
mod tls;

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use async_trait::async_trait;
use domain::attempt::Exchange;
use domain::ports::{Clock, FetchRequest, Fetched, SendRequest, Sender};
use domain::rules::target::{EgressPolicy, TargetUrl};

pub use resolver::{Resolver, SystemResolver};

use connector::Connector;
use pool::Pool;

/// Settings of the way out.
#[derive(Clone, Debug)]
pub struct EgressSettings {
    /// Which targets may be called.
    pub policy: EgressPolicy,
    /// Addresses of this machine that connections are made from, in turn; empty: the system chooses.
    pub source_addresses: Vec<IpAddr>,
    /// New connections per second (D-22); ramps up from a tenth over the first ten seconds.
    pub connects_per_second: u32,
    /// Longest a name lookup may take (D-23).
    pub resolve_timeout: Duration,
    /// Longest connecting may take, over all addresses of a name (D-23).
    pub connect_timeout: Duration,
    /// Longest a TLS handshake may take (D-23).
    pub tls_timeout: Duration,
    /// Longest a body may take once a response head is there (D-23).
    pub body_timeout: Duration,
    /// Idle connections are closed after this (E-11).
    pub idle: Duration,
    /// Connections are not used for longer than this (E-11).
    pub max_connection_age: Duration,
    /// PEM certificates trusted beside the system's.
    pub extra_roots: Vec<rustls::pki_types::CertificateDer<'static>>,
    /// May hooks skip certificate verification at all (S-9)?
    pub allow_insecure_tls: bool,
}

impl Default for EgressSettings {
    fn default() -> Self {
        Self {
            policy: EgressPolicy::default(),
            source_addresses: Vec::new(),
            connects_per_second: 200,
            resolve_timeout: Duration::from_secs(2),
            connect_timeout: Duration::from_secs(5),
            tls_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(2),
            idle: Duration::from_secs(30),
            max_connection_age: Duration::from_secs(300),
            extra_roots: Vec::new(),
            allow_insecure_tls: true,
        }
    }
}

/// The sender. Cheap to share.
pub struct HttpSender {
    settings: EgressSettings,
    clock: Arc<dyn Clock>,
    connector: Connector,
    pool: Arc<Pool>,
    policy: RwLock<Arc<EgressPolicy>>,
}

impl HttpSender {
    /// A sender that resolves names as the system does.
    pub fn new(settings: EgressSettings, clock: Arc<dyn Clock>) -> Self {
        Self::with_resolver(settings, clock, Arc::new(SystemResolver))
    }

    /// A sender with its own way of resolving names.
    pub fn with_resolver(settings: EgressSettings, clock: Arc<dyn Clock>, resolver: Arc<dyn Resolver>) -> Self {
        let pool = Pool::new(settings.idle, settings.max_connection_age);
        let connector = Connector::new(&settings, clock.clone(), resolver);
        let policy = RwLock::new(Arc::new(settings.policy.clone()));
        let sender = Self { settings, clock, connector, pool, policy };
        sender.refresh_own_addresses();
        sender
    }

    /// The policy in force.
    pub fn policy(&self) -> Arc<EgressPolicy> {
        self.policy.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a policy in force. Connections made under the old one are not used again (E-11).
    pub fn set_policy(&self, policy: EgressPolicy) {
        *self.policy.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
        self.pool.flush();
    }

    /// Adds endpoints of our own that may not be called (E-6): known only once the listeners are bound.
    pub fn add_own_endpoints(&self, endpoints: &[SocketAddr]) {
        let mut policy = EgressPolicy::clone(&self.policy());
        policy.own_endpoints.extend_from_slice(endpoints);
        self.set_policy(policy);
    }

    /// Reads our interfaces' addresses again (E-6) and closes connections that sat idle for too long. To be called once a
    /// minute.
    pub fn refresh(&self) {
        self.refresh_own_addresses();
        self.pool.sweep(self.clock.monotonic());
    }

    fn refresh_own_addresses(&self) {
        let own_addresses = interfaces::own_addresses();
        let policy = self.policy();
        if policy.own_addresses != own_addresses {
            self.set_policy(EgressPolicy { own_addresses, ..EgressPolicy::clone(&policy) });
        }
    }
}

#[async_trait]
impl Sender for HttpSender {
    async fn send(&self, request: SendRequest) -> Exchange {
        exchange::send(self, request).await
    }

    async fn fetch(&self, request: FetchRequest) -> Fetched {
        exchange::fetch(self, request).await
    }

    async fn vet(&self, url: &TargetUrl) -> Result<(), String> {
        let target = url.target().map_err(|error| error.to_string())?;
        let vetted = self.connector.classify(target, &self.policy()).await;
        vetted.map(drop).map_err(|failure| failure.to_string())
    }
}
