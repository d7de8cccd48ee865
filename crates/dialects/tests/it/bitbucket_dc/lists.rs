//! Lists, pages and search.

use domain::account::Permission;
use serde_json::{Value, json};

use super::{P, R, call_as, get, made, plain, with};
use crate::world::World;

const NONE: [i64; 0] = [];

/// The ids on a page.
fn ids(page: &Value) -> Vec<i64> {
    page["values"].as_array().expect("a list").iter().map(|hook| hook["id"].as_i64().expect("an id")).collect()
}

#[tokio::test]
async fn check_12_pages_lead_through_the_whole_list() {
    let world = World::new().await;
    let mut all = Vec::new();
    for _ in 0..60 {
        all.extend(made(&world, R, plain("http://r.test/hook")).await["id"].as_i64());
    }
    let (mut walked, mut sizes, mut start) = (Vec::new(), Vec::new(), 0);
    loop {
        let page = get(&world, &format!("{R}?limit=25&start={start}")).await.json();
        assert_eq!((&page["limit"], &page["start"]), (&json!(25), &json!(start)));
        walked.extend(ids(&page));
        sizes.push(page["size"].as_u64().expect("a number"));
        match page.get("nextPageStart").and_then(Value::as_u64) {
            Some(next) => {
                assert_eq!(page["isLastPage"], false);
                start = next;
            }
            None => break assert_eq!(page["isLastPage"], true),
        }
    }
    assert_eq!((walked, sizes), (all, vec![25, 25, 10]));
    assert_eq!(get(&world, R).await.json()["limit"], 25, "unless given");
    assert_eq!(get(&world, &format!("{R}?start=0&limit=200")).await.json()["size"], 60);
    assert_eq!(get(&world, &format!("{R}?limit=5000")).await.json()["limit"], 1_000, "capped");
}

#[tokio::test]
async fn an_empty_list_is_an_empty_page() {
    let world = World::new().await;
    let expected = json!({"size": 0, "limit": 25, "isLastPage": true, "values": [], "start": 0});
    assert_eq!(get(&world, R).await.json(), expected);
    assert_eq!(get(&world, P).await.json(), expected);
}

#[tokio::test]
async fn check_13_events_filter_and_only_search_shows_inherited_webhooks() {
    let world = World::new().await;
    let mut by_event = Vec::new();
    for event in ["pr:opened", "pr:merged", "repo:refs_changed"] {
        by_event.extend(made(&world, R, with(json!({"events": [event]}))).await["id"].as_i64());
    }
    let inherited = made(&world, P, with(json!({"events": ["pr:opened"]}))).await["id"].as_i64().expect("an id");
    let listed = async |query: &str| ids(&get(&world, &format!("{R}{query}")).await.json());
    assert_eq!(listed("").await, by_event, "no inherited ones");
    assert_eq!(listed("?event=pr:opened&event=pr:merged").await, by_event[..2]);
    assert_eq!(listed("?event=pr%3Adeclined").await, NONE);
    assert_eq!(listed("/search?scopeType=project").await, [inherited]);
    assert_eq!(listed("/search?scopeType=repository").await, by_event);
    let everything = [by_event.clone(), vec![inherited]].concat();
    assert_eq!(listed("/search").await, everything);
    assert_eq!(listed("/search?scopeType=project&scopeType=repository").await, everything);
    assert_eq!(listed("/search?event=pr:opened").await, [by_event[0], inherited]);
    assert_eq!(listed("/search?scopeType=global").await, NONE);
}

#[tokio::test]
async fn inherited_secrets_and_statistics_are_for_administrators_of_the_project() {
    let world = World::new().await;
    made(&world, P, with(json!({"configuration": {"secret": "s3cr3t"}}))).await;
    world.collaborate("mallory", Permission::Admin).await;
    let token = world.token_for("mallory", "repo").await;
    let read = async |token: &str| {
        let page = call_as(&world, token, "GET", &format!("{R}/search?statistics=true"), Value::Null).await.json();
        (page["values"][0]["configuration"]["secret"].clone(), page["values"][0].get("statistics").is_some())
    };
    assert_eq!(read(&world.token).await, (json!("s3cr3t"), true));
    assert_eq!(read(&token).await, (json!("********"), false));
}

#[tokio::test]
async fn statistics_come_only_when_asked_for_in_any_case() {
    let world = World::new().await;
    made(&world, R, plain("http://r.test/hook")).await;
    let first = async |query: &str| get(&world, &format!("{R}{query}")).await.json()["values"][0].clone();
    for none in ["", "?statistics=false", "?statistics=False", "?statistics=", "?statistics=1"] {
        assert_eq!(first(none).await.get("statistics"), None, "{none}");
    }
    for some in ["?statistics=true", "?statistics=True", "?statistics=TRUE"] {
        assert!(first(some).await["statistics"]["counts"].is_object(), "{some}");
    }
}
