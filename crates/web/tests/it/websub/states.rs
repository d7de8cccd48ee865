//! What a subscription is after each request (the state table of contract websub section 4).

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::hub::Hub;
use super::site::{CONFIRM, Reply, Seen};

/// A subscription of `/cb` with the secret `old` that lasts for 4,000 seconds.
async fn subscribed() -> (Hub, String) {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[("hub.secret", "old"), ("hub.lease_seconds", "4000")]).await;
    (hub, topic)
}

/// The secret of `/cb`.
fn secret(hub: &Hub, topic: &str) -> Option<String> {
    hub.find(topic, "/cb").expect("subscribed").secret.as_ref().map(|secret| secret.expose().to_owned())
}

/// Was the last delivery signed?
async fn is_signed(hub: &Hub, body: &'static str) -> bool {
    hub.update(body).await;
    let post = hub.site.posts("/cb").pop().expect("a delivery");
    assert_eq!(post.body, body);
    post.header("x-hub-signature").is_some()
}

#[tokio::test]
async fn check_10_a_failed_renewal_keeps_secret_and_expiry() {
    let (hub, topic) = subscribed().await;
    let before = hub.find(&topic, "/cb");
    for reply in [Reply::Status(404), Reply::Echo("x", ""), Reply::Status(302)] {
        hub.site.next("/cb", [reply]);
        hub.subscribe(&topic, "/cb", &[("hub.secret", "new"), ("hub.lease_seconds", "9000")]).await;
        assert_eq!(hub.find(&topic, "/cb"), before);
    }
    assert!(is_signed(&hub, "new").await);
    assert!(hub.site.gets("/cb").iter().all(|asked| asked.mode() == "subscribe"), "no denial");
}

#[tokio::test]
async fn check_11_a_renewal_without_a_secret_ends_signing() {
    let (hub, topic) = subscribed().await;
    let before = hub.find(&topic, "/cb").expect("subscribed");
    assert!(is_signed(&hub, "one").await);
    hub.subscribe(&topic, "/cb", &[("hub.secret", "new"), ("hub.lease_seconds", "9000")]).await;
    assert_eq!((secret(&hub, &topic).as_deref(), hub.seconds_left(&topic, "/cb")), (Some("new"), 9_000));
    hub.subscribe(&topic, "/cb", &[]).await;
    assert_eq!((secret(&hub, &topic), hub.seconds_left(&topic, "/cb")), (None, 864_000));
    assert!(!is_signed(&hub, "two").await);
    let after = hub.find(&topic, "/cb").expect("subscribed");
    assert_eq!((after.id, after.uid, after.created_at), (before.id, before.uid, before.created_at), "the same row");
}

#[tokio::test]
async fn check_12_subscribing_again_brings_one_delivery_for_each_publish() {
    let (hub, topic) = subscribed().await;
    hub.subscribe(&topic, "/cb", &[]).await;
    hub.subscribe(&topic, "/cb", &[]).await;
    hub.update("one").await;
    hub.update("two").await;
    assert_eq!(hub.delivered("/cb"), ["one", "two"]);
}

#[tokio::test]
async fn check_13_unsubscribing_takes_the_subscribers_word() {
    let (hub, topic) = subscribed().await;
    hub.site.next("/cb", [Reply::Status(404)]);
    hub.unsubscribe(&topic, "/cb").await;
    assert_eq!(secret(&hub, &topic).as_deref(), Some("old"));
    hub.update("kept").await;
    hub.unsubscribe(&topic, "/cb").await;
    assert!(hub.find(&topic, "/cb").is_none());
    hub.update("gone").await;
    assert_eq!(hub.delivered("/cb"), ["kept"]);
}

#[tokio::test]
async fn whoever_is_not_subscribed_is_not_asked_about_unsubscribing() {
    let (hub, topic) = subscribed().await;
    hub.unsubscribe(&topic, "/other").await;
    hub.unsubscribe("http://nobody.test/", "/other").await;
    assert!(hub.site.seen("/other").is_empty());
    // Nor is one whose lease has ended, swept or not.
    let asked = hub.site.gets("/cb").len();
    hub.pass(4_000).await;
    hub.unsubscribe(&topic, "/cb").await;
    assert_eq!(hub.site.gets("/cb").len(), asked);
}

#[tokio::test]
async fn pairs_compare_as_exact_texts() {
    let (hub, topic) = subscribed().await;
    let port = hub.site.port();
    for callback in ["/cb/", "/CB", "/cb?", "/c%62"] {
        hub.subscribe(&topic, callback, &[]).await;
        assert!(hub.find(&topic, callback).is_some(), "{callback}");
    }
    let shouted = format!("HTTP://127.0.0.1:{port}/cb");
    hub.ask("unsubscribe", &topic, &shouted, &[]).await;
    hub.ask("unsubscribe", &topic.replace("http", "HTTP"), &hub.site.url("/cb"), &[]).await;
    hub.quiet().await;
    assert_eq!(secret(&hub, &topic).as_deref(), Some("old"));
    hub.update("new").await;
    assert_eq!(hub.site.posts("/cb").len(), 2, "/cb and /cb?");
}

#[tokio::test]
async fn what_was_queued_is_cancelled_with_the_subscription() {
    let (hub, topic) = subscribed().await;
    hub.site.always("/cb", Reply::Status(500));
    hub.update("lost").await;
    hub.site.next("/cb", [CONFIRM]);
    hub.unsubscribe(&topic, "/cb").await;
    hub.site.always("/cb", Reply::Status(200));
    hub.pass(3_600).await;
    assert_eq!(hub.site.posts("/cb").len(), 1, "it was not tried again");
    assert!(hub.world.ports.store.conservation().await.expect("counts").holds());
}

#[tokio::test]
async fn the_newest_of_several_requests_wins_and_older_ones_are_never_applied() {
    let hub = Hub::new().await;
    let topic = hub.topic(&[], &[]).await;
    let gate = Arc::new(Semaphore::new(0));
    hub.site.next("/cb", [Reply::Held(gate.clone(), Box::new(CONFIRM))]);
    let callback = hub.site.url("/cb");
    hub.ask("subscribe", &topic, &callback, &[("hub.secret", "first")]).await;
    hub.site.wait_for("/cb", 1).await;
    hub.ask("subscribe", &topic, &callback, &[("hub.secret", "second")]).await;
    hub.site.wait_for("/cb", 2).await;
    hub.quiet().await;
    assert_eq!(secret(&hub, &topic).as_deref(), Some("second"));
    gate.add_permits(1);
    hub.noted("verify_intent", 2).await;
    assert_eq!(secret(&hub, &topic).as_deref(), Some("second"), "the first was confirmed too late");
    assert_eq!(hub.outcomes("verify_intent").await, ["confirmed", "superseded"]);
}

#[tokio::test]
async fn a_request_to_retry_is_superseded_too() {
    let hub = Hub::new().await;
    let topic = hub.topic(&[], &[]).await;
    hub.site.next("/cb", [Reply::Status(500)]);
    hub.subscribe(&topic, "/cb", &[("hub.secret", "first")]).await;
    hub.subscribe(&topic, "/cb", &[("hub.secret", "second")]).await;
    hub.pass(600).await;
    assert_eq!(hub.site.gets("/cb").len(), 2);
    assert_eq!(secret(&hub, &topic).as_deref(), Some("second"));
}

#[tokio::test]
async fn unsubscribing_takes_the_place_of_a_subscription_that_is_on_its_way() {
    let hub = Hub::new().await;
    let topic = hub.topic(&[], &[]).await;
    hub.site.next("/cb", [Reply::Status(500)]);
    hub.subscribe(&topic, "/cb", &[]).await;
    hub.unsubscribe(&topic, "/cb").await;
    hub.pass(600).await;
    let modes: Vec<_> = hub.site.gets("/cb").iter().map(Seen::mode).collect();
    assert_eq!(modes, ["subscribe", "unsubscribe"]);
    assert!(hub.find(&topic, "/cb").is_none());
}
