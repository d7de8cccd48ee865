//! A hub under test, and a site that subscribes and publishes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use dialects::{SurfaceSettings, WebSub, WebSubSettings};
use domain::hook::Hook;
use domain::ports::Clock as _;
use domain::rules::backoff::Schedule;
use engine::EngineSettings;
use url::form_urlencoded::Serializer;

use super::site::Site;
use crate::world::{Answer, Setup, World, eventually};

/// The hub's URL, as it is advertised.
pub(crate) const HUB: &str = "http://postrider.test/websub";
/// A topic of our own.
pub(crate) const OURS: &str = "http://postrider.test/air/kite/events/push.json";
/// An event that appears on it.
pub(crate) const PUSH: &str = include_str!("../../../../../docs/events/push.json");

pub(crate) struct Hub {
    pub(crate) world: World,
    pub(crate) site: Site,
}

/// As the server sets itself up for a hub with these settings.
pub(crate) fn setup(websub: WebSubSettings) -> Setup {
    let engine = EngineSettings {
        dialect_schedules: HashMap::from([(WebSub::NAME, Schedule::Vendor)]),
        settle_delay: Duration::from_millis(1),
        ..EngineSettings::default()
    };
    let surfaces = SurfaceSettings { websub, ..SurfaceSettings::default() };
    Setup { engine, surfaces, ..Setup::default() }
}

/// The defaults, but for the limit on requests: the clock stands still.
pub(crate) fn settings() -> WebSubSettings {
    WebSubSettings { requests_per_minute: u32::MAX, ..WebSubSettings::default() }
}

/// A form as a body.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// A request to the hub with that body.
pub(crate) fn request(method: &str, uri: &str, content_type: &str, body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(method).uri(uri).header("host", "postrider.test");
    request.header("content-type", content_type).body(body.into()).expect("a request")
}

/// The media type of forms.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

impl Hub {
    pub(crate) async fn new() -> Self {
        Self::with(settings()).await
    }

    pub(crate) async fn with(settings: WebSubSettings) -> Self {
        Self { world: World::with(setup(settings)).await, site: Site::start().await }
    }

    /// One request with these fields.
    pub(crate) async fn post(&self, fields: &[(&str, &str)]) -> Answer {
        self.world.send(request("POST", "/websub", FORM, form(fields))).await
    }

    /// Asks, and is taken at its word.
    pub(crate) async fn ask(&self, mode: &str, topic: &str, callback: &str, more: &[(&str, &str)]) {
        let fields = [("hub.mode", mode), ("hub.topic", topic), ("hub.callback", callback)];
        let answer = self.post(&[&fields, more].concat()).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::ACCEPTED, ""), "{answer:?}");
    }

    /// Asks for a subscription of the site's `callback`, and waits for what comes of it.
    pub(crate) async fn subscribe(&self, topic: &str, callback: &str, more: &[(&str, &str)]) {
        self.ask("subscribe", topic, &self.site.url(callback), more).await;
        self.quiet().await;
    }

    pub(crate) async fn unsubscribe(&self, topic: &str, callback: &str) {
        self.ask("unsubscribe", topic, &self.site.url(callback), &[]).await;
        self.quiet().await;
    }

    /// A topic of the site's with this first content, and a subscription of each of its callbacks.
    pub(crate) async fn topic(&self, callbacks: &[&str], more: &[(&str, &str)]) -> String {
        self.site.publish("/topic", "text/plain", "first");
        let topic = self.site.url("/topic");
        for callback in callbacks {
            self.subscribe(&topic, callback, more).await;
            assert_eq!(self.find(&topic, callback).map(|hook| hook.active), Some(true), "{callback} is subscribed");
        }
        topic
    }

    /// Says that the topic changed, and waits for what comes of it.
    pub(crate) async fn ping(&self, topic: &str) {
        let answer = self.post(&[("hub.mode", "publish"), ("hub.topic", topic)]).await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::NO_CONTENT, ""), "{answer:?}");
        self.quiet().await;
    }

    /// New content at the site's topic, distributed. Pings within two seconds share a fetch, so some pass.
    pub(crate) async fn update(&self, body: &'static str) {
        self.site.publish("/topic", "text/plain", body);
        self.pass(2).await;
        self.ping(&self.site.url("/topic")).await;
    }

    /// An event of `air/kite`, distributed to subscribers of its pages.
    pub(crate) async fn push(&self, id: &str) {
        self.world.publish(id, "push", PUSH).await;
        self.quiet().await;
    }

    /// Waits until nothing is under way and nothing is due.
    pub(crate) async fn quiet(&self) {
        let store = &self.world.ports.store;
        let mut looks = 0;
        loop {
            self.world.engine.run_errands().await.expect("errands are run");
            self.world.engine.tick().await.expect("ticks");
            let now = self.world.clock.now();
            let tasks = store.hub_backlog(now).await.expect("counts").under_way > 0
                || store.next_task().await.expect("reads").is_some_and(|due| due <= now);
            let rows = store.backlog().await.expect("reads").iter().any(|row| row.due <= now);
            let snapshot = self.world.engine.snapshot();
            let sending = snapshot.in_flight + snapshot.unsettled > 0;
            looks = if tasks || sending { 0 } else { looks + 1 };
            // Some looks in a row, as what is between the database and a lane is in neither. What a breaker holds stays
            // where it is.
            let held = rows || snapshot.queued > 0;
            if !held && looks > 2 || snapshot.open_breakers > 0 && looks > 25 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Lets seconds pass, and whatever comes due in the end happen.
    pub(crate) async fn pass(&self, seconds: u64) {
        self.world.advance(Duration::from_secs(seconds)).await;
        self.quiet().await;
    }

    /// The subscription of the site's `callback`, also one that has lapsed.
    pub(crate) fn find(&self, topic: &str, callback: &str) -> Option<Arc<Hook>> {
        let directory = self.world.ports.directory();
        directory.subscription(directory.topic(topic)?.id, &self.site.url(callback))
    }

    /// Seconds until the subscription ends.
    pub(crate) fn seconds_left(&self, topic: &str, callback: &str) -> u64 {
        let hook = self.find(topic, callback).expect("subscribed");
        hook.expires_at.expect("never perpetual").since(self.world.clock.now()).as_secs()
    }

    /// The outcomes of the hub's tasks of one kind, oldest first.
    pub(crate) async fn outcomes(&self, job: &str) -> Vec<String> {
        let notes = self.world.ports.store.task_notes(None, None, 1_000).await.expect("reads");
        notes.into_iter().rev().map(|(_, note)| note).filter(|note| note.job == job).map(|note| note.outcome).collect()
    }

    /// Waits until that many tasks of one kind have ended.
    pub(crate) async fn noted(&self, job: &str, count: usize) {
        eventually(|| async { (self.outcomes(job).await.len() >= count).then_some(()) }).await;
    }

    /// The bodies that came to the site's `callback`.
    pub(crate) fn delivered(&self, callback: &str) -> Vec<String> {
        let bodies = self.site.posts(callback).into_iter().map(|seen| seen.body);
        bodies.map(|body| String::from_utf8_lossy(&body).into_owned()).collect()
    }
}
