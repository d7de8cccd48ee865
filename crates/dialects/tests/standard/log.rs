use std::time::Duration;

use bytes::Bytes;
use domain::attempt::{Attempt, Exchange, HookFate, Next, Outcome, Settlement};
use domain::delivery::{DeliveryState, Work};
use domain::id::HookId;
use domain::ports::{ClaimDue, Clock as _};
use serde_json::json;

use crate::bed::{Bed, event};

/// Plays the engine: attempts everything due of a hook, with this answer.
async fn attempt_all(bed: &Bed, hook: i64, status: u16) {
    let now = bed.clock.now();
    let claim = ClaimDue { now, lanes: vec![(HookId(hook), 100)], lease_until: now.plus(Duration::from_secs(60)) };
    let work = bed.ports.store.claim_due(claim).await.expect("claims");
    assert!(!work.is_empty(), "something is due");
    let batch = work.iter().map(|work| settled(bed, work, status)).collect();
    bed.ports.store.settle(batch).await.expect("settles");
}

pub(crate) fn settled(bed: &Bed, work: &Work, status: u16) -> Settlement {
    let now = bed.clock.now();
    let state = if status < 300 { DeliveryState::Succeeded } else { DeliveryState::Failed };
    let exchange = Exchange {
        outcome: Outcome::Answered,
        status: Some(status),
        error: None,
        duration: Duration::from_millis(12),
        response_head: Bytes::from_static(b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Evil: \x1b[2J\r\n"),
        response_body: Bytes::from_static(b"thanks \xff"),
        retry_after: None,
    };
    Settlement {
        attempt: Attempt {
            id: bed.ports.store.attempt_id(now),
            delivery: work.delivery,
            event: work.outgoing.event,
            hook: work.hook,
            message: work.message,
            number: work.attempts + 1,
            redelivery: work.redelivery,
            recovered: work.recovered,
            started_at: now,
            request_head: Bytes::from_static(b"X-GitHub-Event: push\r\nAuthorization: Basic Ym9iOnB3\r\n"),
            exchange: Some(exchange),
        },
        next: Next::Ended { state, reason: None },
        lease: work.lease,
        hook: HookFate::Stays,
        tally: None,
        breaker: None,
    }
}

#[tokio::test]
async fn the_log_lists_shows_filters_and_pages() {
    let bed = Bed::acme().await;
    let hook = bed.hook("http://user:pw@r.test/").await;
    for (n, status) in [(1, 200), (2, 500), (3, 204)] {
        let data = json!({"n": n});
        bed.publish_json("owner-token", event(&n.to_string(), "github.push", &data)).await;
        attempt_all(&bed, hook, status).await;
        bed.clock.advance(Duration::from_secs(10));
    }
    let path = format!("/api/v1/hooks/{hook}/deliveries");
    let statuses = async |query: &str| -> Vec<u64> {
        let page = bed.get("owner-token", &format!("{path}{query}")).await;
        assert_eq!(page.status(), 200, "{page:?}");
        let items = page.json["items"].as_array().expect("items").iter();
        items.map(|item| item["status"].as_u64().expect("a number")).collect()
    };
    assert_eq!(statuses("").await, [204, 500, 200]);
    assert_eq!(statuses("?failed=true").await, [500]);
    assert_eq!(statuses("?failed=false&event=push").await, [204, 200]);
    assert_eq!(statuses("?event=issues").await, [0_u64; 0]);
    assert_eq!(statuses("?since=2026-01-02T03:04:15Z").await, [204, 500]);
    assert_eq!(statuses("?until=2026-01-02T03:04:15Z").await, [200]);
    let first = bed.get("owner-token", &format!("{path}?limit=2")).await.json;
    let next = first["next"].as_str().expect("more");
    assert_eq!(statuses(&format!("?limit=2&cursor={next}")).await, [200]);
    let guid = first["items"][1]["guid"].as_str().expect("text");
    assert_eq!(statuses(&format!("?guid={guid}")).await, [500]);
    for bad in ["since=noon", "guid=7", "failed=maybe", "limit=0"] {
        let (status, _, field) = { bed.get("owner-token", &format!("{path}?{bad}")).await }.fault().to_owned_parts();
        assert_eq!((status, field), (400, bad.split('=').next().expect("a name").to_owned()));
    }
    let row = &first["items"][1];
    let expected = json!({"event": "push", "number": 1, "redelivery": false, "recovered": false, "duration_ms": 12,
        "outcome": "answered", "state": "failed", "reason": null, "retry_at": null, "hook": hook,
        "started_at": "2026-01-02T03:04:15.000Z", "url": "http://********@r.test/"});
    for (name, value) in expected.as_object().expect("an object") {
        assert_eq!(&row[name], value, "{name}");
    }
    assert_eq!((row.get("request"), row.get("response")), (None, None));
}

/// Lets a fault outlive its answer.
trait Owned {
    fn to_owned_parts(self) -> (u16, String, String);
}

impl Owned for (u16, &str, &str) {
    fn to_owned_parts(self) -> (u16, String, String) {
        (self.0, self.1.to_owned(), self.2.to_owned())
    }
}

#[tokio::test]
async fn one_attempt_is_shown_with_request_and_response_but_without_credentials() {
    let bed = Bed::acme().await;
    let hook = bed.hook("http://r.test/").await;
    let body = r#"{"ref" : "x"}"#;
    let text = format!(
        r#"{{"specversion":"1.0","id":"1","source":"/repos/acme/widgets","type":"github.push","data":{body}}}"#
    );
    bed.publish("owner-token", &[("content-type", "application/cloudevents+json")], text).await;
    attempt_all(&bed, hook, 200).await;
    let listed = bed.get("owner-token", &format!("/api/v1/hooks/{hook}/deliveries")).await.json;
    let path = format!("/api/v1/deliveries/{}", listed["items"][0]["id"]);
    let shown = bed.get("owner-token", &path).await.json;
    assert_eq!(shown["request"]["body"], body);
    let headers = json!({"X-GitHub-Event": "push", "Authorization": "********"});
    assert_eq!(shown["request"]["headers"], headers, "S-8");
    assert_eq!(shown["response"]["headers"]["Set-Cookie"], "a=1, b=2");
    assert_eq!(shown["response"]["body"], "thanks \u{fffd}");
    assert_eq!(bed.get("ann-token", &path).await.status(), 403);
    assert_eq!(bed.get("owner-token", "/api/v1/deliveries/1").await.fault(), (404, "not_found", ""));
}

#[tokio::test]
async fn a_redelivery_is_a_new_delivery_of_the_same_message() {
    let bed = Bed::acme().await;
    let hook = bed.hook("http://r.test/").await;
    bed.publish_json("owner-token", event("1", "github.push", &json!({}))).await;
    attempt_all(&bed, hook, 500).await;
    let path = format!("/api/v1/hooks/{hook}/deliveries");
    let failed = bed.get("owner-token", &path).await.json["items"][0].clone();
    let again = format!("/api/v1/deliveries/{}/redeliver", failed["id"]);
    assert_eq!(bed.post("ann-token", &again, json!({})).await.status(), 403);
    let answer = bed.post("owner-token", &again, json!({})).await;
    assert_eq!(answer.status(), 202, "{answer:?}");
    let shown = bed.get("owner-token", &format!("/api/v1/hooks/{hook}")).await.json;
    assert_eq!(shown["queued"], 1);
    attempt_all(&bed, hook, 200).await;
    let newest = bed.get("owner-token", &path).await.json["items"][0].clone();
    assert_eq!((&newest["redelivery"], &newest["delivery"]), (&json!(true), &answer.json["delivery"]));
    assert_eq!(newest["guid"], failed["guid"], "D-10: the receiver sees the same message");
}
