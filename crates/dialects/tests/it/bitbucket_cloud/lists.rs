//! Pages, slashes, event keys.

use axum::http::header::ALLOW;
use serde_json::{Value, json};

use super::{HOOKS, ORIGIN, assert_refused, call, call_as, get, hook, path_of, simple};
use crate::world::{World, answer, request};

fn count(page: &Value) -> usize {
    page["values"].as_array().expect("a list").len()
}

#[tokio::test]
async fn check_07_twenty_five_hooks_make_three_pages() {
    let world = World::new().await;
    for _ in 0..25 {
        hook(&world, simple("http://r.test/")).await;
    }
    let mut path = format!("{HOOKS}?pagelen=10&a=b%2Cc");
    let mut seen = Vec::new();
    for (number, length) in [(1, 10), (2, 10), (3, 5)] {
        let page = get(&world, &path).await.json();
        assert_eq!((count(&page), &page["page"], &page["size"]), (length, &json!(number), &json!(25)));
        assert_eq!(page["pagelen"], 10);
        seen.extend(page["values"].as_array().expect("a list").iter().map(|hook| hook["uuid"].clone()));
        let link = |page: u32| json!(format!("{ORIGIN}{HOOKS}?pagelen=10&a=b%2Cc&page={page}"));
        assert_eq!(page.get("previous"), (number > 1).then(|| link(number - 1)).as_ref());
        assert_eq!(page.get("next"), (number < 3).then(|| link(number + 1)).as_ref());
        if let Some(next) = page.get("next") {
            path = next.as_str().expect("a link").strip_prefix(ORIGIN).expect("absolute").to_owned();
        }
    }
    seen.sort_by_key(Value::to_string);
    seen.dedup();
    assert_eq!(seen.len(), 25);
    assert_eq!(get(&world, &format!("{HOOKS}?pagelen=101")).await.json()["pagelen"], 100);
    let beyond = get(&world, &format!("{HOOKS}?page=9")).await.json();
    assert_eq!((count(&beyond), &beyond["previous"]), (0, &json!(format!("{ORIGIN}{HOOKS}?page=3"))));
    assert_eq!(get(&world, HOOKS).await.json()["pagelen"], 10, "unless asked otherwise");
    let none = get(&world, "/repositories/acme/other/hooks").await.json();
    assert_eq!(none, json!({"pagelen": 10, "values": [], "page": 1, "size": 0}));
}

#[tokio::test]
async fn check_08_a_trailing_slash_changes_nothing() {
    let world = World::new().await;
    let slashed = format!("{HOOKS}/");
    let made = call(&world, "POST", &slashed, simple("http://r.test/")).await;
    assert_eq!(made.status, 201);
    let path = path_of(&made.json());
    for path in [HOOKS, &path, "/hook_events", "/hook_events/repository", "/user", "/workspaces", "/repositories/acme"]
    {
        let (without, with) = (get(&world, path).await, get(&world, &format!("{path}/")).await);
        assert_eq!((without.status.as_u16(), &without.text), (200, &with.text), "{path}");
    }
    assert_eq!(call(&world, "PUT", &format!("{path}/"), json!({"active": false})).await.status, 200);
    assert_eq!(call(&world, "DELETE", &format!("{path}/"), Value::Null).await.status, 204);
}

#[tokio::test]
async fn check_15_event_keys_are_public() {
    let world = World::new().await;
    let public = async |path: &str| call_as(&world, "", "GET", path, Value::Null).await;
    let index = public("/hook_events").await;
    let link = |kind: &str| json!({"links": {"events": {"href": format!("{ORIGIN}/hook_events/{kind}")}}});
    assert_eq!(index.json(), json!({"repository": link("repository"), "workspace": link("workspace")}));
    for (kind, keys) in [("repository", 25), ("workspace", 29)] {
        let page = public(&format!("/hook_events/{kind}")).await.json();
        assert_eq!((&page["size"], &page["pagelen"], page.get("next")), (&json!(keys), &json!(30), None), "{kind}");
        let first = &page["values"][0];
        assert_eq!(
            (&first["category"], &first["event"], &first["label"]),
            (&json!("Repository"), &json!("repo:push"), &json!("Push"))
        );
        assert!(first["description"].is_string());
        let turned = public(&format!("/hook_events/{kind}?pagelen=10")).await.json();
        assert_eq!(turned["next"], format!("{ORIGIN}/hook_events/{kind}?pagelen=10&page=2"));
    }
    for strange in ["team", "user", "Repository", "%00", "%ff"] {
        assert_refused(&public(&format!("/hook_events/{strange}")).await, 404, strange);
    }
}

#[tokio::test]
async fn what_is_not_served_says_so_in_the_envelope() {
    let world = World::new().await;
    let path = path_of(&hook(&world, simple("http://r.test/")).await);
    for (method, path, allowed) in [
        ("DELETE", HOOKS, "GET,HEAD,POST"),
        ("PATCH", &path, "GET,HEAD,PUT,DELETE"),
        ("POST", &path, "GET,HEAD,PUT,DELETE"),
        ("POST", "/hook_events", "GET,HEAD"),
        ("DELETE", "/repositories/acme/app", "GET,HEAD"),
        ("PUT", "/user/", "GET,HEAD"),
    ] {
        let answer = call(&world, method, path, Value::Null).await;
        assert_refused(&answer, 405, path);
        assert_eq!(answer.header(ALLOW.as_str()), allowed, "{method} {path}");
    }
    for path in ["", "/", "/nothing", "/teams/acme/hooks", "/users/alice/hooks", "/repositories/acme/app/commits"] {
        assert_refused(&get(&world, path).await, 404, path);
    }
}

#[tokio::test]
async fn the_api_is_also_on_an_api_host() {
    let world = World::new().await;
    let mut bare = request(&world.token, "GET", "/2.0/repositories/acme/app/hooks", Vec::new());
    bare.headers_mut().insert("host", "api.postrider.test".parse().expect("a host"));
    let page = answer(world.api_host.clone(), bare).await;
    assert_eq!((page.status.as_u16(), &page.json()["pagelen"]), (200, &json!(10)));
}
