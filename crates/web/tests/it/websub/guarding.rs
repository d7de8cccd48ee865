//! The egress guard at all four kinds of calls (T-11): callbacks when asked, denied and delivered to, topics when looked
//! at and fetched. Whatever is refused gets no connection, and looks to the outside like anything that fails (E-12).

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use axum::http::StatusCode;
use dialects::WebSubSettings;
use domain::attempt::Outcome;
use domain::ports::AttemptFilter;
use domain::rules::target::EgressPolicy;
use engine::Resolver;

use super::hub::{Hub, OURS, settings, setup};
use super::site::Site;
use crate::world::{Setup, World};

/// Names that can be moved.
#[derive(Default)]
struct Names(Mutex<HashMap<String, IpAddr>>);

impl Names {
    fn point(&self, name: &str, address: &str) {
        let address = address.parse().expect("an address");
        self.0.lock().expect("whole").insert(name.to_owned(), address);
    }
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = self.0.lock().expect("whole").get(name).copied();
        found.map(|address| vec![address]).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// Panics at its first question.
#[derive(Default)]
struct Panics(AtomicBool);

#[async_trait]
impl Resolver for Panics {
    async fn resolve(&self, _: &str) -> io::Result<Vec<IpAddr>> {
        assert!(self.0.swap(true, Ordering::SeqCst), "as the test wants it");
        Ok(vec![Ipv4Addr::LOCALHOST.into()])
    }
}

#[tokio::test]
async fn d13_a_panic_costs_one_try_of_a_task() {
    let resolver: Arc<dyn Resolver> = Arc::new(Panics::default());
    let setup = Setup { resolver: Some(resolver), ..setup(settings()) };
    let hub = Hub { world: World::with(setup).await, site: Site::start().await };
    let callback = format!("http://sub.test:{}/cb", hub.site.port());
    hub.ask("subscribe", OURS, &callback, &[]).await;
    hub.noted("verify_intent", 1).await;
    assert_eq!(hub.outcomes("verify_intent").await, ["retried"]);
    hub.pass(5).await;
    let directory = hub.world.ports.directory();
    let topic = directory.topic(OURS).expect("confirmed");
    assert!(directory.subscription(topic.id, &callback).is_some());
}

/// Every form of an address nobody may call, loopback included.
const REFUSED: [&str; 16] = [
    "127.0.0.1",
    "127.1",
    "2130706433",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "0.0.0.0",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "localhost",
    "x.localhost",
    "10.0.0.1",
    "169.254.169.254",
    "192.168.1.1",
    "[fd00::1]",
    "[fe80::1]",
];

/// A hub that may call nobody on this machine.
async fn guarded(settings: WebSubSettings) -> Hub {
    let world = World::with(Setup { policy: EgressPolicy::default(), ..setup(settings) }).await;
    Hub { world, site: Site::start().await }
}

/// A hub that may call this machine, and the names it looks up.
async fn named() -> (Hub, Arc<Names>) {
    let names = Arc::new(Names::default());
    let resolver: Arc<dyn Resolver> = names.clone();
    let world = World::with(Setup { resolver: Some(resolver), ..setup(settings()) }).await;
    (Hub { world, site: Site::start().await }, names)
}

#[tokio::test]
async fn check_27_no_callback_that_is_refused_is_asked() {
    let hub = guarded(settings()).await;
    for host in REFUSED {
        let callback = format!("http://{host}:{}/cb", hub.site.port());
        hub.ask("subscribe", OURS, &callback, &[]).await;
    }
    hub.quiet().await;
    assert_eq!(hub.site.connections(), 0);
    assert!(hub.outcomes("verify_intent").await.iter().all(|outcome| outcome == "refused"));
    assert_eq!(hub.outcomes("verify_intent").await.len(), REFUSED.len());
    let topics = hub.world.ports.directory().topics();
    assert!(topics.is_empty(), "{topics:?}");
}

#[tokio::test]
async fn check_27_no_topic_that_is_refused_is_looked_at() {
    let hub = guarded(settings()).await;
    for host in REFUSED {
        let topic = format!("http://{host}:{}/topic", hub.site.port());
        hub.ask("subscribe", &topic, "http://nobody.test/cb", &[]).await;
    }
    hub.quiet().await;
    assert_eq!(hub.site.connections(), 0);
    assert_eq!(hub.outcomes("verify_intent").await, vec!["denied"; REFUSED.len()]);
}

#[tokio::test]
async fn check_27_no_callback_that_is_refused_is_told_of_a_denial() {
    let hub = guarded(settings()).await;
    for host in REFUSED {
        let callback = format!("http://{host}:{}/cb", hub.site.port());
        hub.ask("subscribe", "http://postrider.test/air/none/events/push", &callback, &[]).await;
    }
    hub.quiet().await;
    assert_eq!(hub.site.connections(), 0);
    assert_eq!(hub.outcomes("deny").await, vec!["refused"; REFUSED.len()]);
}

#[tokio::test]
async fn check_27_a_port_nobody_may_call_is_refused() {
    let hub = guarded(settings()).await;
    for port in [22, 25, 6_379, 10_250] {
        hub.ask("subscribe", OURS, &format!("http://198.51.100.7:{port}/cb"), &[]).await;
    }
    hub.quiet().await;
    assert_eq!(hub.outcomes("verify_intent").await, ["refused"; 4]);
}

#[tokio::test]
async fn check_27_a_callback_that_moves_after_its_verification_gets_nothing() {
    let (hub, names) = named().await;
    names.point("sub.test", "127.0.0.1");
    let callback = format!("http://sub.test:{}/cb", hub.site.port());
    hub.ask("subscribe", OURS, &callback, &[]).await;
    hub.quiet().await;
    assert_eq!((hub.site.gets("/cb").len(), hub.site.connections()), (1, 1));
    names.point("sub.test", "169.254.169.254");
    hub.push("one").await;
    let topic = hub.world.ports.directory().topic(OURS).expect("subscribed");
    let hook = hub.world.ports.directory().subscription(topic.id, &callback).expect("subscribed");
    let log = hub.world.ports.store.attempts_of(hook.id, AttemptFilter::default(), 9).await.expect("lists");
    let exchange = log[0].attempt.exchange.as_ref().expect("an exchange");
    // The connection of the verification may be used once more: it goes where it was judged to go (E-3).
    let outcome = exchange.outcome;
    assert!(outcome == Outcome::Refused || hub.site.connections() == 1, "{outcome:?}");
    names.point("new.test", "10.0.0.1");
    hub.ask("subscribe", OURS, &format!("http://new.test:{}/cb", hub.site.port()), &[]).await;
    hub.quiet().await;
    assert_eq!(hub.outcomes("verify_intent").await, ["confirmed", "refused"]);
    assert_eq!(hub.site.connections(), 1);
}

#[tokio::test]
async fn check_27_a_topic_that_moves_after_its_validation_is_not_fetched() {
    let (hub, names) = named().await;
    names.point("pub.test", "127.0.0.1");
    let topic = format!("http://pub.test:{}/topic", hub.site.port());
    let links = super::site::links(&topic);
    let closing = vec![("link", links), ("connection", "close".to_owned())];
    hub.site.always("/topic", super::site::Reply::Full(200, closing, "x".into()));
    hub.subscribe(&topic, "/cb", &[]).await;
    assert!(hub.find(&topic, "/cb").is_some());
    names.point("pub.test", "10.0.0.1");
    let fetched = hub.site.gets("/topic").len();
    hub.ping(&topic).await;
    assert_eq!(hub.site.gets("/topic").len(), fetched);
    assert_eq!(hub.outcomes("fetch_topic").await, ["failed"]);
    assert!(hub.find(&topic, "/cb").is_some());
}

#[tokio::test]
async fn e12_refused_and_unreachable_callbacks_get_the_same_answer() {
    let hub = guarded(settings()).await;
    let ask = async |callback: &str| {
        let fields = [("hub.mode", "subscribe"), ("hub.topic", OURS), ("hub.callback", callback)];
        let answer = hub.post(&fields).await;
        (answer.status, answer.text, answer.headers)
    };
    let refused = ask("http://10.0.0.1/cb").await;
    assert_eq!(refused.0, StatusCode::ACCEPTED);
    assert_eq!(refused, ask("http://nobody.invalid/cb").await);
}
