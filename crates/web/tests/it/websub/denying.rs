//! Validation, and telling subscribers that they are denied (contract websub section 5).

use dialects::WebSubSettings;
use domain::hub::HubTerms;
use serde_json::json;

use super::hub::{Hub, OURS, settings};
use super::site::{Reply, Seen, links};

/// What the site's `callback` was told: topic and reason, after anything it was asked.
fn denials(hub: &Hub, callback: &str) -> Vec<Seen> {
    hub.site.gets(callback).into_iter().filter(|seen| seen.mode() == "denied").collect()
}

/// A subscription of `/cb` is denied without being verified.
async fn denied(hub: &Hub, topic: &str) {
    let before = hub.site.seen("/cb").len();
    hub.subscribe(topic, "/cb?a=1", &[]).await;
    let seen = hub.site.seen("/cb").split_off(before);
    let [told] = &seen[..] else { panic!("{topic}: one call: {seen:?}") };
    assert_eq!((told.method.as_str(), told.mode().as_str()), ("GET", "denied"), "{topic}");
    assert_eq!(told.param("hub.topic").as_deref(), Some(topic));
    assert!(told.param("hub.reason").is_some_and(|reason| !reason.is_empty() && reason.len() < 100), "{told:?}");
    assert_eq!((told.param("hub.challenge"), told.param("hub.lease_seconds")), (None, None));
    assert!(told.query.starts_with("a=1&hub.mode=denied&hub.topic="), "{}", told.query);
    assert!(hub.find(topic, "/cb?a=1").is_none());
}

#[tokio::test]
async fn check_25_an_unknown_topic_is_denied_without_a_challenge() {
    let hub = Hub::new().await;
    hub.site.publish_unlinked("/unlinked", "text/plain", "no hub");
    hub.site.always("/missing", Reply::Status(404));
    hub.site.always("/moved", Reply::Full(302, vec![("location", hub.site.url("/topic"))], "".into()));
    for path in ["/unlinked", "/missing", "/moved"] {
        denied(&hub, &hub.site.url(path)).await;
    }
    // Ours, but not as they are advertised, or not there.
    let unknown =
        ["/air/kite/events/nothing", "/air/none/events/push", "/AIR/kite/events/push", "/air/kite/events/push/"];
    for path in unknown {
        denied(&hub, &format!("http://postrider.test{path}")).await;
    }
}

#[tokio::test]
async fn check_25_a_failed_verification_is_not_a_denial() {
    let hub = Hub::new().await;
    let topic = hub.topic(&[], &[]).await;
    for reply in [Reply::Status(404), Reply::Echo("", "\n"), Reply::Status(301), Reply::Status(403)] {
        hub.site.next("/cb", [reply]);
        hub.subscribe(&topic, "/cb", &[]).await;
    }
    hub.pass(600).await;
    assert_eq!((hub.site.gets("/cb").len(), denials(&hub, "/cb").len()), (4, 0));
}

#[tokio::test]
async fn a_topic_must_name_this_hub_and_itself() {
    let hub = Hub::new().await;
    let topic = hub.site.url("/topic");
    let others = [
        format!("<http://other.test/hub>; rel=\"hub\", <{topic}>; rel=\"self\""),
        format!("<http://postrider.test/websub/>; rel=\"hub\", <{topic}>; rel=\"self\""),
        "<http://postrider.test/websub>; rel=\"hub\"".to_owned(),
        links("http://other.test/topic"),
        links(&topic) + ", <http://other.test/>; rel=\"self\"",
    ];
    for header in others {
        hub.site.always("/topic", Reply::Full(200, vec![("link", header)], "x".into()));
        denied(&hub, &topic).await;
    }
    hub.site.always("/topic", Reply::Full(200, vec![("link", links(&topic))], "x".into()));
    hub.subscribe(&topic, "/cb", &[]).await;
    assert!(hub.find(&topic, "/cb").is_some(), "asking again after a denial is a new request");
}

#[tokio::test]
async fn a_topic_that_is_away_is_looked_at_again_before_anybody_is_denied() {
    let hub = Hub::new().await;
    let topic = hub.site.url("/topic");
    hub.site.always("/topic", Reply::Status(503));
    hub.subscribe(&topic, "/cb", &[]).await;
    for seconds in [5, 30] {
        hub.pass(seconds).await;
    }
    assert!(hub.site.seen("/cb").is_empty());
    hub.pass(240).await;
    assert_eq!((hub.site.seen("/cb").len(), denials(&hub, "/cb").len()), (1, 1));
}

#[tokio::test]
async fn a_hub_that_is_not_public_serves_its_own_pages_and_what_is_listed() {
    let terms = HubTerms { public: false, ..settings().terms };
    let hub = Hub::with(WebSubSettings { terms, topics: vec!["http://listed.test/*".to_owned()], ..settings() }).await;
    hub.site.publish("/topic", "text/plain", "one");
    denied(&hub, &hub.site.url("/topic")).await;
    assert!(hub.site.seen("/topic").is_empty(), "it was not even looked at");
    for topic in [OURS, "http://listed.test/anything"] {
        hub.subscribe(topic, "/cb", &[]).await;
        assert!(hub.find(topic, "/cb").is_some(), "{topic}");
    }
}

#[tokio::test]
async fn unsubscribing_is_not_validated() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[]).await;
    let looks = hub.site.gets("/topic").len();
    hub.site.publish_unlinked("/topic", "text/plain", "moved");
    hub.unsubscribe(&topic, "/cb").await;
    assert!(hub.find(&topic, "/cb").is_none());
    assert_eq!(hub.site.gets("/topic").len(), looks);
}

#[tokio::test]
async fn a_denial_is_tried_again_when_nobody_answers_and_then_forgotten() {
    let hub = Hub::new().await;
    hub.site.always("/cb", Reply::Status(503));
    hub.subscribe("http://postrider.test/air/none/events/push", "/cb", &[]).await;
    for seconds in [5, 30, 240, 10_000] {
        hub.pass(seconds).await;
    }
    assert_eq!(denials(&hub, "/cb").len(), 4);
    hub.site.always("/cb", Reply::Status(404));
    hub.subscribe("http://postrider.test/air/none/events/push", "/cb", &[]).await;
    hub.pass(10_000).await;
    assert_eq!(denials(&hub, "/cb").len(), 5, "the answer means nothing");
}

#[tokio::test]
async fn an_operator_may_send_no_denials() {
    let terms = HubTerms { send_denials: false, ..settings().terms };
    let hub = Hub::with(WebSubSettings { terms, ..settings() }).await;
    hub.subscribe("http://postrider.test/air/none/events/push", "/cb", &[]).await;
    assert!(hub.site.seen("/cb").is_empty());
    assert_eq!(hub.outcomes("verify_intent").await, ["denied"]);
}

/// A subscriber of one of our pages, which something happens to.
async fn later(change: (&str, &str, serde_json::Value)) -> Hub {
    let hub = Hub::new().await;
    hub.subscribe(OURS, "/cb", &[]).await;
    hub.site.always("/cb", Reply::Status(500));
    hub.push("one").await;
    let (method, path, body) = change;
    hub.world.must(method, path, &body).await;
    hub.world.engine.sweep().await;
    hub.quiet().await;
    let [told] = &denials(&hub, "/cb")[..] else { panic!("told once") };
    assert_eq!(told.param("hub.topic").as_deref(), Some(OURS));
    assert!(hub.find(OURS, "/cb").is_none());
    let posts = hub.site.posts("/cb").len();
    hub.pass(3_600).await;
    assert_eq!(hub.site.posts("/cb").len(), posts, "nothing is sent after the end");
    assert!(hub.world.ports.store.conservation().await.expect("counts").holds());
    hub
}

#[tokio::test]
async fn subscribers_of_a_deleted_repository_are_told() {
    later(("DELETE", "/api/v3/repos/air/kite", json!(null))).await;
}

#[tokio::test]
async fn subscribers_of_a_renamed_repository_are_told() {
    let hub = later(("PATCH", "/api/v3/repos/air/kite", json!({"name": "glider"}))).await;
    let topic = OURS.replace("kite", "glider");
    hub.subscribe(&topic, "/other", &[]).await;
    assert!(hub.find(&topic, "/other").is_some(), "it is a new topic");
}

#[tokio::test]
async fn subscribers_of_a_repository_made_private_are_told() {
    let hub = later(("PATCH", "/api/v3/repos/air/kite", json!({"private": true}))).await;
    hub.site.always("/cb", Reply::Status(200));
    denied(&hub, OURS).await;
}

#[tokio::test]
async fn events_of_a_private_repository_reach_nobody_before_the_sweep_either() {
    let hub = Hub::new().await;
    hub.subscribe(OURS, "/cb", &[]).await;
    hub.world.must("PATCH", "/api/v3/repos/air/kite", &json!({"private": true})).await;
    hub.push("secret").await;
    assert_eq!(hub.site.posts("/cb").len(), 0);
}
