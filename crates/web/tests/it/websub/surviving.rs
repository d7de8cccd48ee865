//! Crashes, dead subscribers in numbers, and secrets (checks 28 and 29, T-7, T-10).

use std::sync::Arc;

use domain::secret::Secret;
use tokio::sync::Semaphore;

use super::hub::{Hub, OURS, settings};
use super::site::{CONFIRM, Reply};

impl Hub {
    /// The same hub after its process died and another began.
    async fn crash(self) -> Self {
        Self { world: self.world.crash().await, site: self.site }
    }
}

#[tokio::test]
async fn check_28_a_crash_between_the_answer_and_the_question_loses_nothing() {
    let hub = Hub::new().await;
    hub.world.engine.abort().await;
    hub.ask("subscribe", OURS, &hub.site.url("/cb"), &[("hub.secret", "kept")]).await;
    assert!(hub.site.seen("/cb").is_empty());
    let hub = hub.crash().await;
    hub.quiet().await;
    let hook = hub.find(OURS, "/cb").expect("verified after the restart");
    assert_eq!(hook.secret.as_ref().map(Secret::expose), Some("kept"));
    assert_eq!(hub.site.gets("/cb").len(), 1);
}

#[tokio::test]
async fn check_28_a_crash_before_the_subscribers_answer_asks_again() {
    let hub = Hub::new().await;
    let gate = Arc::new(Semaphore::new(0));
    hub.site.next("/cb", [Reply::Held(gate, Box::new(CONFIRM))]);
    hub.ask("subscribe", OURS, &hub.site.url("/cb"), &[]).await;
    hub.site.wait_for("/cb", 1).await;
    let hub = hub.crash().await;
    hub.quiet().await;
    assert!(hub.find(OURS, "/cb").is_some());
    let challenges: Vec<_> = hub.site.gets("/cb").iter().map(|asked| asked.param("hub.challenge")).collect();
    assert_eq!(challenges.len(), 2);
    assert_ne!(challenges[0], challenges[1]);
}

#[tokio::test]
async fn a_ping_and_what_it_brings_survive_crashes() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[]).await;
    hub.world.engine.abort().await;
    hub.post(&[("hub.mode", "publish"), ("hub.url", &topic)]).await;
    let hub = hub.crash().await;
    hub.quiet().await;
    assert_eq!(hub.delivered("/cb"), ["first"]);
    let hub = hub.crash().await;
    hub.ping(&topic).await;
    assert_eq!(hub.delivered("/cb"), ["first"], "what was fetched is remembered");
}

#[tokio::test]
async fn an_event_accepted_before_a_crash_reaches_subscribers_of_its_page_once() {
    let hub = Hub::new().await;
    hub.subscribe(OURS, "/cb", &[]).await;
    hub.world.engine.abort().await;
    hub.world.publish("one", "push", super::hub::PUSH).await;
    let hub = hub.crash().await;
    hub.quiet().await;
    let hub = hub.crash().await;
    hub.quiet().await;
    assert_eq!(hub.site.posts("/cb").len(), 1);
}

#[tokio::test]
async fn check_29_dead_subscribers_harm_no_living_one() {
    let mut settings = settings();
    settings.terms.max_pending = domain::ports::MaxPending::UNLIMITED;
    let hub = Hub::with(settings).await;
    let topic = hub.topic(&[], &[]).await;
    let gate = Arc::new(Semaphore::new(0));
    // A tenth hangs: on other hosts than the living, as the dead do.
    let callback = |number: usize| {
        let host = if number.is_multiple_of(10) { "localhost" } else { "127.0.0.1" };
        format!("http://{host}:{}/{number}", hub.site.port())
    };
    for number in 0..1_000 {
        hub.ask("subscribe", &topic, &callback(number), &[("hub.lease_seconds", "2592000")]).await;
    }
    hub.quiet().await;
    let id = hub.world.ports.directory().topic(&topic).expect("subscribed").id;
    assert_eq!(hub.world.ports.directory().subscription_count(id), 1_000);
    for number in (0..1_000).step_by(10) {
        hub.site.always(&format!("/{number}"), Reply::Held(gate.clone(), Box::new(Reply::Status(200))));
    }
    hub.site.publish("/topic", "text/plain", "new");
    hub.post(&[("hub.mode", "publish"), ("hub.url", &topic)]).await;
    let living = (0..1_000).filter(|number: &usize| !number.is_multiple_of(10));
    for number in living {
        let path = format!("/{number}");
        let seen = hub.site.wait_for(&path, 2).await;
        assert_eq!((seen.len(), &seen[1].body[..]), (2, &b"new"[..]), "{number}");
    }
    assert!(gate.available_permits() == 0, "the dead still hang");
}

#[tokio::test]
async fn t10_secrets_of_subscribers_are_found_nowhere() {
    const CANARIES: [&str; 3] = ["canary-secret", "canary-token", "canary-path"];
    let hub = Hub::new().await;
    let topic = hub.topic(&[], &[]).await;
    let more = [("hub.secret", CANARIES[0]), ("hub.verify_token", CANARIES[1])];
    hub.subscribe(&topic, "/canary-path", &more).await;
    hub.site.always("/canary-path/denied", Reply::Status(503));
    hub.subscribe("http://postrider.test/air/none/events/push", "/canary-path/denied", &more).await;
    hub.update("new").await;
    assert_eq!(hub.site.posts("/canary-path").len(), 1);
    let notes = hub.world.ports.store.task_notes(None, None, 1_000).await.expect("reads");
    let metrics = hub.world.get("/metrics").await.text;
    let refused = hub.post(&[("hub.mode", "subscribe"), ("hub.secret", CANARIES[0]), ("hub.topic", &topic)]).await;
    for text in [format!("{notes:?}"), metrics, refused.text] {
        assert!(CANARIES.iter().all(|canary| !text.contains(canary)), "{text}");
    }
    // At rest: secrets and tokens; where subscribers are is in the open, as with any hook.
    for file in std::fs::read_dir(hub.world.dir()).expect("a directory") {
        let bytes = std::fs::read(file.expect("an entry").path()).expect("readable");
        for canary in &CANARIES[..2] {
            assert!(!bytes.windows(canary.len()).any(|window| window == canary.as_bytes()), "{canary}");
        }
    }
}
