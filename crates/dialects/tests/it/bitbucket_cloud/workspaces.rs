//! Hooks of workspaces.

use std::sync::Arc;

use bytes::Bytes;
use domain::flow::publish::{Envelope, publish};
use domain::hook::{DialectName, Hook, HookScope};
use serde_json::{Value, json};

use super::{HOOKS, ORIGIN, WORKSPACE_HOOKS, call, get, hook, path_of, simple, uuid_of};
use crate::world::World;

/// Publishes a finished push of a repository; returns how many deliveries it makes.
async fn push(world: &World, repository: &str) -> usize {
    let envelope = Envelope {
        id: "1".to_owned(),
        source: format!("/repos/{repository}"),
        kind: "bitbucket_cloud.repo:push".to_owned(),
        subject: None,
        time: None,
        content_type: "application/json".to_owned(),
        data: Bytes::from_static(br#"{"push":{"changes":[]}}"#),
        hops: 0,
    };
    publish(&world.ports, envelope).await.expect("published").deliveries
}

fn stored(world: &World) -> Vec<Arc<Hook>> {
    world.ports.directory().hooks_of(HookScope::Account(world.app.owner), DialectName("bitbucket_cloud"))
}

#[tokio::test]
async fn check_16_a_workspace_hook_fires_for_all_repositories() {
    let world = World::new().await;
    let body = json!({"url": "http://r.test/", "events": ["repo:push", "repo:created", "project:updated"]});
    let answer = call(&world, "POST", WORKSPACE_HOOKS, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let made = answer.json();
    let url = format!("{ORIGIN}{WORKSPACE_HOOKS}/%7B{}%7D", uuid_of(&made));
    assert_eq!((answer.header("location"), &made["links"]), (&*url, &json!({"self": {"href": url}})));
    assert_eq!((&made["subject_type"], &made["subject"]["type"]), (&json!("workspace"), &json!("workspace")));
    for member in ["slug", "name", "uuid", "links"] {
        assert!(made["subject"].get(member).is_some(), "{member}");
    }
    for repository in ["acme/app", "acme/other"] {
        assert_eq!(push(&world, repository).await, 1, "{repository}");
    }
    assert_eq!(push(&world, "alice/secret").await, 0, "another workspace");
    assert_eq!(get(&world, WORKSPACE_HOOKS).await.json()["values"], json!([made]));
    assert_eq!(get(&world, HOOKS).await.json()["values"], json!([]), "no hook of the repository");
}

#[tokio::test]
async fn workspace_hooks_live_and_die_as_those_of_repositories() {
    let world = World::new().await;
    let made = call(&world, "POST", WORKSPACE_HOOKS, simple("http://r.test/")).await.json();
    let path = path_of(&made);
    let edited = call(&world, "PUT", &path, json!({"description": "all of it", "events": ["repo:deleted"]})).await;
    assert_eq!(edited.json()["description"], "all of it");
    assert_eq!(stored(&world)[0].events, ["repo:deleted"]);
    assert_eq!(get(&world, &path).await.json(), edited.json());
    let here = hook(&world, simple("http://r.test/")).await;
    let there = format!("{WORKSPACE_HOOKS}/{}", uuid_of(&here));
    assert_eq!(get(&world, &there).await.status, 404, "a repository's hook is none of the workspace's");
    let gone = call(&world, "DELETE", &path, Value::Null).await;
    assert_eq!((gone.status.as_u16(), gone.header("content-type")), (204, "text/html; charset=utf-8"));
    assert!(stored(&world).is_empty());
}

#[tokio::test]
async fn workspaces_and_repositories_have_slugs_and_uuids() {
    let world = World::new().await;
    let made = hook(&world, simple("http://r.test/")).await;
    let acme = world.ports.directory().account("acme").expect("there").uid;
    let app = world.app.uid;
    for workspace in ["acme".to_owned(), "ACME".to_owned(), format!("%7B{acme}%7D"), format!("{{{acme}}}")] {
        for repository in ["app".to_owned(), format!("%7B{app}%7D"), format!("{{{app}}}")] {
            let page = get(&world, &format!("/repositories/{workspace}/{repository}/hooks?pagelen=1")).await.json();
            assert_eq!(page["values"][0]["uuid"], made["uuid"], "{workspace}/{repository}");
        }
        assert_eq!(get(&world, &format!("/workspaces/{workspace}/hooks")).await.status, 200, "{workspace}");
    }
    let other = format!("/repositories/alice/%7B{app}%7D/hooks");
    assert_eq!(get(&world, &other).await.status, 404, "not of that workspace");
    hook(&world, simple("http://r.test/")).await;
    let next = get(&world, &format!("/repositories/{{{acme}}}/app/hooks?pagelen=1")).await.json()["next"].clone();
    assert_eq!(next, format!("{ORIGIN}/repositories/%7B{acme}%7D/app/hooks?pagelen=1&page=2"));
}
