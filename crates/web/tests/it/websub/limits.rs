//! Caps (contract websub sections 3 and 12, E-15).

use axum::http::StatusCode;
use dialects::WebSubSettings;
use domain::hub::HubTerms;

use super::hub::{FORM, Hub, form, request, settings};
use super::site::Reply;

async fn hub(change: impl FnOnce(&mut HubTerms)) -> Hub {
    let mut settings = settings();
    change(&mut settings.terms);
    Hub::with(settings).await
}

/// Is a subscription of the site's `callback` refused for now?
async fn full(hub: &Hub, topic: &str, callback: &str) -> bool {
    let url = if callback.starts_with('/') { hub.site.url(callback) } else { callback.to_owned() };
    let answer = hub.post(&[("hub.mode", "subscribe"), ("hub.topic", topic), ("hub.callback", &url)]).await;
    hub.quiet().await;
    if answer.status == StatusCode::TOO_MANY_REQUESTS {
        assert!(answer.headers["retry-after"].to_str().is_ok_and(|wait| wait.parse::<u32>().is_ok()), "{answer:?}");
        assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
        return true;
    }
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    false
}

#[tokio::test]
async fn a_topic_takes_so_many_subscriptions() {
    let hub = hub(|terms| terms.max_per_topic = 2).await;
    let topic = hub.topic(&["/a", "/b"], &[]).await;
    assert!(full(&hub, &topic, "/c").await);
    assert!(!full(&hub, &topic, "/a").await, "renewals are always taken");
    hub.unsubscribe(&topic, "/a").await;
    assert!(!full(&hub, &topic, "/c").await);
    assert!(hub.find(&topic, "/c").is_some());
}

#[tokio::test]
async fn a_callback_host_takes_so_many_subscriptions_over_all_topics() {
    let hub = hub(|terms| terms.max_per_host = 2).await;
    let topic = hub.topic(&["/a", "/b"], &[]).await;
    hub.site.publish("/other", "text/plain", "other");
    let other = hub.site.url("/other");
    assert!(full(&hub, &other, "/a").await);
    assert!(!full(&hub, &topic, "/b").await);
    assert!(!full(&hub, &other, &format!("http://localhost:{}/c", hub.site.port())).await, "another host");
}

#[tokio::test]
async fn what_fills_up_while_a_request_waits_is_denied() {
    let hub = hub(|terms| terms.max_per_topic = 1).await;
    let topic = hub.topic(&[], &[]).await;
    hub.site.next("/slow", [Reply::Status(503)]);
    hub.subscribe(&topic, "/slow", &[]).await;
    hub.subscribe(&topic, "/fast", &[]).await;
    hub.pass(5).await;
    assert!(hub.find(&topic, "/fast").is_some() && hub.find(&topic, "/slow").is_none());
    assert_eq!(hub.site.gets("/slow").pop().map(|seen| seen.mode()).as_deref(), Some("denied"));
}

#[tokio::test]
async fn so_many_unverified_requests_wait_for_one_callback_host() {
    let hub = hub(|terms| terms.max_pending.per_host = 3).await;
    let topic = hub.topic(&[], &[]).await;
    for callback in ["/a", "/b", "/c", "/d"] {
        hub.site.always(callback, Reply::Status(503));
    }
    for callback in ["/a", "/b", "/c"] {
        assert!(!full(&hub, &topic, callback).await);
    }
    assert!(full(&hub, &topic, "/d").await);
    assert!(!full(&hub, &topic, "/a").await, "a newer request takes the place of the older one");
    assert!(!full(&hub, &topic, &format!("http://localhost:{}/d", hub.site.port())).await);
    for seconds in [5, 30, 240] {
        hub.pass(seconds).await;
    }
    assert!(!full(&hub, &topic, "/d").await, "when those are over there is room again");
}

#[tokio::test]
async fn e15_a_source_has_so_many_requests_in_a_minute() {
    let hub = Hub::with(WebSubSettings { requests_per_minute: 2, ..settings() }).await;
    let fields = [("hub.mode", "publish"), ("hub.url", "http://nobody.test/")];
    let ping = async |source| hub.world.send_from(source, request("POST", "/websub", FORM, form(&fields))).await;
    for expected in [StatusCode::NO_CONTENT, StatusCode::NO_CONTENT, StatusCode::TOO_MANY_REQUESTS] {
        assert_eq!(ping("198.51.100.7").await.status, expected);
    }
    let answer = ping("198.51.100.7").await;
    assert_eq!(answer.headers["retry-after"], "60");
    assert_eq!(ping("198.51.100.8").await.status, StatusCode::NO_CONTENT, "others are not concerned");
    hub.pass(59).await;
    assert_eq!(ping("198.51.100.7").await.headers["retry-after"], "1");
    hub.pass(1).await;
    assert_eq!(ping("198.51.100.7").await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn d22_a_host_gets_few_questions_at_once() {
    let hub = hub(|_| {}).await;
    let topic = hub.topic(&[], &[]).await;
    let gate = std::sync::Arc::new(tokio::sync::Semaphore::new(0));
    let callbacks: Vec<_> = (0..12).map(|number| format!("/{number}")).collect();
    for callback in &callbacks {
        hub.site.always(callback, Reply::Held(gate.clone(), Box::new(super::site::CONFIRM)));
        hub.ask("subscribe", &topic, &hub.site.url(callback), &[]).await;
    }
    let asked = || callbacks.iter().map(|callback| hub.site.gets(callback).len()).sum::<usize>();
    crate::world::eventually(|| async { (asked() == 4).then_some(()) }).await;
    let backlog = hub.world.ports.store.hub_backlog(domain::time::Timestamp::default()).await.expect("counts");
    assert_eq!((backlog.tasks, backlog.under_way), (12, 4));
    gate.add_permits(12);
    hub.noted("verify_intent", 12).await;
    assert!(callbacks.iter().all(|callback| hub.find(&topic, callback).is_some()));
}
