//! What clients walk through on their way to hooks.

use dialects::ApiSettings;
use serde_json::{Value, json};

use crate::world::World;

#[tokio::test]
async fn the_first_calls_of_clients_are_answered() {
    let settings = ApiSettings { egress_addresses: ["192.0.2.0/24".to_owned()].into(), ..ApiSettings::default() };
    let world = World::with(settings).await;
    let me = world.get("/user").await.json();
    assert_eq!((&me["login"], &me["type"], &me["site_admin"]), (&json!("alice"), &json!("User"), &json!(false)));
    assert_eq!(me["url"], "http://postrider.test/api/v3/users/alice");
    let org = world.get("/orgs/acme").await.json();
    assert_eq!((&org["login"], &org["url"]), (&json!("acme"), &json!("http://postrider.test/api/v3/orgs/acme")));
    let repository = world.get("/repos/acme/app").await.json();
    assert_eq!(repository["full_name"], "acme/app");
    assert_eq!(repository["owner"]["url"], "http://postrider.test/api/v3/users/acme");
    assert_eq!(repository["permissions"]["admin"], true);
    assert_eq!(repository["hooks_url"], "http://postrider.test/api/v3/repos/acme/app/hooks");
    assert_eq!(world.get("/meta").await.json()["hooks"], json!(["192.0.2.0/24"]));
    assert_eq!(world.get("/versions").await.json()[0], "2022-11-28");
    let zen = world.get("/zen").await;
    assert!(zen.header("content-type").starts_with("text/plain") && !zen.text.is_empty());
    for root in ["", "/"] {
        assert_eq!(world.get(root).await.json()["hub_url"], "http://postrider.test/api/v3/hub");
    }
    assert_eq!(world.get("/user/orgs").await.json()[0]["login"], "acme");
    assert_eq!(world.get("/users/acme").await.json()["type"], "Organization");
    for path in ["/users/nobody", "/orgs/alice", "/orgs/nobody", "/repos/acme/nothing", "/users/nobody/repos"] {
        assert_eq!(world.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn lists_of_repositories_show_only_what_the_caller_may_see() {
    let world = World::new().await;
    let names = async |token: &str, path: &str| -> Vec<Value> {
        let list = world.call_as(token, "GET", path, Value::Null).await.json();
        list.as_array().expect("a list").iter().map(|one| one["full_name"].clone()).collect()
    };
    assert_eq!(names(&world.token, "/user/repos").await, ["acme/app", "acme/other", "alice/secret"]);
    assert_eq!(names(&world.token, "/users/alice/repos").await, ["alice/secret"]);
    let limited = world.token_for("alice", "public_repo").await;
    assert_eq!(names(&limited, "/user/repos").await, ["acme/app", "acme/other"]);
    let mallory = world.token_for("mallory", "repo").await;
    assert_eq!(names(&mallory, "/user/repos").await, Vec::<Value>::new());
    assert_eq!(names(&mallory, "/users/alice/repos").await, Vec::<Value>::new());
    assert_eq!(names("", "/orgs/acme/repos").await, ["acme/app", "acme/other"]);
    world.collaborate("mallory", domain::account::Permission::Write).await;
    assert_eq!(names(&mallory, "/user/repos").await, ["acme/app"]);
}

#[tokio::test]
async fn a_repository_is_created_changed_and_deleted() {
    let world = World::new().await;
    let made = world.post("/orgs/acme/repos", json!({"name": "new", "private": true, "description": "d"})).await;
    assert_eq!((made.status.as_u16(), made.header("location")), (201, "http://postrider.test/api/v3/repos/acme/new"));
    assert_eq!((&made.json()["visibility"], &made.json()["description"]), (&json!("private"), &json!("d")));
    let taken = world.post("/orgs/acme/repos", json!({"name": "NEW"})).await;
    assert_eq!(taken.json()["errors"][0]["message"], "name already exists on this account");
    let missing = world.post("/user/repos", json!({})).await;
    assert_eq!(missing.json()["errors"][0]["code"], "missing_field");
    let change = json!({"name": "newer", "description": null, "default_branch": "trunk", "private": false});
    let changed = world.patch("/repos/acme/new", change).await.json();
    assert_eq!((&changed["full_name"], &changed["description"]), (&json!("acme/newer"), &Value::Null));
    assert_eq!((&changed["default_branch"], &changed["private"]), (&json!("trunk"), &json!(false)));
    assert_eq!(world.get("/repos/acme/new").await.status, 404);
    assert_eq!(world.delete("/repos/acme/newer").await.status, 204);
    assert_eq!(world.delete("/repos/acme/newer").await.status, 404);
    let mine = world.post("/user/repos", json!({"name": "mine"})).await;
    assert_eq!(mine.json()["full_name"], "alice/mine");
}

#[tokio::test]
async fn what_happens_to_repositories_is_published() {
    let world = World::new().await;
    world.post("/user/repos", json!({"name": "mine"})).await;
    world.patch("/repos/alice/mine", json!({"name": "yours", "archived": true, "description": "d"})).await;
    world.patch("/repos/alice/yours", json!({"archived": false, "private": true})).await;
    world.delete("/repos/alice/yours").await;
    let events = world.ports.store.events(None, None, 10).await.expect("events");
    let kinds: Vec<&str> = events.iter().rev().map(|event| event.kind.trim_start_matches("repository.")).collect();
    assert_eq!(kinds, ["created", "renamed", "updated", "archived", "unarchived", "privatized", "deleted"]);
    assert_eq!(events.last().map(|event| event.source.as_str()), Some("/repos/alice/mine"));
}

#[tokio::test]
async fn site_admins_set_up_users_organizations_and_tokens() {
    let world = World::new().await;
    let admin = world.token_for("admin", "site_admin").await;
    let call = |method, path, body| world.call_as(&admin, method, path, body);
    let user = call("POST", "/admin/users", json!({"login": "bob", "email": "bob@acme.test"})).await;
    assert_eq!((user.status.as_u16(), &user.json()["login"]), (201, &json!("bob")));
    let again = call("POST", "/admin/users", json!({"login": "BOB"})).await;
    assert_eq!(again.json()["errors"][0]["code"], "already_exists");
    let org =
        call("POST", "/admin/organizations", json!({"login": "bobs", "admin": "bob", "profile_name": "Bob's"})).await;
    assert_eq!((org.status.as_u16(), &org.json()["login"]), (201, &json!("bobs")));
    assert_eq!(call("POST", "/admin/organizations", json!({"login": "x", "admin": "nobody"})).await.status, 422);
    let scopes = json!({"scopes": ["repo", "admin:org"]});
    let token = call("POST", "/admin/users/bob/authorizations", scopes).await;
    assert_eq!(token.status, 201);
    let token = token.json()["token"].as_str().expect("a token").to_owned();
    assert_eq!(world.call_as(&token, "GET", "/user", Value::Null).await.json()["login"], "bob");
    assert_eq!(world.call_as(&token, "DELETE", "/orgs/bobs", Value::Null).await.status, 202);
    assert_eq!(call("DELETE", "/admin/users/bob/authorizations", Value::Null).await.status, 204);
    assert_eq!(world.call_as(&token, "GET", "/user", Value::Null).await.status, 401);
    assert_eq!(call("DELETE", "/admin/users/bob", Value::Null).await.status, 204);
    assert_eq!(world.get("/users/bob").await.status, 404);
    assert_eq!(call("DELETE", "/admin/users/admin", Value::Null).await.status, 403);
    assert_eq!(world.post("/admin/users", json!({"login": "eve"})).await.status, 404, "alice is no site admin");
}
