//! What subscribers get, and what their answers mean (contract websub sections 8 and 9).

use bytes::Bytes;
use dialects::{SignatureMethod, WebSubSettings};
use domain::hub::HubTerms;

use super::hub::{HUB, Hub, OURS, settings};
use super::site::{CONFIRM, Reply};

#[tokio::test]
async fn check_18_the_signature_is_there_once_with_a_secret_and_never_without() {
    for (name, signature) in SignatureMethod::ALL {
        let hub = Hub::with(WebSubSettings { signature, ..settings() }).await;
        let topic = hub.topic(&["/plain"], &[]).await;
        hub.subscribe(&topic, "/signed", &[("hub.secret", "topsecret")]).await;
        hub.subscribe(&topic, "/empty", &[("hub.secret", "")]).await;
        hub.update("<feed/>").await;
        let [signed] = &hub.site.posts("/signed")[..] else { panic!("one delivery") };
        let value = signed.header("x-hub-signature").expect("signed");
        assert!(value.starts_with(&format!("{name}=")), "{value}");
        if name == "sha1" {
            assert_eq!(
                value, "sha1=fc62b8fbe6e9efc3bc17c923c9a3b4092dc86c4c",
                "all vectors are tested where they are made"
            );
        }
        for callback in ["/plain", "/empty"] {
            assert_eq!(hub.site.posts(callback)[0].header("x-hub-signature"), None, "{callback}");
        }
    }
}

#[tokio::test]
async fn check_19_type_and_bytes_arrive_as_they_were_with_their_length() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[]).await;
    let binary: Bytes = (0..=255).collect::<Vec<u8>>().into();
    let content_type = "application/x-thing; a=\"b; c\"; charset=UTF-8";
    for (number, body) in [binary, Bytes::from(vec![0; 300_000]), Bytes::new()].into_iter().enumerate() {
        hub.site.publish("/topic", content_type, body.clone());
        hub.pass(2).await;
        hub.ping(&topic).await;
        let posts = hub.site.posts("/cb");
        assert_eq!((posts.len(), &posts[number].body), (number + 1, &body));
        let post = &posts[number];
        assert_eq!(post.header("content-type"), Some(content_type));
        assert_eq!(post.header("content-length"), Some(body.len().to_string().as_str()));
        assert_eq!(post.header("transfer-encoding"), None);
        for absent in ["expect", "accept-encoding", "cookie"] {
            assert_eq!(post.header(absent), None);
        }
        assert!(post.header("user-agent").is_some_and(|agent| agent.starts_with("postrider-websub/")));
    }
}

#[tokio::test]
async fn check_20_one_link_header_has_self_first_and_the_hub_as_advertised() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[]).await;
    hub.update("new").await;
    hub.subscribe(OURS, "/ours", &[]).await;
    hub.push("one").await;
    for (callback, topic) in [("/cb", topic.as_str()), ("/ours", OURS)] {
        let post = hub.site.posts(callback).pop().expect("a delivery");
        assert_eq!(post.header("link"), Some(format!("<{topic}>; rel=\"self\", <{HUB}>; rel=\"hub\"").as_str()));
        let hub_headers = post.headers.keys().filter(|name| name.as_str().starts_with("x-hub-")).count();
        assert_eq!(hub_headers, 0);
    }
}

#[tokio::test]
async fn check_21_any_2xx_is_success() {
    let hub = Hub::new().await;
    hub.topic(&["/cb"], &[]).await;
    for (status, body) in [(200, "a"), (201, "b"), (202, "c"), (204, "d"), (226, "e"), (299, "f")] {
        hub.site.always("/cb", Reply::Status(status));
        hub.update(body).await;
    }
    hub.pass(600).await;
    assert_eq!(hub.delivered("/cb"), ["a", "b", "c", "d", "e", "f"]);
}

#[tokio::test]
async fn check_21_a_subscriber_that_is_gone_is_deleted_with_what_waits_for_it() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/gone", "/stays"], &[]).await;
    hub.subscribe(OURS, "/gone", &[]).await;
    hub.site.always("/gone", Reply::Status(500));
    hub.update("one").await;
    hub.push("one").await;
    hub.site.next("/gone", [Reply::Status(410)]);
    hub.update("two").await;
    assert!(hub.find(&topic, "/gone").is_none() && hub.find(&topic, "/stays").is_some());
    assert!(hub.find(OURS, "/gone").is_some(), "only this subscription");
    hub.pass(80).await;
    let bodies = hub.delivered("/gone");
    assert_eq!(bodies.iter().filter(|body| *body == "one").count(), 1, "the older one was cancelled");
    assert!(hub.world.ports.store.conservation().await.expect("counts").holds());
}

#[tokio::test]
async fn check_21_a_redirect_is_tried_again_and_not_followed() {
    let hub = Hub::new().await;
    hub.topic(&["/cb"], &[]).await;
    hub.site.next("/cb", [Reply::Full(307, vec![("location", hub.site.url("/new"))], "".into())]);
    hub.update("new").await;
    hub.pass(72).await;
    assert_eq!(hub.delivered("/cb"), ["new", "new"]);
    assert!(hub.site.seen("/new").is_empty());
}

#[tokio::test]
async fn check_22_an_exhausted_notification_ends_alone_after_eight_attempts() {
    let hub = Hub::new().await;
    let topic = hub.topic(&["/cb"], &[("hub.lease_seconds", "2592000")]).await;
    hub.site.always("/cb", Reply::Status(500));
    hub.update("lost").await;
    // 1 m, 2 m, 6 m, 24 m, 2 h, 12 h, 24 h, each times 0.8 to 1.2.
    for (attempts, seconds) in [60, 120, 360, 1_440, 7_200, 43_200, 86_400].into_iter().enumerate() {
        hub.pass(seconds * 4 / 5 - 3).await;
        assert_eq!(hub.site.posts("/cb").len(), attempts + 1, "{seconds}");
        hub.pass(seconds * 2 / 5 + 3).await;
        assert_eq!(hub.site.posts("/cb").len(), attempts + 2, "{seconds}");
    }
    hub.pass(200_000).await;
    assert_eq!(hub.site.posts("/cb").len(), 8);
    assert!(hub.find(&topic, "/cb").is_some_and(|hook| hook.active));
    hub.site.always("/cb", Reply::Status(200));
    hub.update("next").await;
    assert_eq!(hub.delivered("/cb").pop().as_deref(), Some("next"));
}

#[tokio::test]
async fn a_refusal_is_tried_again_at_most_three_times() {
    let hub = Hub::new().await;
    hub.topic(&["/cb"], &[("hub.lease_seconds", "2592000")]).await;
    for (status, body) in [(404, "a"), (400, "b"), (403, "c")] {
        hub.site.always("/cb", Reply::Status(status));
        hub.update(body).await;
        for _ in 0..100 {
            hub.pass(60).await;
        }
        assert_eq!(hub.delivered("/cb").iter().filter(|other| *other == body).count(), 4, "{status}");
    }
    let hub = Hub::with(WebSubSettings { retry_404: false, ..settings() }).await;
    hub.topic(&["/cb"], &[]).await;
    hub.site.always("/cb", Reply::Status(404));
    hub.update("a").await;
    hub.pass(3_600).await;
    assert_eq!(hub.delivered("/cb"), ["a"]);
}

#[tokio::test]
async fn d16_retry_after_puts_the_next_attempt_off() {
    let hub = Hub::new().await;
    hub.topic(&["/cb"], &[]).await;
    for status in [429, 503] {
        hub.site.next("/cb", [Reply::Full(status, vec![("retry-after", "100".to_owned())], "".into())]);
        let before = hub.site.posts("/cb").len();
        hub.update(if status == 429 { "a" } else { "b" }).await;
        hub.pass(99).await;
        assert_eq!(hub.site.posts("/cb").len(), before + 1, "{status}");
        hub.pass(21).await;
        assert_eq!(hub.site.posts("/cb").len(), before + 2, "{status}");
    }
}

#[tokio::test]
async fn newer_content_of_a_fetched_topic_supersedes_what_waits() {
    let hub = Hub::new().await;
    hub.topic(&["/cb"], &[]).await;
    hub.site.next("/cb", [Reply::Status(500), Reply::Status(500)]);
    hub.update("one").await;
    hub.update("two").await;
    hub.pass(72).await;
    hub.pass(144).await;
    assert_eq!(hub.delivered("/cb"), ["one", "two", "two"]);
    assert!(hub.world.ports.store.conservation().await.expect("counts").holds());
}

#[tokio::test]
async fn each_event_of_our_own_pages_counts() {
    let hub = Hub::new().await;
    hub.subscribe(OURS, "/cb", &[]).await;
    hub.site.next("/cb", [Reply::Status(500), Reply::Status(500)]);
    hub.push("one").await;
    hub.push("two").await;
    hub.pass(72).await;
    let posts = hub.site.posts("/cb");
    assert_eq!(posts.len(), 4);
    let bodies: std::collections::HashSet<_> = posts.iter().map(|post| &post.body).collect();
    assert_eq!(bodies.len(), 2, "both, each twice, each as the page stood then");
}

#[tokio::test]
async fn an_operator_may_have_only_new_entries_of_feeds_distributed() {
    let terms = HubTerms { feed_diff: true, ..settings().terms };
    let hub = Hub::with(WebSubSettings { terms, ..settings() }).await;
    let topic = hub.topic(&[], &[]).await;
    hub.site.next("/cb", [CONFIRM]);
    hub.subscribe(&topic, "/cb", &[]).await;
    let entry = |id: u32| format!("<entry><id>urn:{id}</id><title>entry {id}</title></entry>");
    let feed = |entries: &[u32]| {
        let entries: String = entries.iter().map(|id| entry(*id)).collect();
        format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><id>urn:f</id>{entries}</feed>")
    };
    for entries in [&[1][..], &[2, 1], &[2, 1], &[3, 2, 1]] {
        hub.site.publish("/topic", "application/atom+xml", feed(entries));
        hub.pass(2).await;
        hub.ping(&topic).await;
    }
    assert_eq!(hub.delivered("/cb"), [feed(&[1]), feed(&[2]), feed(&[3])]);
}
