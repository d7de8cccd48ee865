//! Who may do what (contract bitbucket-cloud section 1).

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use domain::account::{OrgRole, Permission};
use serde_json::{Value, json};

use super::{HOOKS, WORKSPACE_HOOKS, assert_refused, call, call_as, get, hook, path_of, simple, uuid_of};
use crate::world::World;

/// Cloud's scopes and ours, as the API's documentation maps them.
const READ: (&str, &str) = ("read:webhook:bitbucket", "read:repo_hook");
const WRITE: (&str, &str) = ("write:webhook:bitbucket", "write:repo_hook");
const DELETE: (&str, &str) = ("delete:webhook:bitbucket", "admin:repo_hook");

async fn status(world: &World, token: &str, method: &str, path: &str) -> u16 {
    let body = if method == "POST" { simple("http://r.test/") } else { json!({}) };
    let answer = call_as(world, token, method, path, body).await;
    if answer.status.as_u16() >= 400 {
        assert_refused(&answer, answer.status.as_u16(), &format!("{method} {path}"));
    }
    answer.status.as_u16()
}

#[tokio::test]
async fn check_13_anonymous_outsiders_and_strangers_are_told_apart() {
    let world = World::new().await;
    let made = hook(&world, simple("http://r.test/")).await;
    let secret = call(&world, "POST", "/repositories/alice/secret/hooks", simple("http://r.test/")).await.json();
    let mallory = world.token_for("mallory", "repo,admin:repo_hook,admin:org_hook").await;
    for (method, tail) in [("GET", ""), ("POST", ""), ("GET", "one"), ("PUT", "one"), ("DELETE", "one")] {
        let at = |base: &str, hook: &Value| match tail {
            "" => base.to_owned(),
            _ => format!("{base}/{}", uuid_of(hook)),
        };
        let private = at("/repositories/alice/secret/hooks", &secret);
        for path in [at(HOOKS, &made), at(WORKSPACE_HOOKS, &made), private.clone()] {
            assert_eq!(status(&world, "", method, &path).await, 401, "{method} {path}");
            assert_eq!(status(&world, "wrong", method, &path).await, 401, "{method} {path}");
        }
        assert_eq!(status(&world, &mallory, method, &at(HOOKS, &made)).await, 403, "{method} as an outsider");
        assert_eq!(status(&world, &mallory, method, &at(WORKSPACE_HOOKS, &made)).await, 403, "{method} as an outsider");
        assert_eq!(status(&world, &mallory, method, &private).await, 404, "{method} as a stranger");
        for unknown in ["/repositories/acme/none/hooks", "/repositories/none/app/hooks", "/workspaces/none/hooks"] {
            assert_eq!(status(&world, &world.token, method, &at(unknown, &made)).await, 404, "{method} {unknown}");
        }
    }
    let other = format!("/repositories/acme/other/hooks/{}", uuid_of(&made));
    assert_eq!(status(&world, &world.token, "GET", &other).await, 404, "a hook of another repository");
    assert_eq!(status(&world, &world.token, "GET", &path_of(&made)).await, 200);
}

#[tokio::test]
async fn check_13_repository_admins_and_workspace_owners_manage_hooks() {
    let world = World::new().await;
    let token = world.token_for("mallory", "admin:repo_hook").await;
    world.join("mallory", OrgRole::Member).await;
    assert_eq!(status(&world, &token, "GET", HOOKS).await, 403, "member");
    world.collaborate("mallory", Permission::Write).await;
    assert_eq!(status(&world, &token, "POST", HOOKS).await, 403, "writer");
    world.collaborate("mallory", Permission::Admin).await;
    assert_eq!(status(&world, &token, "POST", HOOKS).await, 201, "repository admin");
    assert_eq!(status(&world, &token, "POST", WORKSPACE_HOOKS).await, 403, "repository admin");
    world.join("mallory", OrgRole::Owner).await;
    assert_eq!(status(&world, &token, "POST", WORKSPACE_HOOKS).await, 201, "workspace owner");
    assert_eq!(status(&world, &token, "POST", "/workspaces/mallory/hooks").await, 201, "one's own workspace");
    assert_eq!(status(&world, &token, "POST", "/workspaces/alice/hooks").await, 403, "somebody else's");
    let admin = world.token_for("admin", "admin:repo_hook").await;
    assert_eq!(status(&world, &admin, "GET", HOOKS).await, 200, "site admin");
}

#[tokio::test]
async fn check_14_scopes_decide_by_operation() {
    let world = World::new().await;
    let classic = ("webhook", "admin:repo_hook");
    for base in [HOOKS, WORKSPACE_HOOKS] {
        let table = [
            (READ, [200, 403, 403, 403]),
            (WRITE, [200, 201, 200, 403]),
            (DELETE, [200, 201, 200, 204]),
            (classic, [200, 201, 200, 204]),
            (("account", "user"), [403, 403, 403, 403]),
        ];
        for ((name, ours), expected) in table {
            let made = call(&world, "POST", base, simple("http://r.test/")).await.json();
            let (token, path) = (world.token_for("alice", ours).await, path_of(&made));
            let mut found = Vec::new();
            for (method, path) in [("GET", base), ("POST", base), ("PUT", &path), ("DELETE", &path)] {
                found.push(status(&world, &token, method, path).await);
            }
            assert_eq!(found, expected, "{base} with {name}");
        }
    }
    let token = world.token_for("alice", READ.1).await;
    let refused = call_as(&world, &token, "POST", HOOKS, simple("http://r.test/")).await;
    let told = json!({"required": [WRITE.0], "granted": [READ.0]});
    let error = refused.json()["error"].clone();
    assert_eq!((&error["data"], &error["detail"]), (&told, &json!("required: write:webhook:bitbucket")));
}

#[tokio::test]
async fn check_14_workspace_hooks_have_a_scope_of_their_own() {
    let world = World::new().await;
    let token = world.token_for("alice", "admin:org_hook").await;
    assert_eq!(status(&world, &token, "POST", WORKSPACE_HOOKS).await, 201);
    assert_eq!(status(&world, &token, "POST", HOOKS).await, 403);
    let public = world.token_for("alice", "public_repo").await;
    assert_eq!(status(&world, &public, "POST", HOOKS).await, 201, "of a public repository");
    assert_eq!(status(&world, &public, "POST", WORKSPACE_HOOKS).await, 403, "its repositories may be private");
}

#[tokio::test]
async fn tokens_come_as_basic_or_bearer() {
    let world = World::new().await;
    let basic = |pair: String| format!("Basic {}", BASE64_STANDARD.encode(pair));
    let token = &world.token;
    let good = [basic(format!("alice:{token}")), basic(format!("alice@acme.test:{token}")), format!("Bearer {token}")];
    let with = async |value: &str| {
        let request = Request::get(format!("/2.0{HOOKS}")).header("authorization", value);
        world.send(request.body(Body::empty()).expect("a request")).await
    };
    for value in &good {
        assert_eq!(with(value).await.status, 200, "{value}");
    }
    for bad in [&basic("alice:wrong".to_owned()), "Bearer wrong", "Basic !!", "Bearer", ""] {
        let answer = with(bad).await;
        assert_refused(&answer, 401, bad);
        assert!(answer.header("www-authenticate").starts_with("Basic"), "{bad}");
    }
}

#[tokio::test]
async fn an_archived_repository_is_read_only() {
    let world = World::new().await;
    let path = path_of(&hook(&world, simple("http://r.test/")).await);
    let archive = Box::new(|repository| domain::account::Repository { archived: true, ..repository });
    world.ports.store.update_repository(world.app.id, world.app.created_at, archive).await.expect("archived");
    for (method, path) in [("POST", HOOKS), ("PUT", &*path), ("DELETE", &*path)] {
        assert_eq!(status(&world, &world.token, method, path).await, 403, "{method}");
    }
    assert_eq!(get(&world, &path).await.status, 200);
}
