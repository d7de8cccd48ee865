//! Headers, limits and the answers to odd requests (contract github sections 0.1, 0.2 and 1.6).

use dialects::ApiSettings;
use serde_json::{Value, json};

use super::{HOOKS, hook, path_of};
use crate::world::{World, request};

#[tokio::test]
async fn every_answer_carries_the_headers_that_clients_read() {
    let world = World::new().await;
    for path in [HOOKS, "/user", "/nothing"] {
        let answer = world.get(path).await;
        assert_eq!(answer.header("content-type"), "application/json; charset=utf-8", "{path}");
        assert_eq!(answer.header("x-github-media-type"), "github.v3; format=json");
        assert_eq!(answer.header("x-github-api-version-selected"), "2022-11-28");
        assert_eq!(answer.header("x-ratelimit-limit"), "5000");
        assert_eq!(answer.header("x-ratelimit-resource"), "core");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("x-oauth-scopes"), "repo, delete_repo, admin:org");
        assert_eq!(answer.header("x-github-request-id").split(':').count(), 5);
    }
    let accepted = "admin:repo_hook, public_repo, read:repo_hook, repo, write:repo_hook";
    assert_eq!(world.get(HOOKS).await.header("x-accepted-oauth-scopes"), accepted);
    assert_eq!(world.get(HOOKS).await.header("x-accepted-github-permissions"), "repository_hooks=read");
}

#[tokio::test]
async fn versions_are_echoed_and_nonsense_is_refused() {
    let world = World::new().await;
    for (version, status) in [("2022-11-28", 200), ("2026-03-10", 200), ("v3", 400), ("latest", 400)] {
        let mut asked = request(&world.token, "GET", "/api/v3/user", Vec::new());
        asked.headers_mut().insert("x-github-api-version", version.parse().expect("a header"));
        let answer = world.send(asked).await;
        assert_eq!(answer.status, status, "{version}");
        let selected = if status == 200 { version } else { "2022-11-28" };
        assert_eq!(answer.header("x-github-api-version-selected"), selected);
    }
}

#[tokio::test]
async fn a_preflight_is_answered_without_a_token() {
    let world = World::new().await;
    for path in [HOOKS, "/nothing"] {
        let answer = world.call_as("", "OPTIONS", path, Value::Null).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str(), answer.header("content-type")), (204, "", ""));
        assert!(answer.header("access-control-allow-methods").contains("PATCH"));
        assert!(answer.header("access-control-allow-headers").contains("Authorization"));
    }
}

#[tokio::test]
async fn the_rate_limit_counts_per_token_and_reopens() {
    let world = World::with(ApiSettings { requests_per_hour: 2, ..ApiSettings::default() }).await;
    assert_eq!(world.get("/user").await.header("x-ratelimit-remaining"), "1");
    assert_eq!(world.get("/user").await.header("x-ratelimit-remaining"), "0");
    let over = world.get("/user").await;
    assert_eq!((over.status.as_u16(), over.header("x-ratelimit-remaining")), (403, "0"));
    assert!(over.json()["message"].as_str().expect("text").starts_with("API rate limit exceeded"));
    let reading = world.get("/rate_limit").await.json();
    assert_eq!((&reading["rate"]["remaining"], &reading["resources"]["core"]["used"]), (&json!(0), &json!(2)));
    let other = world.token_for("alice", "repo").await;
    assert_eq!(world.call_as(&other, "GET", "/user", Value::Null).await.status, 200);
    world.clock.advance(std::time::Duration::from_secs(3_600));
    assert_eq!(world.get("/user").await.status, 200);
}

#[tokio::test]
async fn e12_a_hook_takes_ten_pings_and_tests_per_minute() {
    let world = World::new().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}, "active": false})).await;
    let pings = format!("{}/pings", path_of(&made));
    for _ in 0..10 {
        assert_eq!(world.post(&pings, Value::Null).await.status, 204);
    }
    let over = world.post(&pings, Value::Null).await;
    assert_eq!((over.status.as_u16(), over.header("retry-after")), (403, "60"));
    assert!(over.json()["message"].as_str().expect("text").contains("secondary rate limit"));
    world.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(world.post(&pings, Value::Null).await.status, 204);
}

#[tokio::test]
async fn wrong_methods_and_unknown_paths_are_404_in_json() {
    let world = World::new().await;
    for (method, path) in [
        ("PUT", HOOKS),
        ("DELETE", HOOKS),
        ("GET", "/repos/acme"),
        ("POST", "/user"),
        ("GET", "/a/b/c/d/e/f"),
        ("GET", "//"),
        ("GET", "/%ff%fe"),
        ("GET", "/repos/%ff/app"),
    ] {
        let answer = world.call(method, path, Value::Null).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["message"]), (404, &json!("Not Found")), "{method} {path}");
    }
    let head = world.call("HEAD", HOOKS, Value::Null).await;
    assert_eq!((head.status.as_u16(), head.text.as_str()), (200, ""));
}

#[tokio::test]
async fn basic_authentication_takes_the_token_as_password() {
    let world = World::new().await;
    // alice:token-0 in base64
    let mut asked = request("", "GET", "/api/v3/user", Vec::new());
    asked.headers_mut().insert("authorization", "Basic YWxpY2U6dG9rZW4tMA==".parse().expect("a header"));
    assert_eq!(world.send(asked).await.json()["login"], "alice");
}
