//! The delivery log, redelivery, pings and tests.

use std::time::Duration;

use domain::attempt::Outcome;
use domain::flow::publish::{Envelope, publish};
use serde_json::{Value, json};
use testkit::{answered, unanswered};

use super::{hook, id_of, path_of, signed_hook};
use crate::world::{World, request};

async fn published(world: &World, id: &str, kind: &str, data: Value) -> usize {
    let envelope = Envelope {
        id: id.to_owned(),
        source: "/repos/acme/app".to_owned(),
        kind: kind.to_owned(),
        subject: None,
        time: None,
        content_type: "application/json".to_owned(),
        data: data.to_string().into(),
        hops: 0,
    };
    publish(&world.ports, envelope).await.expect("published").deliveries
}

async fn log(world: &World, hook: &Value, query: &str) -> Vec<Value> {
    let answer = world.get(&format!("{}/deliveries{query}", path_of(hook))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json().as_array().expect("a list").clone()
}

#[tokio::test]
async fn check_27_the_log_shows_the_ping_in_exactly_githubs_form() {
    let world = World::new().await;
    let made = signed_hook(&world, "http://r.test/h?a=b").await;
    world.deliver(id_of(&made), &answered(200)).await;
    let items = log(&world, &made, "").await;
    let [item] = items.as_slice() else { panic!("one delivery: {items:?}") };
    let expected = json!({
        "id": item["id"], "guid": item["guid"], "delivered_at": "2026-01-02T03:04:05.000Z", "redelivery": false,
        "duration": 0.27, "status": "OK", "status_code": 200, "event": "ping", "action": null,
        "installation_id": null, "repository_id": world.app.id, "url": "", "throttled_at": null,
    });
    assert_eq!(item, &expected);
    let single = world.get(&format!("{}/deliveries/{}", path_of(&made), item["id"])).await.json();
    assert_eq!((&single["url"], &single["guid"]), (&json!("http://r.test/h?a=b"), &item["guid"]));
    assert_eq!(single["request"]["headers"], json!({"Accept": "*/*", "X-GitHub-Event": "ping"}));
    assert_eq!(single["request"]["payload"]["hook_id"], made["id"]);
    assert_eq!(single["response"], json!({"headers": {"Content-Type": "text/plain"}, "payload": "ok"}));
    let last = world.get(&path_of(&made)).await.json()["last_response"].clone();
    assert_eq!(last, json!({"code": 200, "status": "active", "message": "OK"}));
}

#[tokio::test]
async fn check_33_34_every_outcome_has_its_words_and_number() {
    let world = World::new().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}})).await;
    let table = [
        (answered(204), "OK", 204),
        (answered(302), "Invalid HTTP Response: 302", 302),
        (answered(500), "Invalid HTTP Response: 500", 500),
        (unanswered(Outcome::TimedOut, "no answer"), "timed out", 504),
        (unanswered(Outcome::NameFailed, "no answer"), "failed to connect to host", 502),
        (unanswered(Outcome::ConnectFailed, "no answer"), "failed to connect to host", 502),
        (unanswered(Outcome::Refused, "no answer"), "failed to connect to host", 502),
    ];
    world.deliver(id_of(&made), &answered(200)).await;
    for (exchange, status, code) in table {
        world.post(&format!("{}/pings", path_of(&made)), Value::Null).await;
        assert_eq!(world.deliver(id_of(&made), &exchange).await, 1);
        let newest = &log(&world, &made, "?per_page=1").await[0];
        assert_eq!((&newest["status"], &newest["status_code"]), (&json!(status), &json!(code)));
        let single = world.get(&format!("{}/deliveries/{}", path_of(&made), newest["id"])).await.json();
        assert_eq!(single["response"]["payload"].is_null(), exchange.status.is_none());
    }
}

#[tokio::test]
async fn check_36_a_redelivery_keeps_guid_and_bytes_under_a_new_id() {
    let world = World::new().await;
    let first = hook(&world, json!({"config": {"url": "http://1.test/"}, "events": ["watch"], "active": true})).await;
    let second = hook(&world, json!({"config": {"url": "http://2.test/"}, "events": ["*"]})).await;
    for made in [&first, &second] {
        world.deliver(id_of(made), &answered(200)).await;
    }
    assert_eq!(published(&world, "1", "github.watch", json!({"action": "started"})).await, 2);
    let body = world.due(id_of(&second)).await[0].message().body.clone();
    world.deliver(id_of(&first), &answered(500)).await;
    let item = log(&world, &first, "").await[0].clone();
    assert_eq!((&item["event"], &item["action"]), (&json!("watch"), &json!("started")));
    let answer = world.post(&format!("{}/deliveries/{}/attempts", path_of(&first), item["id"]), Value::Null).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (202, json!({})));
    let again = world.due(id_of(&first)).await;
    assert_eq!((again.len(), again[0].redelivery, &again[0].message().body), (1, true, &body));
    assert_eq!(json!(again[0].message().uid.to_string()), item["guid"]);
    for path in [format!("{}/deliveries/{}", path_of(&second), item["id"]), format!("{}/deliveries/1", path_of(&first))]
    {
        assert_eq!(world.get(&path).await.status, 404, "{path}");
        assert_eq!(world.post(&format!("{path}/attempts"), Value::Null).await.status, 404, "{path}");
    }
}

/// A hook with a ping (200) and pings answered 500, 302, not at all, and 200; newest first.
async fn busy_hook(world: &World) -> Value {
    let made = hook(world, json!({"config": {"url": "http://r.test/"}})).await;
    world.deliver(id_of(&made), &answered(200)).await;
    for exchange in [answered(200), unanswered(Outcome::TimedOut, "no answer"), answered(302), answered(500)] {
        world.clock.advance(Duration::from_secs(60));
        world.post(&format!("{}/pings", path_of(&made)), Value::Null).await;
        world.deliver(id_of(&made), &exchange).await;
    }
    made
}

#[tokio::test]
async fn check_37_the_log_pages_by_cursor_newest_first() {
    let world = World::new().await;
    let made = busy_hook(&world).await;
    let all = log(&world, &made, "").await;
    let ids: Vec<i64> = all.iter().map(|item| item["id"].as_i64().expect("an id")).collect();
    assert!(ids.len() == 5 && ids.is_sorted_by(|newer, older| newer > older));
    let mut path = format!("{}/deliveries?per_page=1", path_of(&made));
    let mut walked = Vec::new();
    loop {
        let page = world.get(&path).await;
        walked.extend(page.json().as_array().expect("a list").clone());
        let link = page.header("link").to_owned();
        if link.is_empty() {
            break;
        }
        let url = link.strip_suffix(">; rel=\"next\"").and_then(|link| link.strip_prefix('<')).expect("only next");
        path = url.strip_prefix("http://postrider.test/api/v3").expect("our prefix").to_owned();
        assert!(path.ends_with(&format!("per_page=1&cursor=v1_{}", ids[walked.len()])), "{path}");
    }
    assert_eq!(walked, all);
}

#[tokio::test]
async fn check_37_filters_by_status_count_failures_without_an_answer() {
    let world = World::new().await;
    let made = busy_hook(&world).await;
    let codes = async |query: &str| -> Vec<Value> {
        log(&world, &made, query).await.iter().map(|item| item["status_code"].clone()).collect()
    };
    assert_eq!(codes("").await, [500, 302, 504, 200, 200]);
    assert_eq!(codes("?status=failure").await, [500, 504]);
    assert_eq!(codes("?status=success").await, [302, 200, 200], "a redirect counts as success here");
    assert_eq!(codes("?status=failure&per_page=1").await, [500]);
    assert_eq!(codes("?redelivery=true").await, Vec::<Value>::new());
    assert_eq!(codes("?redelivery=false").await.len(), 5);
    assert_eq!(codes("?event=ping").await.len(), 5);
    assert_eq!(codes("?event=push").await.len(), 0);
    assert_eq!(codes("?since=2026-01-02T03:07:00Z").await, [500, 302]);
    assert_eq!(codes("?until=2026-01-02T03:05:00Z").await, [200]);
    let guid = log(&world, &made, "").await[1]["guid"].as_str().expect("a GUID").to_owned();
    assert_eq!(codes(&format!("?guid={guid}")).await, [302]);
    for query in ["status=x", "redelivery=maybe", "cursor=x", "cursor=%00", "since=yesterday", "until=1", "guid=x"] {
        let answer = world.get(&format!("{}/deliveries?{query}", path_of(&made))).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["message"]), (422, &json!("Validation Failed")), "{query}");
    }
}

fn push_of(ref_name: &str, after: &str) -> Value {
    json!({"ref": ref_name, "before": "1".repeat(40), "after": after.repeat(40), "kind": "branch", "name": ref_name})
}

#[tokio::test]
async fn check_39_tests_send_the_latest_push_of_the_default_branch() {
    let world = World::new().await;
    let listening = hook(&world, json!({"config": {"url": "http://1.test/"}})).await;
    let deaf = hook(&world, json!({"config": {"url": "http://2.test/"}, "events": ["issues"]})).await;
    for made in [&listening, &deaf] {
        world.deliver(id_of(made), &answered(200)).await;
        assert_eq!(world.post(&format!("{}/tests", path_of(made)), Value::Null).await.status, 204);
        assert!(world.due(id_of(made)).await.is_empty(), "nothing was pushed yet");
    }
    let data = json!({"pusher": {"login": "alice"}, "refs": [push_of("refs/heads/side", "a"), push_of("refs/heads/main", "b")]});
    assert_eq!(published(&world, "1", "push", data).await, 2);
    world.deliver(id_of(&listening), &answered(200)).await;
    for alias in ["tests", "test"] {
        for made in [&listening, &deaf] {
            assert_eq!(world.post(&format!("{}/{alias}", path_of(made)), Value::Null).await.status, 204);
        }
        let work = world.due(id_of(&listening)).await;
        assert_eq!((work.len(), &*work[0].message().kind), (1, "push"));
        let body: Value = serde_json::from_slice(&work[0].message().body).expect("JSON");
        assert_eq!(body["ref"], "refs/heads/main");
        assert!(world.due(id_of(&deaf)).await.is_empty());
    }
}

#[tokio::test]
async fn check_43_an_inactive_hook_answers_an_explicit_ping_only() {
    let world = World::new().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}, "events": ["*"], "active": false})).await;
    assert_eq!(published(&world, "1", "github.watch", json!({"action": "started"})).await, 0);
    assert_eq!(world.post(&format!("{}/tests", path_of(&made)), Value::Null).await.status, 204);
    assert!(world.due(id_of(&made)).await.is_empty());
    assert_eq!(world.post(&format!("{}/pings", path_of(&made)), Value::Null).await.status, 204);
    assert_eq!(world.due(id_of(&made)).await.len(), 1);
}

#[tokio::test]
async fn check_28_the_ping_of_an_organizations_hook_names_the_organization() {
    let world = World::new().await;
    let body = json!({"scope": "/orgs/acme", "dialect": "github", "url": "http://r.test/", "events": ["watch"]});
    let token = world.token_for("alice", "admin:org_hook").await;
    let create = request(&token, "POST", "/api/v1/hooks", body.to_string().into_bytes());
    let made = world.send(create).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    world.send(request(&token, "POST", &format!("/api/v1/hooks/{}/pings", made["id"]), Vec::new())).await;
    let work = world.due(id_of(&made)).await;
    let ping: Value = serde_json::from_slice(&work.last().expect("a ping").message().body).expect("JSON");
    assert_eq!((&ping["organization"]["login"], ping.get("repository")), (&json!("acme"), None));
    let hook = ping["hook"].as_object().expect("the hook");
    assert_eq!(hook["type"], "Organization");
    assert_eq!(hook["url"], format!("http://postrider.test/api/v3/orgs/acme/hooks/{}", made["id"]));
    assert!(!hook.contains_key("test_url") && !hook.contains_key("last_response"));
}
