//! Who may do what (contract bitrise section 2).

use domain::account::{OrgRole, Permission};
use serde_json::{Value, json};

use super::{Bed, assert_refused, made, simple};
use crate::world::ALL;

#[tokio::test]
async fn check_08_tokens_come_raw_or_with_a_scheme_or_from_an_add_on() {
    let bed = Bed::new().await;
    let (token, hooks) = (bed.world.token.clone(), bed.hooks());
    let forms = [
        ("authorization", token.clone()),
        ("authorization", format!("token {token}")),
        ("authorization", format!("Bearer {token}")),
        ("bitrise-addon-auth-token", token.clone()),
    ];
    for (name, value) in &forms {
        let answer = bed.with_headers("GET", &hooks, &[(name, value)], &Value::Null).await;
        assert_eq!(answer.status, 200, "{name}: {value}");
    }
    let bad = [("authorization", "nobody's"), ("bitrise-addon-auth-token", "nobody's"), ("x-token", token.as_str())];
    for header in bad.iter().map(std::slice::from_ref).chain([[].as_slice()]) {
        let answer = bed.with_headers("GET", &hooks, header, &Value::Null).await;
        assert_refused(&answer, 401, "Unauthorized", &format!("{header:?}"));
    }
    // A bad token is not mended by a good one in the other header.
    let both = [("authorization", "nobody's"), ("bitrise-addon-auth-token", token.as_str())];
    assert_eq!(bed.with_headers("GET", &hooks, &both, &Value::Null).await.status, 401);
}

#[tokio::test]
async fn check_08_add_ons_may_list_and_create_and_nothing_else() {
    let bed = Bed::new().await;
    let token = bed.world.token.clone();
    let addon = [("bitrise-addon-auth-token", token.as_str())];
    let made = bed.with_headers("POST", &bed.hooks(), &addon, &simple("a.test")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.json()["registered_by_addon"], true);
    let path = bed.hook_path(&made.json());
    for (method, path) in [("PUT", path.clone()), ("DELETE", path.clone()), ("GET", format!("{path}/delivery-items"))] {
        let answer = bed.with_headers(method, &path, &addon, &simple("b.test")).await;
        assert_refused(&answer, 401, "Unauthorized", method);
    }
    let by_hand = bed.call("PUT", &path, simple("b.test")).await.json();
    assert_eq!(by_hand["data"]["registered_by_addon"], true, "it stays what it was");
}

#[tokio::test]
async fn hooks_are_for_who_administers_the_app() {
    let bed = Bed::new().await;
    let world = &bed.world;
    let linked = made(world, |app| {
        app.uid = domain::id::Uid::parse("0190f3a1-7c00-7000-8000-0000000000a1").expect("a UUID");
        app.repository = Some(world.app.id);
        app.owner = world.app.owner;
    });
    let hooks = format!("/v0.1/apps/{}/outgoing-webhooks", linked.await.uid);
    let token = world.token_for("mallory", ALL).await;
    let ask = async |label: &str| {
        let answer = world.ask(&token, "GET", &hooks, Value::Null).await;
        (label.to_owned(), answer.status.as_u16(), answer.text)
    };
    let (_, status, text) = ask("a stranger").await;
    assert_eq!((status, text.as_str()), (404, "{\"message\":\"Not Found\"}\n"));
    world.join("mallory", OrgRole::Member).await;
    let (_, status, text) = ask("a tester").await;
    assert_eq!((status, text.as_str()), (403, "{\"message\":\"Forbidden\"}\n"));
    world.collaborate("mallory", Permission::Write).await;
    assert_eq!(ask("a developer").await.1, 403);
    world.collaborate("mallory", Permission::Admin).await;
    assert_eq!(ask("an admin").await.1, 200);
}

#[tokio::test]
async fn tokens_need_the_scopes_of_hooks() {
    let bed = Bed::new().await;
    let hook = bed.hook(simple("a.test")).await;
    let path = bed.hook_path(&hook);
    let of = async |scopes: &str| {
        let token = bed.world.token_for("alice", scopes).await;
        let mut told = Vec::new();
        for (method, path) in [("GET", &bed.hooks()), ("PUT", &path), ("DELETE", &format!("{path}0"))] {
            told.push(bed.world.ask(&token, method, path, simple("b.test")).await.status.as_u16());
        }
        told
    };
    assert_eq!(of("user").await, [403, 403, 403]);
    assert_eq!(of("public_repo").await, [403, 403, 403], "the app is private");
    assert_eq!(of("read:repo_hook").await, [200, 403, 403]);
    assert_eq!(of("write:repo_hook").await, [200, 200, 403]);
    assert_eq!(of("admin:repo_hook").await, [200, 200, 404], "there is no such hook");
    assert_eq!(of("repo").await, [200, 200, 404]);
}

#[tokio::test]
async fn what_is_not_there_is_told_apart_from_what_is_not_served() {
    let bed = Bed::new().await;
    let hooks = bed.hooks();
    let other = "0190f3a1-7c00-7000-8000-00000000dead";
    let missing = [
        format!("/v0.1/apps/{other}/outgoing-webhooks"),
        "/v0.1/apps/rocket/outgoing-webhooks".to_owned(),
        format!("{hooks}/01D72ARNH4KR7KMW3DG3NBKXRK/delivery-items"),
        format!("{hooks}/nonsense/delivery-items"),
        "/v0.1/nothing/here".to_owned(),
    ];
    for path in missing {
        assert_refused(&bed.call("GET", &path, Value::Null).await, 404, "Not Found", &path);
    }
    let slashed = bed.call("GET", &format!("{hooks}/"), Value::Null).await;
    assert_eq!(slashed.status, 200, "a slash at the end");
    assert_refused(&bed.call("PATCH", &hooks, json!({})).await, 405, "Method Not Allowed", "PATCH of the list");
    let root = bed.with_headers("GET", "/v0.1", &[], &Value::Null).await;
    assert_eq!(root.status, 200, "the root is for everyone");
}
