//! Delivery items and redelivery (contract bitrise section 3).

use std::time::Duration;

use domain::attempt::Outcome;
use domain::flow::builds;
use domain::id::HookId;
use serde_json::{Value, json};
use testkit::{a_build, answered, unanswered};

use super::{Bed, assert_refused, simple};

/// Starts a build, and so tells the hooks of it.
async fn started(bed: &Bed, name: &str) {
    let new = a_build(bed.app.id, name);
    builds::start(&bed.world.ports, vec![new], Vec::new()).await.expect("started");
}

fn id_of(bed: &Bed) -> HookId {
    bed.stored()[0].id
}

async fn items(bed: &Bed, path: &str, query: &str) -> Value {
    bed.get(&format!("{path}/delivery-items{query}")).await
}

#[tokio::test]
async fn an_item_shows_what_was_sent_and_what_came_back() {
    let bed = Bed::new().await;
    let path = bed.hook_path(&bed.hook(simple("r.test/in")).await);
    assert_eq!(
        items(&bed, &path, "").await,
        json!({"data": [], "paging": {"total_item_count": 0, "page_item_limit": 50}})
    );
    started(&bed, "b1").await;
    assert_eq!(bed.world.deliver(id_of(&bed), &answered(200)).await, 1);
    let list = items(&bed, &path, "").await;
    let item = &list["data"][0];
    let payload: Value = serde_json::from_str(item["request_payload"].as_str().expect("text")).expect("JSON");
    assert_eq!((&payload["build_status"], &payload["app_slug"]), (&json!(0), &json!(bed.app.slug())));
    let expected = json!({
        "slug": item["slug"],
        "created_at": "2026-01-02T03:04:05.000000Z",
        "updated_at": item["updated_at"],
        "request_url": "http://r.test/in",
        "request_headers": "{\"Accept\":\"*/*\",\"X-GitHub-Event\":\"ping\"}",
        "request_payload": item["request_payload"],
        "response_http_status": 200,
        "response_headers": "{\"Content-Type\":\"text/plain\"}",
        "response_body": "ok",
        "response_seconds": 0,
    });
    assert_eq!(item, &expected);
    assert_eq!(list["paging"], json!({"total_item_count": 1, "page_item_limit": 50}));
    let slug = item["slug"].as_str().expect("a slug");
    assert_eq!(slug.len(), 26);
    assert_eq!(bed.get(&format!("{path}/delivery-items/{slug}")).await, *item, "bare");
}

#[tokio::test]
async fn a_request_without_an_answer_has_no_response() {
    let bed = Bed::new().await;
    let path = bed.hook_path(&bed.hook(simple("r.test")).await);
    started(&bed, "b1").await;
    bed.world.deliver(id_of(&bed), &unanswered(Outcome::TimedOut, "no answer within 10 s")).await;
    let item = items(&bed, &path, "").await["data"][0].clone();
    for member in ["response_http_status", "response_headers", "response_body", "response_seconds"] {
        assert_eq!(item.get(member), Some(&Value::Null), "{member}");
    }
}

#[tokio::test]
async fn items_are_listed_newest_first_and_page_by_page() {
    let bed = Bed::new().await;
    let path = bed.hook_path(&bed.hook(simple("r.test")).await);
    for name in ["b1", "b2", "b3"] {
        started(&bed, name).await;
        bed.world.deliver(id_of(&bed), &answered(200)).await;
        bed.world.clock.advance(Duration::from_secs(1));
    }
    let all = items(&bed, &path, "").await;
    let slugs: Vec<_> = all["data"].as_array().expect("a list").iter().map(|item| item["slug"].clone()).collect();
    assert!(slugs.len() == 3 && slugs.is_sorted_by(|a, b| a.as_str() > b.as_str()), "{slugs:?}");
    let first = items(&bed, &path, "?limit=2").await;
    assert_eq!(first["paging"], json!({"total_item_count": 3, "page_item_limit": 2, "next": slugs[2]}));
    let next = slugs[2].as_str().expect("text");
    let second = items(&bed, &path, &format!("?limit=2&next={next}")).await;
    assert_eq!(second["data"][0], all["data"][2]);
    assert_eq!(second["paging"], json!({"total_item_count": 3, "page_item_limit": 2}));
    let bad = bed.call("GET", &format!("{path}/delivery-items?next=x"), Value::Null).await;
    assert_refused(&bad, 400, "next: names no item of this list", "nonsense");
}

#[tokio::test]
async fn check_23_redelivery_goes_to_the_url_of_today_and_makes_another_item() {
    let bed = Bed::new().await;
    let path = bed.hook_path(&bed.hook(simple("r.test/old")).await);
    started(&bed, "b1").await;
    bed.world.deliver(id_of(&bed), &answered(500)).await;
    bed.world.clock.advance(Duration::from_secs(1));
    let first = items(&bed, &path, "").await["data"][0].clone();
    assert_eq!(bed.call("PUT", &path, simple("r.test/new")).await.status, 200);
    bed.world.clock.advance(Duration::from_secs(1));
    let slug = first["slug"].as_str().expect("a slug");
    let answer = bed.call("POST", &format!("{path}/delivery-items/{slug}/redeliver"), Value::Null).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert!(answer.json()["message"].is_string());
    assert_eq!(bed.world.deliver(id_of(&bed), &answered(200)).await, 1);
    let list = items(&bed, &path, "").await;
    let [second, kept] = list["data"].as_array().expect("a list").as_slice() else { panic!("two items: {list}") };
    assert_eq!(kept, &first, "the log does not change");
    assert_eq!((&second["request_url"], &second["response_http_status"]), (&json!("http://r.test/new"), &json!(200)));
    assert_eq!(second["request_payload"], first["request_payload"], "the same bytes");
}

#[tokio::test]
async fn items_of_other_hooks_are_not_found() {
    let bed = Bed::new().await;
    let path = bed.hook_path(&bed.hook(simple("r.test/1")).await);
    started(&bed, "b1").await;
    bed.world.deliver(id_of(&bed), &answered(200)).await;
    let slug = items(&bed, &path, "").await["data"][0]["slug"].as_str().expect("a slug").to_owned();
    let other = bed.hook_path(&bed.hook(simple("r.test/2")).await);
    for (method, path) in [
        ("GET", format!("{other}/delivery-items/{slug}")),
        ("POST", format!("{other}/delivery-items/{slug}/redeliver")),
        ("GET", format!("{path}/delivery-items/01D72ARNH4KR7KMW3DG3NBKXRK")),
        ("GET", format!("{path}/delivery-items/1")),
    ] {
        assert_refused(&bed.call(method, &path, Value::Null).await, 404, "Not Found", &path);
    }
}
