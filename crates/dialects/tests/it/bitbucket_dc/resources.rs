//! What clients walk through on their way to webhooks.

use axum::body::Body;
use axum::http::Request;
use domain::account::OrgRole;
use serde_json::{Value, json};

use super::{call_as, get, refusal};
use crate::world::World;

/// What `member` is on every item of a page.
fn column(page: &Value, member: &str) -> Vec<Value> {
    page["values"].as_array().expect("a page").iter().map(|item| item[member].clone()).collect()
}

#[tokio::test]
async fn anybody_may_ask_for_the_version() {
    let world = World::new().await;
    let answer = call_as(&world, "", "GET", "/application-properties", Value::Null).await;
    assert_eq!((&answer.json()["version"], &answer.json()["displayName"]), (&json!("9.5.2"), &json!("Bitbucket")));
    for path in
        ["/projects", "/projects/ACME", "/projects/ACME/repos", "/projects/ACME/repos/app", "/repos", "/users/alice"]
    {
        refusal(&call_as(&world, "", "GET", path, Value::Null).await, 401, path);
    }
}

#[tokio::test]
async fn projects_and_repositories_are_found_by_key_and_slug_in_any_case() {
    let world = World::new().await;
    let project = get(&world, "/projects/acme").await.json();
    assert_eq!((&project["key"], &project["type"]), (&json!("ACME"), &json!("NORMAL")));
    let repository = get(&world, "/projects/ACME/repos/APP").await.json();
    assert_eq!(
        (&repository["slug"], &repository["id"], &repository["project"]),
        (&json!("app"), &json!(world.app.id), &project)
    );
    assert_eq!(repository["links"]["self"][0]["href"], "http://postrider.test/projects/ACME/repos/app/browse");
    let personal = get(&world, "/projects/~alice/repos/secret").await.json();
    assert_eq!((&personal["project"]["key"], &personal["public"]), (&json!("~alice"), &json!(false)));
    let user = get(&world, "/users/alice").await.json();
    assert_eq!((&user["name"], &user["slug"], &user["type"]), (&json!("alice"), &json!("alice"), &json!("NORMAL")));
}

#[tokio::test]
async fn lists_page_and_filter() {
    let world = World::new().await;
    let page = get(&world, "/projects").await.json();
    assert_eq!((column(&page, "key"), &page["isLastPage"]), (vec![json!("ACME")], &json!(true)));
    let first = get(&world, "/projects/ACME/repos?limit=1").await.json();
    assert_eq!((column(&first, "slug"), &first["nextPageStart"]), (vec![json!("app")], &json!(1)));
    let rest = get(&world, "/projects/ACME/repos?limit=1&start=1").await.json();
    assert_eq!((column(&rest, "slug"), rest.get("nextPageStart")), (vec![json!("other")], None));
    let slugs = async |path: &str| column(&get(&world, path).await.json(), "slug");
    assert_eq!(slugs("/repos").await, ["app", "other", "secret"]);
    assert_eq!(slugs("/repos?name=PP").await, ["app"]);
    assert_eq!(slugs("/repos?projectkey=acme&name=o").await, ["other"]);
    assert_eq!(slugs("/repos?projectname=ALI").await, ["secret"]);
    assert_eq!(slugs("/repos?projectkey=none").await, [] as [&str; 0]);
    assert_eq!(slugs("/users/~alice/repos").await, ["secret"]);
    assert_eq!(slugs("/projects?name=none").await, [] as [&str; 0]);
}

#[tokio::test]
async fn what_is_private_stays_private() {
    let world = World::new().await;
    let token = world.token_for("mallory", "repo").await;
    let status = async |path: &str| call_as(&world, &token, "GET", path, Value::Null).await.status.as_u16();
    assert_eq!(status("/projects/~alice/repos/secret").await, 401);
    assert_eq!(status("/projects/~alice").await, 401, "nothing to see");
    assert_eq!(status("/projects/ACME").await, 200, "its repositories are public");
    let slugs = async |token: &str| column(&call_as(&world, token, "GET", "/repos", Value::Null).await.json(), "slug");
    assert_eq!(slugs(&token).await, ["app", "other"]);
    world.join("mallory", OrgRole::Member).await;
    let narrow = world.token_for("alice", "admin:repo_hook").await;
    assert_eq!(slugs(&narrow).await, ["app", "other"], "private repositories need their scope");
}

#[tokio::test]
async fn what_does_not_exist_is_named() {
    let world = World::new().await;
    let table = [
        ("/users/nobody", "com.atlassian.bitbucket.user.NoSuchUserException"),
        ("/users/acme", "com.atlassian.bitbucket.user.NoSuchUserException"),
        ("/projects/NONE", "com.atlassian.bitbucket.project.NoSuchProjectException"),
        ("/projects/NONE/repos", "com.atlassian.bitbucket.project.NoSuchProjectException"),
        ("/projects/ACME/repos/none", "com.atlassian.bitbucket.repository.NoSuchRepositoryException"),
    ];
    for (path, exception) in table {
        assert_eq!(refusal(&get(&world, path).await, 404, path)["exceptionName"], exception);
    }
}

#[tokio::test]
async fn links_follow_the_host_that_was_called() {
    let world = World::new().await;
    let request = Request::get("/bitbucket/rest/api/latest/users/alice")
        .header("host", "10.0.0.1:7990")
        .header("authorization", format!("Bearer {}", world.token))
        .body(Body::empty())
        .expect("a request");
    let answer = world.send(request).await.json();
    assert_eq!(answer["links"]["self"][0]["href"], "http://10.0.0.1:7990/users/alice");
}
