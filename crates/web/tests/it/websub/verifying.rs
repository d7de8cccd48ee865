//! Verification of intent (contract websub section 4): what is asked, and what answers mean.

use std::collections::HashSet;
use std::time::Duration;

use dialects::WebSubSettings;
use domain::hub::HubTerms;

use super::hub::{Hub, settings};
use super::site::{CONFIRM, Reply};

/// What the site's `/cb` answers, and whether that made a subscription.
async fn confirms(hub: &Hub, reply: Reply) -> bool {
    let topic = hub.topic(&[], &[]).await;
    hub.site.next("/cb", [reply]);
    hub.subscribe(&topic, "/cb", &[]).await;
    hub.find(&topic, "/cb").is_some()
}

#[tokio::test]
async fn the_question_has_its_parameters_in_order_and_says_who_asks() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[("hub.lease_seconds", "4000"), ("hub.verify_token", "v")]).await;
    let [asked] = &hub.site.seen("/cb")[..] else { panic!("asked once") };
    let names: Vec<_> = asked.query.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).collect();
    let expected = ["hub.mode", "hub.topic", "hub.challenge", "hub.lease_seconds", "hub.verify_token"];
    assert_eq!((asked.method.as_str(), &names[..]), ("GET", &expected[..]));
    assert_eq!(asked.param("hub.lease_seconds").as_deref(), Some("4000"));
    assert_eq!(asked.header("accept"), Some("*/*"));
    assert!(asked.header("user-agent").is_some_and(|agent| agent.starts_with("postrider-websub/")), "{asked:?}");
    hub.unsubscribe(&topic, "/cb").await;
    let asked = hub.site.seen("/cb").pop().expect("asked again");
    assert_eq!((asked.mode().as_str(), asked.param("hub.lease_seconds")), ("unsubscribe", None));
}

#[tokio::test]
async fn a_topic_elsewhere_is_looked_at_for_its_first_subscriber_alone() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[]).await;
    let path = topic.strip_prefix(&hub.site.url("")).expect("of the site").to_owned();
    assert_eq!(hub.site.gets(&path).len(), 1);
    hub.subscribe(&topic, "/other", &[]).await;
    assert!(hub.find(&topic, "/other").is_some());
    assert_eq!(hub.site.gets(&path).len(), 1, "strangers cannot have it fetched at will");
}

#[tokio::test]
async fn check_06_the_callbacks_query_stays_first_and_intact() {
    let hub = Hub::new().await;
    let topic = hub.topic(&[], &[]).await;
    let callback = "/cb?a=1&hub.topic=x&hub.mode=%7e&b";
    hub.subscribe(&topic, callback, &[]).await;
    let asked = hub.site.gets("/cb").pop().expect("asked");
    assert!(asked.query.starts_with("a=1&hub.topic=x&hub.mode=%7e&b&hub.mode=subscribe&hub.topic=http"), "{asked:?}");
    assert!(hub.find(&topic, callback).is_some());
    hub.update("new").await;
    let [post] = &hub.site.posts("/cb")[..] else { panic!("one delivery") };
    assert_eq!(post.query, "a=1&hub.topic=x&hub.mode=%7e&b");
}

#[tokio::test]
async fn check_07_each_attempt_has_a_challenge_of_its_own() {
    let hub = Hub::new().await;
    let topic = hub.topic(&[], &[]).await;
    hub.site.next("/cb", [Reply::Status(500), Reply::Status(500)]);
    hub.subscribe(&topic, "/cb", &[]).await;
    for seconds in [5, 30] {
        hub.pass(seconds).await;
    }
    hub.subscribe(&topic, "/cb", &[]).await;
    let challenges: HashSet<_> = hub.site.gets("/cb").iter().filter_map(|asked| asked.param("hub.challenge")).collect();
    assert_eq!(challenges.len(), 4, "a thousand are compared where they are made");
    assert!(challenges.iter().all(|challenge| challenge.len() >= 22), "128 bits or more");
}

#[tokio::test]
async fn check_08_only_the_challenge_itself_confirms_whatever_its_type() {
    let hub = Hub::new().await;
    for (before, after) in [("", "\n"), (" ", ""), ("<p>", "</p>"), ("\u{feff}", ""), ("", "\0")] {
        assert!(!confirms(&hub, Reply::Echo(before, after)).await, "{before:?} {after:?}");
    }
    assert!(!confirms(&hub, Reply::Status(200)).await);
    assert!(confirms(&hub, CONFIRM).await, "as application/octet-stream");
}

#[tokio::test]
async fn an_operator_may_forgive_whitespace_around_the_challenge() {
    let terms = HubTerms { trim_challenge: true, ..settings().terms };
    let hub = Hub::with(WebSubSettings { terms, ..settings() }).await;
    assert!(!confirms(&hub, Reply::Echo("<p>", "</p>")).await);
    assert!(confirms(&hub, Reply::Echo(" ", "\r\n")).await);
}

#[tokio::test]
async fn check_09_a_redirect_is_not_followed_and_does_not_confirm() {
    let hub = Hub::new().await;
    for status in [301, 302, 303, 307, 308] {
        let to = vec![("location", hub.site.url("/elsewhere"))];
        assert!(!confirms(&hub, Reply::Full(status, to, "".into())).await, "{status}");
    }
    assert!(hub.site.seen("/elsewhere").is_empty());
    hub.pass(600).await;
    assert_eq!(hub.site.gets("/cb").len(), 5, "each was final");
}

#[tokio::test]
async fn what_is_not_meant_is_final_and_what_may_pass_is_asked_again_three_times() {
    let hub = Hub::new().await;
    for status in [400, 401, 403, 404, 410] {
        assert!(!confirms(&hub, Reply::Status(status)).await, "{status}");
    }
    hub.pass(600).await;
    assert_eq!(hub.site.gets("/cb").len(), 5);
    for status in [408, 429, 500, 503] {
        let path = format!("/{status}");
        hub.site.always(&path, Reply::Status(status));
        hub.subscribe(&hub.site.url("/topic"), &path, &[]).await;
        for (seconds, asked) in [(0, 1), (4, 1), (1, 2), (29, 2), (1, 3), (239, 3), (1, 4), (100_000, 4)] {
            hub.pass(seconds).await;
            assert_eq!(hub.site.gets(&path).len(), asked, "{status} after {seconds} more seconds");
        }
        assert!(hub.find(&hub.site.url("/topic"), &path).is_none());
        assert!(hub.site.gets(&path).iter().all(|asked| asked.mode() == "subscribe"), "nobody is denied for that");
    }
}

#[tokio::test]
async fn a_callback_that_answers_at_last_is_subscribed() {
    let hub = Hub::new().await;
    let topic = hub.topic(&[], &[]).await;
    hub.site.next("/cb", [Reply::Status(503), Reply::Status(503), Reply::Status(503)]);
    hub.subscribe(&topic, "/cb", &[]).await;
    for seconds in [5, 30] {
        hub.pass(seconds).await;
        assert!(hub.find(&topic, "/cb").is_none());
    }
    hub.pass(240).await;
    assert!(hub.find(&topic, "/cb").is_some());
    assert_eq!(hub.outcomes("verify_intent").await, ["retried", "retried", "retried", "confirmed"]);
}

#[tokio::test]
async fn a_callback_nobody_listens_at_is_asked_again() {
    let hub = Hub::new().await;
    let topic = hub.topic(&[], &[]).await;
    let gone = super::site::Site::start().await;
    let callback = gone.url("/cb");
    drop(gone);
    hub.ask("subscribe", &topic, &callback, &[]).await;
    hub.quiet().await;
    assert_eq!(hub.outcomes("verify_intent").await, ["retried"]);
    let due = hub.world.ports.store.next_task().await.expect("reads").expect("a retry");
    assert_eq!(due.since(domain::ports::Clock::now(&*hub.world.clock)), Duration::from_secs(5));
}
