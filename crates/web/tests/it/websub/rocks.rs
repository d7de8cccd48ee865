//! websub.rocks, restated: its hub tests (contract websub section 13.1) and its publisher tests on our own pages (13.3).

use aws_lc_rs::hmac::{HMAC_SHA256, Key, sign};
use axum::http::StatusCode;

use super::hub::{HUB, Hub, OURS};
use super::site::Seen;

/// C1 to C6: an ordinary subscription of `/h` to the site's `/topic`.
async fn subscribed(hub: &Hub, content_type: &str, body: &'static str, more: &[(&str, &str)]) -> String {
    hub.site.publish("/topic", content_type, body);
    let topic = hub.site.url("/topic");
    hub.subscribe(&topic, "/h", more).await;
    let asked = hub.site.gets("/h").pop().expect("C2");
    assert_eq!((asked.mode(), asked.param("hub.topic")), ("subscribe".to_owned(), Some(topic.clone())), "C2, C3");
    assert!(asked.param("hub.challenge").is_some_and(|challenge| !challenge.is_empty()), "C4");
    assert!(asked.param("hub.lease_seconds").is_some_and(|lease| lease.parse::<u64>().is_ok()), "C5");
    assert!(hub.find(&topic, "/h").is_some(), "C6");
    topic
}

/// C7 to C10: what `/h` got since.
async fn published(hub: &Hub, content_type: &str, body: &'static str) -> Vec<Seen> {
    hub.site.publish("/topic", content_type, body);
    let topic = hub.site.url("/topic");
    hub.pass(2).await;
    hub.ping(&topic).await;
    let posts = hub.site.posts("/h");
    for post in &posts {
        assert_eq!(post.body, body, "C8");
        assert_eq!(post.header("content-type"), Some(content_type), "C9");
        let links = format!("<{topic}>; rel=\"self\", <{HUB}>; rel=\"hub\"");
        assert_eq!(post.header("link"), Some(links.as_str()), "C10");
    }
    posts
}

const HTML: &str = "<html><body class='h-feed'>one</body></html>";
const MORE: &str = "<html><body class='h-feed'>two</body></html>";

#[tokio::test]
async fn hub_100_an_ordinary_subscription() {
    let hub = Hub::new().await;
    subscribed(&hub, "text/html; charset=UTF-8", HTML, &[]).await;
    let posts = published(&hub, "text/html; charset=UTF-8", MORE).await;
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0].header("x-hub-signature"), None);
}

#[tokio::test]
async fn hub_101_a_subscription_with_a_secret_is_signed() {
    let hub = Hub::new().await;
    subscribed(&hub, "text/html", HTML, &[("hub.secret", "it's a secret")]).await;
    let posts = published(&hub, "text/html", MORE).await;
    assert_eq!(posts.len(), 1);
    let mac = sign(&Key::new(HMAC_SHA256, b"it's a secret"), MORE.as_bytes());
    let hex = mac.as_ref().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    assert_eq!(posts[0].header("x-hub-signature"), Some(format!("sha256={hex}").as_str()));
}

#[tokio::test]
async fn hub_102_extra_parameters_are_ignored() {
    let hub = Hub::new().await;
    subscribed(&hub, "text/html", HTML, &[("foo", "bar"), ("hub.foo", "hub.bar")]).await;
    assert_eq!(published(&hub, "text/html", MORE).await.len(), 1);
}

#[tokio::test]
async fn hub_103_subscribing_twice_brings_one_delivery() {
    let hub = Hub::new().await;
    subscribed(&hub, "text/html", HTML, &[]).await;
    subscribed(&hub, "text/html", HTML, &[]).await;
    assert_eq!(published(&hub, "text/html", MORE).await.len(), 1);
}

#[tokio::test]
async fn hub_104_unsubscribing_ends_deliveries() {
    let hub = Hub::new().await;
    let topic = subscribed(&hub, "text/html", HTML, &[]).await;
    hub.unsubscribe(&topic, "/h").await;
    let asked = hub.site.gets("/h").pop().expect("asked");
    assert_eq!((asked.mode(), asked.param("hub.topic")), ("unsubscribe".to_owned(), Some(topic)));
    assert_eq!(published(&hub, "text/html", MORE).await.len(), 0);
}

#[tokio::test]
async fn hub_105_plain_text_is_intact() {
    let hub = Hub::new().await;
    subscribed(&hub, "text/plain", "one\n", &[]).await;
    assert_eq!(published(&hub, "text/plain", "two\r\n\ttwo\n").await.len(), 1);
}

#[tokio::test]
async fn hub_106_json_is_intact() {
    let hub = Hub::new().await;
    subscribed(&hub, "application/json", "[1]", &[]).await;
    assert_eq!(published(&hub, "application/json", "{ \"two\": 2.0 }").await.len(), 1);
}

#[tokio::test]
async fn publisher_1_to_3_a_page_names_one_hub_and_itself_in_headers_and_in_its_body() {
    let hub = Hub::new().await;
    for path in ["/air/kite/events/push", "/air/kite/events/push.atom", "/air/kite/events/push.json"] {
        let page = hub.world.get(path).await;
        let topic = format!("http://postrider.test{path}");
        let links = format!("<{topic}>; rel=\"self\", <{HUB}>; rel=\"hub\"");
        let named: Vec<_> = page.headers.get_all("link").iter().collect();
        assert_eq!(named, [links.as_str()], "{path}");
        assert_eq!((page.text.matches(HUB).count(), page.text.contains(&topic)), (1, true), "{path}: {}", page.text);
    }
}

#[tokio::test]
async fn publisher_4_to_6_the_advertised_hub_takes_a_subscription_and_brings_what_is_new() {
    let hub = Hub::new().await;
    hub.subscribe(OURS, "/h", &[("hub.lease_seconds", "7200")]).await;
    let asked = hub.site.gets("/h").pop().expect("asked");
    assert_eq!(asked.param("hub.topic").as_deref(), Some(OURS));
    assert_eq!(asked.param("hub.lease_seconds").as_deref(), Some("7200"));
    hub.push("one").await;
    let [post] = &hub.site.posts("/h")[..] else { panic!("one delivery") };
    let page = hub.world.get("/air/kite/events/push.json").await;
    assert_eq!((page.status, page.text.as_bytes()), (StatusCode::OK, &post.body[..]), "what the page says");
    assert_eq!(post.headers.get("content-type"), page.headers.get("content-type"));
    assert_eq!(post.headers.get("link"), page.headers.get("link"));
}
