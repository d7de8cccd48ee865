//! The address guard and TLS, as connections meet them.

use std::collections::HashMap;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use domain::attempt::Outcome;
use domain::ports::{SendRequest, Sender as _};
use domain::rules::target::{EgressPolicy, MixedDns};
use engine::{EgressSettings, HttpSender, Resolver};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use testkit::{Behaviour, Receiver};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::world::{RealClock, allowing, loopback, post, sender};

/// Names in a table; a list of answers is given out one by one, the last one for ever.
#[derive(Default)]
struct Table {
    names: Mutex<HashMap<String, Vec<Vec<IpAddr>>>>,
    asked: AtomicUsize,
}

impl Table {
    fn with(name: &str, answers: &[&[&str]]) -> Arc<Self> {
        let addresses = |answer: &&[&str]| answer.iter().map(|text| text.parse().expect("an address")).collect();
        let names = HashMap::from([(name.to_owned(), answers.iter().map(addresses).collect())]);
        Arc::new(Self { names: Mutex::new(names), asked: AtomicUsize::new(0) })
    }
}

#[async_trait]
impl Resolver for Table {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        let mut names = self.names.lock().expect("whole");
        let answers = names.get_mut(name).ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() })
    }
}

fn resolving(policy: EgressPolicy, table: &Arc<Table>) -> HttpSender {
    let settings = EgressSettings { policy, ..loopback() };
    HttpSender::with_resolver(settings, Arc::new(RealClock), table.clone())
}

fn url(receiver: &Receiver, host: &str) -> String {
    format!("http://{host}:{}/", receiver.address().port())
}

#[tokio::test]
async fn t11_no_connection_is_made_to_a_refused_address() {
    let receiver = Receiver::start().await;
    let sender = sender(EgressSettings { policy: EgressPolicy::default(), ..loopback() });
    for host in ["127.0.0.1", "127.1", "2130706433", "[::ffff:127.0.0.1]", "localhost", "0.0.0.0"] {
        let exchange = sender.send(post(&url(&receiver, host))).await;
        assert_eq!((exchange.outcome, exchange.status), (Outcome::Refused, None), "{host}");
        let error = exchange.error.expect("a reason");
        assert!(error.starts_with("guard: ") && !error.contains("127"), "{error}");
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn e3_a_rebinding_name_is_judged_by_the_answer_that_is_dialled() {
    let receiver = Receiver::start().await;
    let table = Table::with("rebind.test", &[&["127.0.0.1"], &["10.0.0.1"], &["169.254.169.254"]]);
    let sender = resolving(allowing(&["loopback"]), &table);
    receiver.always(Behaviour::AnswerThenClose);
    assert_eq!(sender.send(post(&url(&receiver, "rebind.test"))).await.outcome, Outcome::Answered);
    assert_eq!(table.asked.load(Ordering::Relaxed), 1, "resolved once for one connection");
    for round in 1..4 {
        let exchange = sender.send(post(&url(&receiver, "rebind.test"))).await;
        // The closed connection may take a moment to be noticed; what is dialled anew is refused.
        assert_ne!(exchange.status, Some(200), "round {round}");
    }
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn e3_one_bad_answer_spoils_the_name_unless_they_are_filtered() {
    let receiver = Receiver::start().await;
    let answers: &[&[&str]] = &[&["10.0.0.1", "127.0.0.1"]];
    let strict = resolving(allowing(&["loopback"]), &Table::with("mixed.test", answers));
    assert_eq!(strict.send(post(&url(&receiver, "mixed.test"))).await.outcome, Outcome::Refused);
    let policy = EgressPolicy { mixed_dns: MixedDns::Filter, ..allowing(&["loopback"]) };
    let lenient = resolving(policy.clone(), &Table::with("mixed.test", answers));
    assert_eq!(lenient.send(post(&url(&receiver, "mixed.test"))).await.status, Some(200));
    let all_bad = resolving(policy, &Table::with("mixed.test", &[&["10.0.0.1", "10.0.0.2"]]));
    assert_eq!(all_bad.send(post(&url(&receiver, "mixed.test"))).await.outcome, Outcome::Refused);
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn e3_names_that_do_not_resolve_fail_closed() {
    let sender = resolving(allowing(&["loopback"]), &Table::with("other.test", &[&[]]));
    let unknown = sender.send(post("http://unknown.test/")).await;
    assert_eq!(unknown.outcome, Outcome::NameFailed);
    assert_eq!(unknown.error.as_deref(), Some("name lookup: the name does not resolve"));
    assert_eq!(sender.send(post("http://other.test/")).await.outcome, Outcome::NameFailed);
}

#[tokio::test]
async fn e3_the_next_address_is_tried_when_one_refuses_the_connection() {
    let receiver = Receiver::start().await;
    let table = Table::with("two.test", &[&["127.0.0.2", "127.0.0.1"]]);
    let sender = resolving(allowing(&["loopback"]), &table);
    assert_eq!(sender.send(post(&url(&receiver, "two.test"))).await.status, Some(200));
}

#[tokio::test]
async fn e11_connections_made_under_an_old_policy_are_not_used_again() {
    let receiver = Receiver::start().await;
    let sender = sender(loopback());
    assert_eq!(sender.send(post(&receiver.url("/"))).await.status, Some(200));
    sender.set_policy(EgressPolicy::default());
    assert_eq!(sender.send(post(&receiver.url("/"))).await.outcome, Outcome::Refused);
    sender.set_policy(allowing(&["loopback"]));
    assert_eq!(sender.send(post(&receiver.url("/"))).await.status, Some(200));
    assert_eq!(receiver.connections(), 2);
}

#[tokio::test]
async fn e6_our_own_listener_is_refused_although_loopback_is_permitted() {
    let receiver = Receiver::start().await;
    let sender = sender(loopback());
    sender.add_own_endpoints(&[receiver.address()]);
    assert_eq!(sender.send(post(&receiver.url("/"))).await.outcome, Outcome::Refused);
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn e2_what_is_vetted_is_judged_as_when_it_is_sent_and_not_called() {
    let receiver = Receiver::start().await;
    let table = Table::with("good.test", &[&["127.0.0.1"]]);
    let permitted = resolving(loopback().policy, &table);
    let of = |text: &str| domain::rules::target::TargetUrl::parse(text).expect("a URL");
    assert_eq!(permitted.vet(&of(&url(&receiver, "good.test"))).await, Ok(()));
    assert_eq!(permitted.vet(&of("http://lost.test/")).await, Err("name lookup: the name does not resolve".to_owned()));
    let refused = resolving(EgressPolicy::default(), &table).vet(&of("http://good.test/")).await;
    assert_eq!(refused, Err("guard: the target's address may not be called".to_owned()));
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn e2_credentials_become_basic_authentication_and_stay_out_of_the_path() {
    let receiver = Receiver::start().await;
    let url = receiver.url("/hook").replace("http://", "http://bob:s%40cret@");
    assert_eq!(sender(loopback()).send(post(&url)).await.status, Some(200));
    let received = receiver.received();
    assert_eq!(received[0].header("Authorization"), Some("Basic Ym9iOnNAY3JldA=="));
    assert_eq!(received[0].path, "/hook");
    assert_eq!(received[0].header("Host"), Some(receiver.address().to_string().as_str()));
}

#[tokio::test]
async fn connections_come_from_the_source_addresses_and_from_no_other() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("bound"));
    let source_addresses = vec!["127.0.0.2".parse().expect("an address")];
    let settings = EgressSettings { source_addresses, ..loopback() };
    let sender = HttpSender::new(settings, Arc::new(RealClock));
    let accepted = async {
        let (_stream, peer) = listener.accept().await.expect("a connection");
        peer.ip().to_string()
    };
    let request = post(&url);
    let (exchange, peer) = tokio::join!(sender.send(request), accepted);
    assert_eq!(peer, "127.0.0.2");
    assert_eq!(exchange.outcome, Outcome::Broken, "closed unanswered");
    let v6 = TcpListener::bind("[::1]:0").await;
    if let Ok(v6) = v6 {
        let url = format!("http://{}/", v6.local_addr().expect("bound"));
        assert_eq!(sender.send(post(&url)).await.outcome, Outcome::ConnectFailed, "no address of that family");
    }
}

/// A certificate for these names, and the acceptor that shows it.
fn certificate(names: &[&str], alpn: &[&[u8]]) -> (CertificateDer<'static>, TlsAcceptor) {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).expect("generated");
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .expect("a certificate");
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    (cert.der().clone(), TlsAcceptor::from(Arc::new(config)))
}

fn https(port: u16, host: &str, insecure_tls: bool) -> SendRequest {
    SendRequest { insecure_tls, ..post(&format!("https://{host}:{port}/")) }
}

#[tokio::test]
async fn s9_certificates_are_verified_unless_the_hook_says_otherwise() {
    let (trusted, acceptor) = certificate(&["good.test"], &[]);
    let receiver = Receiver::start_wrapped(move |stream| acceptor.accept(stream)).await;
    let port = receiver.address().port();
    let table = Table::with("good.test", &[&["127.0.0.1"]]);
    table.names.lock().expect("whole").insert("other.test".to_owned(), vec![vec![receiver.address().ip()]]);
    let with = |extra_roots| {
        let settings = EgressSettings { extra_roots, ..loopback() };
        HttpSender::with_resolver(settings, Arc::new(RealClock), table.clone())
    };
    let stranger = with(Vec::new());
    let unknown = stranger.send(https(port, "good.test", false)).await;
    assert_eq!(unknown.outcome, Outcome::TlsFailed);
    assert!(unknown.error.as_deref().is_some_and(|error| error.starts_with("tls: ")), "{:?}", unknown.error);
    assert_eq!(receiver.received().len(), 0);
    assert_eq!(stranger.send(https(port, "good.test", true)).await.status, Some(200));
    // The connection that was made without verification is not lent to a hook that wants it.
    assert_eq!(stranger.send(https(port, "good.test", false)).await.outcome, Outcome::TlsFailed);
    let friend = with(vec![trusted]);
    assert_eq!(friend.send(https(port, "good.test", false)).await.status, Some(200));
    assert_eq!(friend.send(https(port, "other.test", false)).await.outcome, Outcome::TlsFailed, "another name");

    let forbidding = EgressSettings { allow_insecure_tls: false, ..loopback() };
    let forbidding = HttpSender::with_resolver(forbidding, Arc::new(RealClock), table.clone());
    assert_eq!(forbidding.send(https(port, "good.test", true)).await.outcome, Outcome::Refused);
}

#[tokio::test]
async fn e14_http2_where_the_receiver_chooses_it_over_one_connection() {
    let (trusted, acceptor) = certificate(&["h2.test"], &[b"h2"]);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("bound");
    let port = listener.local_addr().expect("bound").port();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let server = tokio::spawn(async move {
        let mut connections = 0;
        while let Ok((stream, _)) = listener.accept().await {
            connections += 1;
            let (acceptor, log) = (acceptor.clone(), log.clone());
            tokio::spawn(async move {
                let stream = acceptor.accept(stream).await.expect("a handshake");
                let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                    let header = |name: &str| request.headers().get(name).cloned();
                    let line = (connections, request.version(), request.uri().to_string(), header("host"));
                    log.lock().expect("whole").push(line);
                    async { Ok::<_, io::Error>(http::Response::new(Full::new(Bytes::from_static(b"over h2")))) }
                });
                let served = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                let _ = served.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    let settings = EgressSettings { extra_roots: vec![trusted], ..loopback() };
    let table = Table::with("h2.test", &[&["127.0.0.1"]]);
    let sender = HttpSender::with_resolver(settings, Arc::new(RealClock), table);
    for _ in 0..3 {
        let exchange = sender.send(https(port, "h2.test", false)).await;
        assert_eq!((exchange.status, exchange.error), (Some(200), None));
        assert_eq!(exchange.response_body, "over h2");
    }
    let seen = seen.lock().expect("whole").clone();
    let line = (1, http::Version::HTTP_2, format!("https://h2.test:{port}/"), None);
    assert_eq!(seen, [line.clone(), line.clone(), line]);
    server.abort();
}
