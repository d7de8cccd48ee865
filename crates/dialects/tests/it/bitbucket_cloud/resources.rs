//! What clients walk through on their way to the hooks, and where deliveries come from.

use dialects::ApiSettings;
use serde_json::{Value, json};

use super::{ORIGIN, assert_refused, call_as, get};
use crate::world::{World, request};

/// Does any object in there have a member of that name, under an account of a person?
fn people_with(value: &Value, member: &str) -> bool {
    match value {
        Value::Object(members) => {
            let person = members.get("type") == Some(&json!("user"));
            person && members.contains_key(member) || members.values().any(|inner| people_with(inner, member))
        }
        Value::Array(items) => items.iter().any(|inner| people_with(inner, member)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[tokio::test]
async fn check_26_people_have_no_username() {
    let world = World::new().await;
    let uid = world.ports.directory().account("alice").expect("there").uid;
    for path in [
        "/user".to_owned(),
        format!("/users/%7B{uid}%7D"),
        format!("/users/557058:{uid}"),
        "/repositories/alice/secret".to_owned(),
    ] {
        let answer = get(&world, &path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let body = answer.json();
        assert!(!people_with(&body, "username"), "{path}");
        let person = if body["type"] == "user" { &body } else { &body["owner"] };
        assert_eq!((&person["type"], &person["nickname"]), (&json!("user"), &json!("alice")), "{path}");
        assert_eq!(person["uuid"], format!("{{{uid}}}"), "{path}");
        assert!(person["account_id"].is_string() && person["display_name"].is_string(), "{path}");
    }
    let acme = world.ports.directory().account("acme").expect("there").uid;
    for path in ["/users/alice".to_owned(), format!("/users/%7B{acme}%7D"), "/users/557058:x".to_owned()] {
        assert_refused(&get(&world, &path).await, 404, &path);
    }
    assert_refused(&call_as(&world, "", "GET", "/user", Value::Null).await, 401, "nobody");
}

#[tokio::test]
async fn a_client_walks_from_workspaces_to_hooks() {
    let world = World::new().await;
    let follow = async |value: &Value, link: &str| {
        let href =
            value["links"][link]["href"].as_str().expect("a link").strip_prefix(ORIGIN).expect("ours").to_owned();
        let answer = get(&world, &href).await;
        assert_eq!(answer.status, 200, "{href}: {}", answer.text);
        answer.json()
    };
    let listed = get(&world, "/user/workspaces").await.json();
    let slugs: Vec<_> =
        listed["values"].as_array().expect("a list").iter().map(|it| &it["workspace"]["slug"]).collect();
    assert_eq!(slugs, ["alice", "acme"]);
    assert_eq!(listed["values"][1]["administrator"], true);
    let workspace = get(&world, "/workspaces?role=owner").await.json()["values"][1].clone();
    assert_eq!((&workspace["type"], &workspace["slug"]), (&json!("workspace"), &json!("acme")));
    assert_eq!(follow(&workspace, "self").await, workspace);
    let project = follow(&workspace, "projects").await["values"][0].clone();
    assert_eq!((&project["key"], follow(&project, "self").await), (&json!("ACME"), project.clone()));
    assert_refused(&get(&world, "/workspaces/acme/projects/NONE").await, 404, "an unknown project");
    let repository = follow(&workspace, "repositories").await["values"][0].clone();
    assert_eq!((&repository["type"], &repository["full_name"]), (&json!("repository"), &json!("acme/app")));
    assert_eq!(follow(&repository, "self").await, repository);
    assert_eq!(follow(&repository, "hooks").await["values"], json!([]));
    assert_eq!(follow(&workspace, "hooks").await["values"], json!([]));
}

#[tokio::test]
async fn private_repositories_show_themselves_to_few() {
    let world = World::new().await;
    let (owner, mallory) = (world.token_for("alice", "repo").await, world.token_for("mallory", "repo").await);
    let scopeless = world.token_for("alice", "user").await;
    let table = [(&owner, 200, 1), (&mallory, 404, 0), (&scopeless, 403, 0), (&String::new(), 404, 0)];
    for (token, status, listed) in table {
        let one = call_as(&world, token, "GET", "/repositories/alice/secret", Value::Null).await;
        assert_eq!(one.status.as_u16(), status, "{}", one.text);
        let all = call_as(&world, token, "GET", "/repositories/alice", Value::Null).await.json();
        assert_eq!(all["size"], listed);
        let public = call_as(&world, token, "GET", "/repositories/acme/app", Value::Null).await;
        assert_eq!(public.status, 200);
    }
    let roles = [("member", 2), ("contributor", 0), ("admin", 0)];
    for (role, listed) in roles {
        let path = format!("/repositories/acme?role={role}");
        assert_eq!(call_as(&world, &mallory, "GET", &path, Value::Null).await.json()["size"], listed, "{role}");
    }
}

#[tokio::test]
async fn searches_are_refused_and_not_ignored() {
    let world = World::new().await;
    for path in
        ["/repositories/acme?q=name%3D%22x%22", "/workspaces?q=x", "/repositories/acme?role=king", "/workspaces?role=x"]
    {
        assert_refused(&get(&world, path).await, 400, path);
    }
}

#[tokio::test]
async fn egress_ranges_are_published() {
    let egress_addresses = ["192.0.2.0/24".to_owned(), "2001:db8::7".to_owned()].into();
    let world = World::with(ApiSettings { egress_addresses, ..ApiSettings::default() }).await;
    let answer = world.send(request("", "GET", "/.well-known/ip-ranges.json", Vec::new())).await;
    let item = |network: &str, mask_len: u8, mask: &str| {
        json!({
            "network": network, "mask_len": mask_len, "cidr": format!("{network}/{mask_len}"), "mask": mask,
            "region": ["global"], "product": ["bitbucket"], "direction": ["egress"],
        })
    };
    assert_eq!(
        answer.json(),
        json!({
            "creationDate": "2026-01-02T03:04:05.000000", "syncToken": 1_767_323_045,
            "items": [
                item("192.0.2.0", 24, "255.255.255.0"),
                item("2001:db8::7", 128, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            ],
        })
    );
}
