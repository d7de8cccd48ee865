//! Pings and fetches (contract websub section 7).

use std::sync::Arc;

use axum::http::StatusCode;
use bytes::Bytes;
use dialects::{PublishPolicy, WebSubSettings};
use tokio::sync::Semaphore;

use super::hub::{FORM, HUB, Hub, OURS, form, request, settings};
use super::site::{Reply, links};
use crate::world::TOKEN;

/// How often the site's `/topic` was fetched for distribution: those that say for how many.
fn fetches(hub: &Hub) -> usize {
    let agents = hub.site.gets("/topic").into_iter().filter_map(|seen| seen.header("user-agent").map(str::to_owned));
    agents.filter(|agent| agent.contains("subscribers")).count()
}

async fn status(hub: &Hub, fields: &[(&str, &str)]) -> StatusCode {
    let answer = hub.post(&[&[("hub.mode", "publish")], fields].concat()).await;
    hub.quiet().await;
    answer.status
}

#[tokio::test]
async fn check_23_topics_come_under_three_names_repeated_and_are_fetched_once() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[]).await;
    let unknown = "http://nobody.test/";
    let pings: [&[(&str, &str)]; 6] = [
        &[("hub.url", &topic)],
        &[("hub.topic", &topic)],
        &[("hub.url[]", &topic)],
        &[("hub.url", &topic), ("hub.topic", &topic), ("hub.url[]", &topic)],
        &[("hub.url", unknown), ("hub.url", &topic)],
        &[("hub.url", &topic), ("hub.url", &topic)],
    ];
    for (number, ping) in pings.into_iter().enumerate() {
        hub.pass(2).await;
        hub.site.publish("/topic", "text/plain", number.to_string());
        assert_eq!(status(&hub, ping).await, StatusCode::NO_CONTENT, "{ping:?}");
        assert_eq!(fetches(&hub), number + 1, "{ping:?}");
    }
    assert_eq!(hub.delivered("/cb"), ["0", "1", "2", "3", "4", "5"]);
}

#[tokio::test]
async fn check_23_a_ping_without_topic_or_with_a_bad_one_is_refused() {
    let hub = Hub::new().await;
    assert_eq!(status(&hub, &[]).await, StatusCode::BAD_REQUEST);
    let empty: [(&str, &str); 1] = [("hub.url", "")];
    for ping in [empty, [("hub.topic", "nothing")], [("hub.url", "http://a.test/#b")], [("hub.url[]", "file:///")]] {
        let answer = hub.post(&[&[("hub.mode", "publish")], &ping[..]].concat()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{ping:?}");
        assert!(answer.text.contains(ping[0].0), "{answer:?}");
    }
    let urls: Vec<_> = (0..101).map(|number| format!("http://nobody.test/{number}")).collect();
    let many: Vec<_> = urls.iter().map(|url| ("hub.url", url.as_str())).collect();
    assert_eq!(status(&hub, &many[..100]).await, StatusCode::NO_CONTENT);
    assert_eq!(status(&hub, &many).await, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn check_23_topics_without_subscribers_are_not_fetched_and_the_answer_is_the_same() {
    let hub = Hub::new().await;
    hub.site.publish("/topic", "text/plain", "one");
    assert_eq!(status(&hub, &[("hub.url", &hub.site.url("/topic"))]).await, StatusCode::NO_CONTENT);
    assert!(hub.site.seen("/topic").is_empty());
    let topic = hub.topic(&["/cb"], &[]).await;
    hub.unsubscribe(&topic, "/cb").await;
    assert_eq!(status(&hub, &[("hub.url", &topic)]).await, StatusCode::NO_CONTENT);
    assert_eq!(status(&hub, &[("hub.url", OURS)]).await, StatusCode::NO_CONTENT);
    assert_eq!(fetches(&hub), 0);
}

#[tokio::test]
async fn check_24_what_did_not_change_is_not_distributed() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[]).await;
    hub.update("one").await;
    hub.pass(2).await;
    hub.ping(&topic).await;
    let fetch = hub.site.gets("/topic").pop().expect("fetched");
    assert_eq!(fetch.header("if-none-match"), Some("\"2\""), "asks for what is new, and gets 304");
    hub.update("one").await;
    assert_eq!(hub.delivered("/cb"), ["one"], "the same under a new ETag");
    hub.site.publish("/topic", "text/html", "one");
    hub.pass(2).await;
    hub.ping(&topic).await;
    assert_eq!(hub.delivered("/cb"), ["one", "one"], "another type is another content");
    assert_eq!(hub.outcomes("fetch_topic").await, ["distributed", "unchanged", "unchanged", "distributed"]);
}

#[tokio::test]
async fn last_modified_is_given_back_as_it_came() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[]).await;
    let date = "Fri, 02 Jan 2026 03:04:05 GMT";
    let headers = vec![("last-modified", date.to_owned()), ("link", links(&topic))];
    hub.site.next("/topic", [Reply::Full(200, headers, "x".into())]);
    hub.ping(&topic).await;
    hub.update("y").await;
    let fetch = hub.site.gets("/topic").pop().expect("fetched");
    assert_eq!((fetch.header("if-modified-since"), fetch.header("if-none-match")), (Some(date), None));
    assert_eq!(fetch.header("accept"), Some("*/*"));
    let agent = fetch.header("user-agent").expect("an agent");
    assert!(agent.starts_with("postrider-websub/") && agent.ends_with(&format!("(+{HUB}; 1 subscribers)")), "{agent}");
}

#[tokio::test]
async fn pings_within_two_seconds_share_a_fetch() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[]).await;
    hub.update("one").await;
    hub.site.publish("/topic", "text/plain", "two");
    for _ in 0..5 {
        hub.ping(&topic).await;
    }
    assert_eq!(fetches(&hub), 1, "just fetched");
    hub.pass(2).await;
    assert_eq!(fetches(&hub), 2);
    assert_eq!(hub.delivered("/cb"), ["one", "two"], "the last ping is not lost");
}

#[tokio::test]
async fn a_ping_during_a_fetch_schedules_one_more_after_it() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[]).await;
    let gate = Arc::new(Semaphore::new(0));
    let old = Reply::Full(200, vec![("link", links(&topic))], "old".into());
    hub.site.next("/topic", [Reply::Held(gate.clone(), Box::new(old))]);
    let fields = [("hub.mode", "publish"), ("hub.url", topic.as_str())];
    hub.post(&fields).await;
    hub.site.wait_for("/topic", 2).await;
    hub.site.publish("/topic", "text/plain", "new");
    for _ in 0..3 {
        hub.post(&fields).await;
    }
    assert_eq!(hub.site.gets("/topic").len(), 2, "never two at once");
    gate.add_permits(1);
    hub.quiet().await;
    hub.pass(2).await;
    assert_eq!(fetches(&hub), 2);
    assert_eq!(hub.delivered("/cb").pop().as_deref(), Some("new"));
}

#[tokio::test]
async fn a_failed_fetch_is_tried_again_three_times_and_costs_no_subscription() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[]).await;
    for (round, status) in [404, 410, 500, 503, 403].into_iter().enumerate() {
        hub.site.always("/topic", Reply::Status(status));
        hub.ping(&topic).await;
        for seconds in [5, 30, 240, 10_000] {
            hub.pass(seconds).await;
        }
        assert_eq!(fetches(&hub), 4 * (round + 1), "{status}");
        assert!(hub.find(&topic, "/cb").is_some(), "{status}");
    }
    assert_eq!(hub.delivered("/cb"), [""; 0]);
    assert_eq!(hub.site.gets("/cb").len(), 1, "nobody was denied");
}

#[tokio::test]
async fn a_ping_hurries_a_fetch_that_waits_for_its_retry_but_not_within_two_seconds() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[]).await;
    hub.site.next("/topic", [Reply::Status(503), Reply::Status(503), Reply::Status(503)]);
    for _ in 0..5 {
        hub.ping(&topic).await;
    }
    assert_eq!(fetches(&hub), 1);
    for tries in [2, 3] {
        hub.pass(2).await;
        hub.ping(&topic).await;
        assert_eq!(fetches(&hub), tries, "neither 5 nor 30 s later");
    }
    hub.pass(2).await;
    hub.ping(&topic).await;
    assert_eq!(hub.delivered("/cb"), ["first"]);
    hub.pass(600).await;
    assert_eq!(fetches(&hub), 5, "the last ping came after the fetch");
}

#[tokio::test]
async fn a_redirect_is_a_failed_fetch_and_not_followed() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[]).await;
    hub.site.always("/topic", Reply::Full(301, vec![("location", hub.site.url("/new"))], "".into()));
    hub.ping(&topic).await;
    hub.pass(600).await;
    assert!(hub.site.seen("/new").is_empty() && hub.find(&topic, "/cb").is_some());
    assert_eq!(hub.delivered("/cb"), [""; 0]);
}

#[tokio::test]
async fn topics_of_more_than_5_mib_are_not_distributed() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[]).await;
    let mebibytes = |bytes: usize| Bytes::from(vec![b'x'; bytes]);
    hub.site.publish("/topic", "text/plain", mebibytes(5 * 1024 * 1024 + 1));
    hub.ping(&topic).await;
    hub.pass(600).await;
    assert_eq!(hub.site.posts("/cb").len(), 0);
    assert_eq!(hub.outcomes("fetch_topic").await, ["failed"]);
    hub.site.publish("/topic", "text/plain", mebibytes(5 * 1024 * 1024));
    hub.ping(&topic).await;
    assert_eq!(hub.site.posts("/cb").len(), 1);
}

#[tokio::test]
async fn a_topic_that_no_longer_names_this_hub_is_given_up_and_its_subscribers_are_told() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/a", "/b"], &[]).await;
    hub.site.publish_unlinked("/topic", "text/plain", "moved");
    hub.ping(&topic).await;
    for callback in ["/a", "/b"] {
        let denied = hub.site.gets(callback).pop().expect("told");
        assert_eq!((denied.mode().as_str(), denied.param("hub.topic")), ("denied", Some(topic.clone())));
        assert!(hub.find(&topic, callback).is_none() && hub.site.posts(callback).is_empty());
    }
    hub.ping(&topic).await;
    assert_eq!(fetches(&hub), 1);
}

#[tokio::test]
async fn topics_on_the_operators_list_need_not_name_the_hub() {
    let hub = Hub::new().await;
    let topics = vec![format!("{}*", hub.site.url("/"))];
    let site = hub.site;
    let listed = Hub { site, ..Hub::with(WebSubSettings { topics, ..settings() }).await };
    listed.site.publish_unlinked("/topic", "text/plain", "one");
    let topic = listed.site.url("/topic");
    listed.subscribe(&topic, "/cb", &[]).await;
    listed.ping(&topic).await;
    assert_eq!(listed.delivered("/cb"), ["one"]);
}

#[tokio::test]
async fn publishers_may_have_to_be_listed() {
    let settings = WebSubSettings { publish: PublishPolicy::Listed, ..settings() };
    let hub = Hub::with(settings.clone()).await;
    let topic = hub.topic(&["/cb"], &[]).await;
    assert_eq!(status(&hub, &[("hub.url", &topic)]).await, StatusCode::NO_CONTENT, "the answer tells nobody");
    assert_eq!(fetches(&hub), 0);
    let topics = vec![topic.clone()];
    let listed = Hub { site: hub.site, ..Hub::with(WebSubSettings { topics, ..settings }).await };
    listed.subscribe(&topic, "/cb", &[]).await;
    assert_eq!(status(&listed, &[("hub.url", &topic)]).await, StatusCode::NO_CONTENT);
    assert_eq!(fetches(&listed), 1);
}

#[tokio::test]
async fn publishers_may_have_to_show_a_token() {
    let hub = Hub::with(WebSubSettings { publish: PublishPolicy::Token, ..settings() }).await;
    let topic = hub.topic(&["/cb"], &[]).await;
    let ping = form(&[("hub.mode", "publish"), ("hub.url", &topic)]);
    for authorization in [None, Some("Bearer wrong".to_owned())] {
        let mut request = request("POST", "/websub", FORM, ping.clone());
        if let Some(value) = authorization {
            request.headers_mut().insert("authorization", value.parse().expect("a value"));
        }
        assert_eq!(hub.world.send(request).await.status, StatusCode::FORBIDDEN);
    }
    let mut good = request("POST", "/websub", FORM, ping);
    good.headers_mut().insert("authorization", format!("Bearer {TOKEN}").parse().expect("a value"));
    assert_eq!(hub.world.send(good).await.status, StatusCode::NO_CONTENT);
    hub.quiet().await;
    assert_eq!(fetches(&hub), 1);
}
