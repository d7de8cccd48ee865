//! Pages, conditional requests and prefixes.

use serde_json::{Value, json};

use super::{HOOKS, hook, path_of};
use crate::world::{World, answer, request};

#[tokio::test]
async fn check_21_31_hooks_make_two_pages() {
    let world = World::new().await;
    for n in 0..31 {
        let events = if n % 2 == 0 { ["push"] } else { ["fork"] };
        hook(&world, json!({"config": {"url": format!("http://r.test/{n}")}, "events": events, "active": false})).await;
    }
    let count = |page: &Value| page.as_array().expect("a list").len();
    let base = format!("http://postrider.test/api/v3{HOOKS}");
    let first = world.get(HOOKS).await;
    assert_eq!(count(&first.json()), 30);
    assert_eq!(first.header("link"), format!("<{base}?page=2>; rel=\"next\", <{base}?page=2>; rel=\"last\""));
    let second = world.get(&format!("{HOOKS}?page=2")).await;
    assert_eq!(count(&second.json()), 1);
    assert_eq!(second.header("link"), format!("<{base}?page=1>; rel=\"prev\", <{base}?page=1>; rel=\"first\""));
    let wide = world.get(&format!("{HOOKS}?per_page=1000")).await;
    assert_eq!((count(&wide.json()), wide.header("link")), (31, ""));
    assert_eq!(world.get(&format!("{HOOKS}?page=9")).await.json(), json!([]));
    let kept = world.get(&format!("{HOOKS}?a=b%2Cc&per_page=30")).await;
    assert!(kept.header("link").starts_with(&format!("<{base}?a=b%2Cc&per_page=30&page=2>; rel=\"next\"")));
}

#[tokio::test]
async fn check_22_an_unchanged_answer_is_304_and_free() {
    let world = World::new().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}, "active": false})).await;
    let path = format!("/api/v3{}", path_of(&made));
    let with = |name: &'static str, value: String| {
        let mut request = request(&world.token, "GET", &path, Vec::new());
        request.headers_mut().insert(name, value.parse().expect("a header"));
        world.send(request)
    };
    let first = world.get(&path_of(&made)).await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with("W/\"") && tag.len() == 68, "{tag}");
    assert_eq!(first.header("last-modified"), "Fri, 02 Jan 2026 03:04:05 GMT");
    for known in [tag.clone(), tag.replace("W/", ""), format!("\"x\", {tag}")] {
        let same = with("if-none-match", known).await;
        assert_eq!((same.status.as_u16(), same.text.as_str(), same.header("content-type")), (304, "", ""));
        assert_eq!(same.header("etag"), tag);
        assert_eq!(same.header("x-ratelimit-used"), first.header("x-ratelimit-used"));
    }
    let dated = with("if-modified-since", first.header("last-modified").to_owned()).await;
    assert_eq!(dated.status, 304);
    world.patch(&path_of(&made), json!({"events": ["fork"]})).await;
    assert_eq!(with("if-none-match", tag).await.status, 200);
}

#[tokio::test]
async fn check_46_urls_follow_the_prefix_and_host_of_the_caller() {
    let world = World::new().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}})).await;
    let mut bare = request(&world.token, "GET", &path_of(&made), Vec::new());
    bare.headers_mut().insert("host", "api.postrider.test:8017".parse().expect("a host"));
    let found = answer(world.api_host.clone(), bare).await.json();
    assert_eq!(found["id"], made["id"]);
    assert_eq!(found["url"], format!("http://api.postrider.test:8017{}", path_of(&made)));
    let mut prefixed = request(&world.token, "GET", "/api/v3/repos/acme/app", Vec::new());
    prefixed.headers_mut().insert("host", "api.postrider.test".parse().expect("a host"));
    let found = answer(world.api_host.clone(), prefixed).await.json();
    assert_eq!(found["url"], "http://api.postrider.test/api/v3/repos/acme/app");
    let root = answer(world.api_host.clone(), request("", "GET", "/", Vec::new())).await;
    assert!(root.json()["hub_url"].as_str().expect("a URL").ends_with("/hub"));
    let nothing = answer(world.api_host.clone(), request("", "GET", "/nothing/here", Vec::new())).await;
    assert_eq!((nothing.status.as_u16(), &nothing.json()["message"]), (404, &json!("Not Found")));
}

#[tokio::test]
async fn names_match_in_any_case_and_ids_instead_of_names() {
    let world = World::new().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}})).await;
    for path in ["/repos/ACME/App/hooks".to_owned(), format!("/repositories/{}/hooks", world.app.id)] {
        assert_eq!(world.get(&path).await.json()[0]["id"], made["id"], "{path}");
    }
    for path in
        ["/repos/acme/app/hooks/", "/repos/acme/app.git/hooks", "/repositories/x/hooks", "/repos/acme/app/hooks/x"]
    {
        assert_eq!(world.get(path).await.status, 404, "{path}");
    }
}
