use axum::body::Body;
use axum::http::Request;
use domain::hook::{HookScope, NewHook};
use domain::id::TopicId;
use domain::ports::Clock as _;
use domain::rules::target::TargetUrl;
use domain::secret::Secret;
use domain::topic::Page;
use serde_json::{Value, json};
use testkit::a_hook;

use crate::bed::{Bed, ROOT};

const ELSEWHERE: &str = "https://blog.test/feed";
const PAGE: &str = "http://postrider.test/acme/widgets/events/push";
const CALLBACK: &str = "https://reader.test/inbox/t0ken?x=1";

/// One subscription each of a page of `acme/widgets` and of a topic elsewhere; their numbers.
async fn subscribed(bed: &Bed) -> (i64, i64) {
    let repository = bed.ports.directory().locate("acme", "widgets").expect("exists").repository.id;
    let page = Page { repository, name: "push".to_owned() };
    let of_page = bed.ports.store.ensure_topic(PAGE, Some(page), bed.clock.now()).await.expect("made");
    let elsewhere = bed.ports.store.ensure_topic(ELSEWHERE, None, bed.clock.now()).await.expect("made");
    (subscribe(bed, of_page.id).await, subscribe(bed, elsewhere.id).await)
}

async fn subscribe(bed: &Bed, topic: TopicId) -> i64 {
    let (dialect, _) = bed.ports.dialects.hub().expect("a hub");
    let new = NewHook {
        dialect,
        scope: HookScope::Topic(topic),
        url: TargetUrl::parse(CALLBACK).expect("a URL"),
        secret: Some(Secret::new("hunter2")),
        expires_at: Some(bed.clock.now().plus(std::time::Duration::from_secs(600))),
        ..a_hook().listening_to(&["content"]).build()
    };
    let fits = std::sync::Arc::new(|_: &domain::hook::Candidate<'_>, _: &[std::sync::Arc<domain::hook::Hook>]| Ok(()));
    bed.ports.store.create_hook(new, fits).await.expect("made").id.0
}

fn of(path: &str, topic: &str) -> String {
    format!("/api/v1/hub/{path}?topic={}", topic.replace(':', "%3A"))
}

#[tokio::test]
async fn topics_are_for_those_who_answer_for_them() {
    let bed = Bed::acme().await;
    subscribed(&bed).await;
    let urls = async |token| {
        let answer = bed.get(token, "/api/v1/hub/topics").await;
        let items = answer.json["items"].as_array().expect("a list").clone();
        items.iter().map(|item| item["url"].as_str().expect("a URL").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(urls(ROOT).await, [PAGE, ELSEWHERE]);
    assert_eq!(urls("owner-token").await, [PAGE]);
    assert_eq!(urls("ann-token").await, [""; 0]);
    assert_eq!(bed.get("owner-token", &of("subscriptions", PAGE)).await.status(), 200);
    assert_eq!(bed.get("owner-token", &of("subscriptions", ELSEWHERE)).await.status(), 404);
    assert_eq!(bed.get("bob-token", &of("subscriptions", PAGE)).await.status(), 403);
    assert_eq!(bed.get(ROOT, &of("subscriptions", "https://nobody.test/")).await.status(), 404);
    assert_eq!(bed.get(ROOT, "/api/v1/hub/subscriptions").await.fault(), (400, "bad_request", "topic"));
    assert_eq!(bed.get("owner-token", "/api/v1/hub/log").await.status(), 403);
    assert_eq!(bed.get(ROOT, "/api/v1/hub/log").await.json["items"], json!([]));
}

#[tokio::test]
async fn s9_callbacks_and_secrets_of_subscribers_are_not_shown() {
    let bed = Bed::acme().await;
    let (of_page, elsewhere) = subscribed(&bed).await;
    let listed = bed.get("owner-token", &of("subscriptions", PAGE)).await.json;
    let item = &listed["items"][0];
    assert_eq!((&item["callback_host"], &item["signed"]), (&json!("reader.test"), &json!(true)));
    assert_eq!(item["expires_at"], json!("2026-01-02T03:14:05.000Z"));
    let as_hook = bed.get("owner-token", &format!("/api/v1/hooks/{of_page}")).await.json;
    assert_eq!((&as_hook["url"], &as_hook["scope"]), (&json!("https://reader.test/********"), &json!(PAGE)));
    assert_eq!(bed.get("owner-token", &format!("/api/v1/hooks/{elsewhere}")).await.status(), 404);
    let theirs = bed.get(ROOT, &format!("/api/v1/hooks/{elsewhere}")).await.json;
    for shown in [listed, as_hook, theirs] {
        let text = shown.to_string();
        assert!(!text.contains("t0ken") && !text.contains("hunter2"), "{text}");
    }
}

#[tokio::test]
async fn a_subscription_can_be_signed_otherwise_and_ended() {
    let bed = Bed::acme().await;
    let (_, id) = subscribed(&bed).await;
    let path = format!("/api/v1/hub/subscriptions/{id}");
    let patch = async |token, body: Value| bed.ask(token, "PATCH", &path, Some(body)).await;
    assert_eq!(patch(ROOT, json!({"signature": "sha512"})).await.json["signature"], json!("sha512"));
    assert_eq!(patch(ROOT, json!({"signature": null})).await.json["signature"], Value::Null);
    assert_eq!(patch(ROOT, json!({"signature": "md5"})).await.fault(), (422, "invalid", "signature"));
    assert_eq!(patch("owner-token", json!({"signature": "sha1"})).await.status(), 403);
    assert_eq!(bed.delete("owner-token", &path).await.status(), 403);
    assert_eq!(bed.delete(ROOT, &path).await.status(), 204);
    assert_eq!(bed.delete(ROOT, &path).await.status(), 404);
    let github = bed.hook("https://r.test/").await;
    assert_eq!(bed.delete(ROOT, &format!("/api/v1/hub/subscriptions/{github}")).await.status(), 404, "no subscription");
}

#[tokio::test]
async fn content_handed_in_reaches_every_subscription_once_for_each_key() {
    let bed = Bed::acme().await;
    subscribed(&bed).await;
    let hand_in = async |token: &str, topic: &str, key: &str, content_type: Option<&str>| {
        let request = Request::post(of("content", topic)).header("authorization", format!("Bearer {token}"));
        let request = request.header("idempotency-key", key);
        let request = content_type.into_iter().fold(request, |request, text| request.header("content-type", text));
        bed.send(request.body(Body::from("breaking")).expect("a request")).await
    };
    let first = hand_in(ROOT, ELSEWHERE, "k1", Some("text/plain; charset=utf-8")).await;
    assert_eq!((first.status(), &first.json["deliveries"], &first.json["duplicate"]), (202, &json!(1), &json!(false)));
    let again = hand_in(ROOT, ELSEWHERE, "k1", Some("text/plain; charset=utf-8")).await;
    assert_eq!((&again.json["id"], &again.json["duplicate"]), (&first.json["id"], &json!(true)));
    let event = bed.ports.store.event(domain::id::EventId(first.json["id"].as_i64().expect("a number"))).await;
    let event = event.expect("reads").expect("exists");
    assert_eq!((event.content_type.as_str(), &event.data[..]), ("text/plain; charset=utf-8", &b"breaking"[..]));
    assert_eq!(hand_in(ROOT, ELSEWHERE, "k2", None).await.fault(), (400, "bad_request", "content-type"));
    assert_eq!(hand_in(ROOT, PAGE, "k3", Some("text/plain")).await.fault(), (422, "invalid", "topic"));
    assert_eq!(hand_in("owner-token", ELSEWHERE, "k4", Some("text/plain")).await.status(), 403);
}
