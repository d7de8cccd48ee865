//! How long subscriptions last (contract websub section 6).

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use domain::delivery::DeliveryState;
use tokio::sync::Semaphore;

use super::hub::Hub;
use super::site::{CONFIRM, Reply};

#[tokio::test]
async fn check_14_leases_have_a_default_and_limits_and_are_told_as_decided() {
    let hub = Hub::new().await;
    let topic = hub.topic(&[], &[]).await;
    let year = "31536000";
    let huge = "9".repeat(40);
    let cases = [("", 864_000), ("1", 300), ("299", 300), ("300", 300), ("00600", 600), ("2592000", 2_592_000)];
    for (asked, decided) in cases.into_iter().chain([("2592001", 2_592_000), (year, 2_592_000), (&huge, 2_592_000)]) {
        hub.subscribe(&topic, "/cb", &[("hub.lease_seconds", asked)]).await;
        assert_eq!(hub.seconds_left(&topic, "/cb"), decided, "{asked:?}");
        let told = hub.site.gets("/cb").pop().expect("asked").param("hub.lease_seconds");
        assert_eq!(told, Some(decided.to_string()), "{asked:?}");
    }
    hub.subscribe(&topic, "/cb", &[]).await;
    assert_eq!(hub.seconds_left(&topic, "/cb"), 864_000);
}

#[tokio::test]
async fn check_14_other_leases_are_refused_but_not_read_on_unsubscribing() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[]).await;
    let callback = hub.site.url("/cb");
    for lease in ["0", "-1", "1.5", "abc", "1e3", " 60", "+60"] {
        let fields = [
            ("hub.mode", "subscribe"),
            ("hub.topic", &*topic),
            ("hub.callback", &*callback),
            ("hub.lease_seconds", lease),
        ];
        let answer = hub.post(&fields).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{lease:?}");
        assert!(answer.text.contains("hub.lease_seconds"), "{answer:?}");
    }
    hub.ask("unsubscribe", &topic, &callback, &[("hub.lease_seconds", "abc")]).await;
    hub.quiet().await;
    assert!(hub.find(&topic, "/cb").is_none());
}

#[tokio::test]
async fn check_15_after_its_end_a_subscription_gets_nothing_and_is_purged() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb", "/long"], &[("hub.lease_seconds", "600")]).await;
    hub.subscribe(&topic, "/long", &[("hub.lease_seconds", "6000")]).await;
    hub.pass(597).await;
    hub.update("in time").await;
    assert_eq!(hub.seconds_left(&topic, "/cb"), 1);
    hub.update("too late").await;
    assert_eq!(hub.delivered("/cb"), ["in time"], "not purged yet, and passed over all the same");
    assert_eq!(hub.delivered("/long"), ["in time", "too late"]);
    hub.world.engine.sweep().await;
    assert!(hub.find(&topic, "/cb").is_none() && hub.find(&topic, "/long").is_some());
    assert!(hub.site.gets("/cb").iter().all(|asked| asked.mode() == "subscribe"), "nobody is told");
    hub.pass(6_000).await;
    hub.world.engine.sweep().await;
    assert!(hub.world.ports.directory().topic(&topic).is_none(), "the topic went with its last subscription");
}

#[tokio::test]
async fn check_15_no_attempt_starts_after_the_end() {
    let hub = Hub::new().await;
    hub.topic(&["/cb"], &[("hub.lease_seconds", "300")]).await;
    hub.site.always("/cb", Reply::Status(500));
    hub.update("new").await;
    // The second attempt is due within 72 s, the third within another 144 s, the fourth would be too late.
    for _ in 0..60 {
        hub.pass(60).await;
    }
    assert_eq!(hub.site.posts("/cb").len(), 3);
    let counts = hub.world.ports.store.conservation().await.expect("counts");
    let expired = counts.by_state.contains(&(DeliveryState::Expired, 1));
    assert!(counts.holds() && counts.planned == 1 && expired, "{counts:?}");
}

#[tokio::test]
async fn check_16_a_lease_counts_from_the_verification_request() {
    let hub = Hub::new().await;
    let topic = hub.topic(&[], &[]).await;
    let gate = Arc::new(Semaphore::new(0));
    hub.site.next("/cb", [Reply::Status(503), Reply::Held(gate.clone(), Box::new(CONFIRM))]);
    hub.subscribe(&topic, "/cb", &[("hub.lease_seconds", "1000")]).await;
    hub.world.clock.advance(Duration::from_secs(5));
    let asked = async {
        hub.site.wait_for("/cb", 2).await;
        hub.world.clock.advance(Duration::from_secs(7));
        gate.add_permits(1);
    };
    tokio::join!(hub.quiet(), asked);
    assert_eq!(hub.seconds_left(&topic, "/cb"), 993, "neither from the 202 nor from the answer");
}

#[tokio::test]
async fn a_renewal_counts_from_its_own_verification() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[("hub.lease_seconds", "5000")]).await;
    hub.pass(100).await;
    hub.subscribe(&topic, "/cb", &[("hub.lease_seconds", "400")]).await;
    assert_eq!(hub.seconds_left(&topic, "/cb"), 400, "it may be shorter");
    hub.pass(399).await;
    hub.subscribe(&topic, "/cb", &[("hub.lease_seconds", "400")]).await;
    hub.pass(399).await;
    hub.world.engine.sweep().await;
    hub.update("too late").await;
    assert_eq!(hub.delivered("/cb"), [""; 0]);
    hub.subscribe(&topic, "/cb", &[]).await;
    hub.update("in time").await;
    assert_eq!(hub.delivered("/cb"), ["in time"], "a lapsed subscription is made anew");
}

#[tokio::test]
async fn leases_run_while_the_server_is_down() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[("hub.lease_seconds", "3600")]).await;
    hub.world.clock.advance(Duration::from_secs(3_599));
    let hub = Hub { world: hub.world.crash().await, site: hub.site };
    assert_eq!(hub.seconds_left(&topic, "/cb"), 1);
    hub.update("too late").await;
    assert_eq!(hub.delivered("/cb"), [""; 0]);
}
