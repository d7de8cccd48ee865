//! What requests came to.

use std::time::Duration;

use domain::attempt::{Next, Outcome, Settlement};
use domain::delivery::{DeliveryState, Reason};
use serde_json::{Value, json};
use testkit::{answered, unanswered};

use super::{P, R, get, id_of, made, one, plain, published, refusal, with};
use crate::world::World;

/// A webhook of the repository with a push answered by each of these, one second apart.
async fn busy(world: &World, exchanges: &[domain::attempt::Exchange]) -> Value {
    let hook = made(world, R, with(json!({"events": ["repo:refs_changed", "pr:opened"]}))).await;
    for exchange in exchanges {
        deliver(world, &hook, "repo:refs_changed", exchange).await;
    }
    hook
}

async fn deliver(world: &World, hook: &Value, event: &str, exchange: &domain::attempt::Exchange) {
    assert_eq!(published(world, "app", event).await, 1);
    assert_eq!(world.deliver(id_of(hook), exchange).await, 1);
    world.clock.advance(Duration::from_secs(1));
}

#[tokio::test]
async fn check_26_the_latest_invocation_by_event_and_outcome() {
    let world = World::new().await;
    let hook = busy(&world, &[]).await;
    let latest = async |query: &str| get(&world, &format!("{}/latest{query}", one(&hook))).await;
    let none = latest("").await;
    assert_eq!((none.status.as_u16(), none.text.as_str()), (204, ""));
    deliver(&world, &hook, "repo:refs_changed", &answered(200)).await;
    deliver(&world, &hook, "repo:refs_changed", &answered(500)).await;
    deliver(&world, &hook, "pr:opened", &answered(204)).await;
    let status = async |query: &str| {
        let answer = latest(query).await;
        if answer.status == 204 { 0 } else { answer.json()["result"]["statusCode"].as_u64().expect("a status") }
    };
    assert_eq!(status("").await, 204, "the newest of all");
    assert_eq!(status("?event=repo:refs_changed").await, 500);
    assert_eq!(status("?event=repo:refs_changed&outcome=SUCCESS").await, 200);
    assert_eq!(status("?outcome=failure").await, 500, "in any case");
    assert_eq!(status("?outcome=SUCCESS&outcome=FAILURE&event=repo:refs_changed").await, 500);
    assert_eq!(status("?outcome=ERROR").await, 0);
    assert_eq!(status("?event=pr:merged").await, 0);
    let bad = latest("?outcome=SKIPPED").await;
    assert_eq!(refusal(&bad, 400, "outcome")["context"], "outcome");
}

#[tokio::test]
async fn an_invocation_has_request_and_result() {
    let world = World::new().await;
    let hook = busy(&world, &[answered(200)]).await;
    let told = get(&world, &format!("{}/latest", one(&hook))).await.json();
    let expected = json!({
        "id": told["id"], "event": "repo:refs_changed",
        "eventScope": {"id": world.app.id.to_string(), "type": "repository"},
        "duration": 271, "start": 1_767_323_045_000_i64, "finish": 1_767_323_045_271_i64,
        "request": {
            "url": "http://r.test/hook", "method": "POST",
            "headers": {"Accept": "*/*", "X-GitHub-Event": "ping"},
            "body": "{\"eventKey\":\"repo:refs_changed\"}",
        },
        "result": {
            "description": "200", "outcome": "SUCCESS", "statusCode": 200,
            "headers": {"Content-Type": "text/plain"}, "body": "ok",
        },
    });
    assert_eq!(told, expected);
    assert!(told["id"].as_i64().is_some_and(|id| (0..=i64::from(i32::MAX)).contains(&id)), "an int32");
}

#[tokio::test]
async fn check_25_timeouts_are_errors_and_404s_failures() {
    let world = World::new().await;
    let hook = busy(&world, &[unanswered(Outcome::TimedOut, "20 s"), answered(404)]).await;
    let latest = async |outcome: &str| get(&world, &format!("{}/latest?outcome={outcome}", one(&hook))).await.json();
    let error = latest("ERROR").await["result"].clone();
    assert_eq!(error, json!({"description": "timed out", "outcome": "ERROR"}));
    let failure = latest("FAILURE").await["result"].clone();
    assert_eq!((&failure["description"], &failure["outcome"]), (&json!("404"), &json!("FAILURE")));
}

#[tokio::test]
async fn a_skipped_delivery_is_an_error_that_names_the_reason() {
    let world = World::new().await;
    let hook = busy(&world, &[answered(200)]).await;
    let reasons = [
        (Reason::BreakerOpen, "skipped: the circuit breaker is open"),
        (Reason::InFlight, "skipped: too many requests are in flight"),
        (Reason::Oversize, "skipped: the payload is too large"),
    ];
    for (reason, description) in reasons {
        published(&world, "app", "pr:opened").await;
        let work = world.due(id_of(&hook)).await.remove(0);
        let settled = world.settled(&work, &answered(200));
        let skipped = Settlement {
            attempt: domain::attempt::Attempt { exchange: None, ..settled.attempt },
            next: Next::Ended { state: DeliveryState::Skipped, reason: Some(reason) },
            ..settled
        };
        world.ports.store.settle(vec![skipped]).await.expect("settled");
        let told = get(&world, &format!("{}/latest?outcome=ERROR", one(&hook))).await.json();
        assert_eq!((&told["event"], &told["duration"]), (&json!("pr:opened"), &json!(0)));
        assert_eq!(told["result"], json!({"description": description, "outcome": "ERROR"}));
        world.clock.advance(Duration::from_secs(1));
    }
    let counts = get(&world, &format!("{}/statistics", one(&hook))).await.json()["counts"].clone();
    assert_eq!((&counts["errors"], &counts["successes"]), (&json!(3), &json!(1)));
}

#[tokio::test]
async fn statistics_are_counts_and_the_newest_of_each_outcome() {
    let world = World::new().await;
    let exchanges = [answered(200), answered(200), answered(500), unanswered(Outcome::ConnectFailed, "x")];
    let hook = busy(&world, &exchanges).await;
    deliver(&world, &hook, "pr:opened", &answered(201)).await;
    let statistics = async |query: &str| get(&world, &format!("{}/statistics{query}", one(&hook))).await.json();
    let whole = statistics("").await;
    let now = domain::ports::Clock::now(&*world.clock).as_micros() / 1_000;
    let window = json!({"start": now - 2_592_000_000, "duration": 2_592_000_000_i64});
    assert_eq!(whole["counts"], json!({"errors": 1, "failures": 1, "successes": 3, "window": window}));
    let outcome = |history: &Value, name: &str| history[name]["result"]["outcome"].clone();
    assert_eq!(outcome(&whole, "lastSuccess"), "SUCCESS");
    assert_eq!(outcome(&whole, "lastFailure"), "FAILURE");
    assert_eq!(outcome(&whole, "lastError"), "ERROR");
    assert_eq!(
        (&whole["lastSuccess"]["event"], &whole["lastSuccess"]["result"]["body"]),
        (&json!("pr:opened"), &json!("ok"))
    );
    let opened = statistics("?event=pr:opened").await;
    assert_eq!((&opened["counts"]["successes"], &opened["lastError"]), (&json!(1), &Value::Null));
    let listed = get(&world, &format!("{R}?statistics=true")).await.json()["values"][0]["statistics"].clone();
    assert_eq!(listed["counts"], whole["counts"]);
    assert_eq!(listed["lastFailure"]["request"], json!({"url": "http://r.test/hook", "method": "POST"}), "an outline");
    assert_eq!(get(&world, &format!("{}?statistics=true", one(&hook))).await.json()["statistics"], whole);
}

#[tokio::test]
async fn the_window_ends_after_30_days() {
    let world = World::new().await;
    let hook = busy(&world, &[answered(200)]).await;
    let successes =
        async || get(&world, &format!("{}/statistics", one(&hook))).await.json()["counts"]["successes"].clone();
    world.clock.advance(Duration::from_secs(30 * 86_400 - 60));
    assert_eq!(successes().await, 1);
    world.clock.advance(Duration::from_secs(86_400));
    assert_eq!(successes().await, 0);
    assert_eq!(get(&world, &format!("{}/latest", one(&hook))).await.status, 204);
}

#[tokio::test]
async fn check_27_a_summary_reads_as_histories_and_as_bare_counts() {
    let world = World::new().await;
    let hook = busy(&world, &[answered(200), answered(500)]).await;
    deliver(&world, &hook, "pr:opened", &answered(200)).await;
    let summary = get(&world, &format!("{}/statistics/summary", one(&hook))).await.json();
    let keys: Vec<_> = summary.as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["pr:opened", "repo:refs_changed"]);
    for (key, entry) in summary.as_object().expect("an object") {
        let counts = &entry["counts"];
        assert!(counts["window"]["duration"].is_u64() && entry["lastSuccess"]["request"]["url"].is_string(), "{key}");
        for name in ["errors", "failures", "successes", "window"] {
            assert_eq!(entry[name], counts[name], "{key} {name}");
        }
    }
    let pushes = &summary["repo:refs_changed"];
    assert_eq!((&pushes["successes"], &pushes["failures"], &pushes["lastError"]), (&json!(1), &json!(1), &Value::Null));
}

#[tokio::test]
async fn check_27_without_invocations_a_projects_summary_has_no_content() {
    let world = World::new().await;
    let hook = busy(&world, &[]).await;
    assert_eq!(get(&world, &format!("{}/statistics/summary", one(&hook))).await.json(), json!({}));
    let hook = made(&world, P, plain("http://r.test/")).await;
    assert_eq!(get(&world, &format!("{P}/{}/statistics/summary", hook["id"])).await.status, 204);
    published(&world, "other", "repo:refs_changed").await;
    world.deliver(id_of(&hook), &answered(200)).await;
    let summary = get(&world, &format!("{P}/{}/statistics/summary", hook["id"])).await.json();
    let scope = &summary["repo:refs_changed"]["lastSuccess"]["eventScope"];
    assert_eq!(scope["type"], "repository", "where it happened");
}
