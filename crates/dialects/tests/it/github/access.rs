//! Who may do what (contract github section 2).

use domain::account::{OrgRole, Permission};
use serde_json::{Value, json};

use super::{HOOKS, hook, path_of};
use crate::world::World;

const DOCS: &str = "https://docs.github.com/rest/repos/webhooks";

async fn status(world: &World, token: &str, method: &str, path: &str) -> u16 {
    let body = if method == "POST" && path == HOOKS {
        json!({"config": {"url": "http://x.test/"}, "active": false})
    } else {
        json!({})
    };
    let answer = world.call_as(token, method, path, body).await;
    if answer.status.as_u16() == 404 {
        assert_eq!(answer.json()["message"], "Not Found");
    }
    answer.status.as_u16()
}

#[tokio::test]
async fn check_19_a_hook_answers_only_under_its_own_repository() {
    let world = World::new().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}})).await;
    let answer = world.get(&format!("/repos/acme/other/hooks/{}", made["id"])).await;
    let expected = json!({"message": "Not Found", "documentation_url": format!("{DOCS}#get-a-repository-webhook"), "status": "404"});
    assert_eq!((answer.status.as_u16(), answer.json()), (404, expected));
}

#[tokio::test]
async fn check_20_a_hook_can_be_deleted_once() {
    let world = World::new().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}})).await;
    let gone = world.delete(&path_of(&made)).await;
    assert_eq!((gone.status.as_u16(), gone.text.as_str(), gone.header("content-type")), (204, "", ""));
    let again = world.delete(&path_of(&made)).await;
    assert_eq!(again.status, 404);
    assert_eq!(again.json()["documentation_url"], format!("{DOCS}#delete-a-repository-webhook"));
}

#[tokio::test]
async fn check_23_bad_credentials_are_told_from_missing_ones() {
    let world = World::new().await;
    for path in ["/user", HOOKS, "/nothing", "/"] {
        let answer = world.call_as("wrong", "GET", path, Value::Null).await;
        let expected =
            json!({"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest", "status": "401"});
        assert_eq!((answer.status.as_u16(), answer.json()), (401, expected), "{path}");
    }
    let nobody = world.call_as("", "GET", "/user", Value::Null).await;
    assert_eq!((nobody.status.as_u16(), &nobody.json()["message"]), (401, &json!("Requires authentication")));
    assert_eq!(status(&world, "", "GET", HOOKS).await, 404, "even of a public repository");
}

#[tokio::test]
async fn check_24_scopes_decide_by_operation() {
    let world = World::new().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}, "active": false})).await;
    let path = path_of(&made);
    let pings = format!("{path}/pings");
    let table = [
        ("read:repo_hook", [200, 204, 404, 404, 404]),
        ("write:repo_hook", [200, 204, 200, 422, 404]),
        ("user,admin:org_hook,site_admin", [404, 404, 404, 404, 404]),
        ("public_repo", [200, 204, 200, 422, 204]),
    ];
    hook(&world, json!({"config": {"url": "http://x.test/"}, "active": false})).await;
    for (scopes, [list, ping, edit, create, delete]) in table {
        let token = world.token_for("alice", scopes).await;
        assert_eq!(status(&world, &token, "GET", HOOKS).await, list, "{scopes}");
        assert_eq!(status(&world, &token, "POST", &pings).await, ping, "{scopes}");
        assert_eq!(status(&world, &token, "PATCH", &path).await, edit, "{scopes}");
        assert_eq!(status(&world, &token, "POST", HOOKS).await, create, "{scopes}: allowed, and a duplicate");
        assert_eq!(status(&world, &token, "DELETE", &path).await, delete, "{scopes}");
    }
}

#[tokio::test]
async fn check_24_only_admins_of_the_repository_manage_its_hooks() {
    let world = World::new().await;
    let token = world.token_for("mallory", "repo,admin:repo_hook").await;
    assert_eq!(status(&world, &token, "GET", HOOKS).await, 404, "nobody");
    world.join("mallory", OrgRole::Member).await;
    assert_eq!(status(&world, &token, "GET", HOOKS).await, 404, "member");
    world.collaborate("mallory", Permission::Write).await;
    assert_eq!(status(&world, &token, "POST", HOOKS).await, 404, "writer");
    world.collaborate("mallory", Permission::Admin).await;
    assert_eq!(status(&world, &token, "POST", HOOKS).await, 201, "admin");
    let site_admin = world.token_for("admin", "repo").await;
    assert_eq!(status(&world, &site_admin, "GET", HOOKS).await, 200, "site admin");
}

#[tokio::test]
async fn private_repositories_need_the_whole_scope() {
    let world = World::new().await;
    let path = "/repos/alice/secret";
    for (scopes, repository, hooks) in [("repo", 200, 200), ("public_repo", 404, 404), ("admin:repo_hook", 404, 200)] {
        let token = world.token_for("alice", scopes).await;
        assert_eq!(status(&world, &token, "GET", path).await, repository, "{scopes}");
        assert_eq!(status(&world, &token, "GET", &format!("{path}/hooks")).await, hooks, "{scopes}");
    }
    assert_eq!(status(&world, "", "GET", path).await, 404);
    assert_eq!(status(&world, "", "GET", "/repos/acme/app").await, 200, "a public one");
}

#[tokio::test]
async fn an_archived_repository_is_read_only() {
    let world = World::new().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}})).await;
    assert_eq!(world.patch("/repos/acme/app", json!({"archived": true})).await.status, 200);
    for (method, path) in [
        ("POST", HOOKS.to_owned()),
        ("PATCH", path_of(&made)),
        ("DELETE", path_of(&made)),
        ("PATCH", "/repos/acme/app".to_owned()),
    ] {
        let answer = world.call(method, &path, json!({})).await;
        let told = (answer.status.as_u16(), answer.json()["message"].clone());
        assert_eq!(told, (403, json!("Repository was archived so is read-only.")), "{method} {path}");
    }
    assert_eq!(world.get(HOOKS).await.status, 200);
    assert_eq!(world.patch("/repos/acme/app", json!({"archived": false})).await.status, 200);
}
