//! Makes connections, and is the address guard: it resolves once, classifies every answer, dials only what passed, and
//! compares the peer (E-1, E-3). Redirects and proxies do not exist here (E-10).

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use domain::ports::Clock;
use domain::rules::target::{EgressPolicy, MixedDns, Refusal, Target, TargetHost};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use metrics::{Counter, counter};
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::EgressSettings;
use super::failure::{Failure, io_text};
use super::head::MAX_HEAD;
use super::http1::Http1;
use super::pace::ConnectPace;
use super::pool::Wire;
use super::resolver::Resolver;
use super::source::Sources;
use super::tls::TlsProfiles;

/// Makes connections.
pub(super) struct Connector {
    resolver: Arc<dyn Resolver>,
    tls: TlsProfiles,
    sources: Sources,
    pace: ConnectPace,
    clock: Arc<dyn Clock>,
    resolve_timeout: Duration,
    connect_timeout: Duration,
    tls_timeout: Duration,
    /// By [`Refusal::NAMES`].
    refusals: [Counter; 7],
}

impl Connector {
    /// With both TLS profiles loaded.
    pub(super) fn new(settings: &EgressSettings, clock: Arc<dyn Clock>, resolver: Arc<dyn Resolver>) -> Self {
        Self {
            resolver,
            tls: TlsProfiles::new(&settings.extra_roots),
            sources: Sources::new(&settings.source_addresses),
            pace: ConnectPace::new(settings.connects_per_second),
            clock,
            resolve_timeout: settings.resolve_timeout,
            connect_timeout: settings.connect_timeout,
            tls_timeout: settings.tls_timeout,
            refusals: Refusal::NAMES.map(|reason| counter!("postrider_egress_refusals_total", "reason" => reason)),
        }
    }

    /// Waits until one more connection may be made (D-22). Not part of any exchange's budget: the receiver is not to
    /// blame for it.
    pub(super) async fn wait_for_turn(&self) {
        let wait = self.pace.turn(self.clock.monotonic());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// Connects to `target` as `policy` permits.
    pub(super) async fn connect(
        &self,
        target: &Target,
        insecure: bool,
        policy: &EgressPolicy,
    ) -> Result<Wire, Failure> {
        let addresses = self.classify(target, policy).await?;
        let tcp = self.dial(&addresses, target.port).await?;
        if !target.tls {
            return http1(tcp).await;
        }
        let name = match &target.host {
            TargetHost::Name(name) => ServerName::try_from(name.to_string())
                .map_err(|_| Failure::Tls("the name cannot stand in a certificate".to_owned()))?,
            TargetHost::Address(address) => ServerName::IpAddress((*address).into()),
        };
        let handshake = self.tls.get(insecure).connect(name, tcp);
        let stream = timeout(self.tls_timeout, handshake).await.map_err(|_| Failure::TimedOut("tls"))?;
        let stream = stream.map_err(|error| Failure::Tls(tls_text(&error)))?;
        if stream.get_ref().1.alpn_protocol() == Some(b"h2") { http2(stream).await } else { http1(stream).await }
    }

    /// The addresses that may be dialled.
    pub(super) async fn classify(&self, target: &Target, policy: &EgressPolicy) -> Result<Vec<IpAddr>, Failure> {
        policy.check_host(&target.host, target.port).map_err(|refusal| self.refuse(refusal))?;
        let name = match &target.host {
            TargetHost::Address(address) => return Ok(vec![*address]),
            TargetHost::Name(name) => name,
        };
        let found = timeout(self.resolve_timeout, self.resolver.resolve(name)).await;
        let found = found.map_err(|_| Failure::TimedOut("name lookup"))?;
        let found = found.map_err(|_| Failure::Name("the name does not resolve"))?;
        if found.is_empty() {
            return Err(Failure::Name("the name has no address"));
        }
        let mut passed = Vec::with_capacity(found.len());
        let mut refused = None;
        for address in found {
            match policy.check_address(address, target.port, Some(name)) {
                Ok(()) => passed.push(address),
                Err(refusal) => refused = Some(refusal),
            }
        }
        match (refused, policy.mixed_dns) {
            (None, _) => Ok(passed),
            (Some(_), MixedDns::Filter) if !passed.is_empty() => Ok(passed),
            (Some(refusal), MixedDns::Filter | MixedDns::Refuse) => Err(self.refuse(refusal)),
        }
    }

    fn refuse(&self, refusal: Refusal) -> Failure {
        if let Some(at) = Refusal::NAMES.iter().position(|name| *name == refusal.as_str()) {
            self.refusals[at].increment(1);
        }
        Failure::Refused(refusal)
    }

    /// Dials one address after the other; each gets an equal share of the time that is left.
    async fn dial(&self, addresses: &[IpAddr], port: u16) -> Result<TcpStream, Failure> {
        let mut left = self.connect_timeout;
        let mut failure = Failure::TimedOut("connect");
        for (at, address) in addresses.iter().enumerate() {
            let share = left / u32::try_from(addresses.len() - at).unwrap_or(1);
            let began = self.clock.monotonic();
            let address = SocketAddr::new(*address, port);
            failure = match timeout(share, self.sources.connect(address)).await {
                Ok(Ok(stream)) => return checked_peer(stream, address),
                Ok(Err(error)) => Failure::Connect(io_text(&error)),
                Err(_) => Failure::TimedOut("connect"),
            };
            left = left.saturating_sub(self.clock.monotonic().saturating_sub(began));
        }
        Err(failure)
    }
}

/// The stream, if it leads where it should (E-3).
fn checked_peer(stream: TcpStream, dialled: SocketAddr) -> Result<TcpStream, Failure> {
    let broken = |error: std::io::Error| Failure::Connect(io_text(&error));
    let peer = stream.peer_addr().map_err(broken)?;
    if peer.ip().to_canonical() != dialled.ip().to_canonical() || peer.port() != dialled.port() {
        return Err(Failure::Connect("another peer than dialled".to_owned()));
    }
    stream.set_nodelay(true).map_err(broken)?;
    Ok(stream)
}

/// What a handshake error may tell: the certificate's fault, not the address.
fn tls_text(error: &std::io::Error) -> String {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    inner.map_or_else(|| io_text(error), ToString::to_string)
}

async fn http1<S>(stream: S) -> Result<Wire, Failure>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = hyper::client::conn::http1::Builder::new();
    // Some receivers know header names by their customary case only.
    builder.title_case_headers(true).max_header_size(MAX_HEAD);
    let (sender, connection) = builder
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Failure::Broken(super::exchange::hyper_text(&error)))?;
    // Whoever waits for an answer on this connection hears of its end.
    Ok(Wire::Http1(Http1::new(sender, async move { drop(connection.await) })))
}

async fn http2<S>(stream: S) -> Result<Wire, Failure>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let mut builder = hyper::client::conn::http2::Builder::new(TokioExecutor::new());
    let max_head = u32::try_from(MAX_HEAD).unwrap_or(u32::MAX);
    builder.timer(TokioTimer::new()).max_header_list_size(max_head);
    let (sender, connection) = builder
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|error| Failure::Broken(super::exchange::hyper_text(&error)))?;
    tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(Wire::Http2(sender))
}
