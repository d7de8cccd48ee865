//! What no client should send: GitHub's error form, and never a 5xx (H-4).

use serde_json::{Value, json};

use super::{HOOKS, hook, path_of};
use crate::nonsense::{NO_IDS, NO_OBJECTS, not_json, too_much, values};
use crate::world::{Answer, World, request};

/// Every endpoint that changes something, and whether it reads a body.
async fn endpoints(world: &World) -> Vec<(&'static str, String, bool)> {
    let made = hook(world, json!({"config": {"url": "http://r.test/"}})).await;
    let path = path_of(&made);
    let owner = world.token_for("alice", "admin:org_hook").await;
    let body = json!({"config": {"url": "http://r.test/"}});
    let made = world.call_as(&owner, "POST", "/orgs/acme/hooks", body).await.json();
    let of_organization = format!("/orgs/acme/hooks/{}", made["id"]);
    vec![
        ("POST", "/orgs/acme/hooks".to_owned(), true),
        ("PATCH", of_organization.clone(), true),
        ("PATCH", format!("{of_organization}/config"), true),
        ("PUT", "/orgs/acme/memberships/mallory".to_owned(), true),
        ("POST", format!("{of_organization}/pings"), false),
        ("POST", format!("{of_organization}/deliveries/1/attempts"), false),
        ("DELETE", of_organization, false),
        ("DELETE", "/orgs/acme/memberships/mallory".to_owned(), false),
        ("POST", HOOKS.to_owned(), true),
        ("PATCH", path.clone(), true),
        ("PATCH", format!("{path}/config"), true),
        ("POST", "/user/repos".to_owned(), true),
        ("POST", "/orgs/acme/repos".to_owned(), true),
        ("PATCH", "/repos/acme/app".to_owned(), true),
        ("POST", "/admin/users".to_owned(), true),
        ("POST", "/admin/organizations".to_owned(), true),
        ("PATCH", "/admin/organizations/acme".to_owned(), true),
        ("POST", "/admin/users/alice/authorizations".to_owned(), true),
        ("POST", format!("{path}/pings"), false),
        ("POST", format!("{path}/tests"), false),
        ("POST", format!("{path}/deliveries/1/attempts"), false),
        ("DELETE", path, false),
        ("DELETE", "/repos/acme/app".to_owned(), false),
        ("DELETE", "/orgs/acme".to_owned(), false),
        ("DELETE", "/admin/users/mallory".to_owned(), false),
        ("DELETE", "/admin/users/alice/authorizations".to_owned(), false),
    ]
}

fn assert_githubs(answer: &Answer, label: &str) {
    let status = answer.status.as_u16();
    assert!((400..500).contains(&status), "{label}: {status} {}", answer.text);
    let body = answer.json();
    assert!(body["message"].is_string(), "{label}");
    assert!(body["documentation_url"].as_str().expect("a URL").starts_with("https://docs.github.com/rest"), "{label}");
    assert_eq!(body["status"], status.to_string(), "{label}");
    assert!(body.get("errors").is_none_or(Value::is_array), "{label}");
}

#[tokio::test]
async fn bad_tokens_no_tokens_and_tokens_without_scopes_are_denied_everywhere() {
    let world = World::new().await;
    let scopeless = world.token_for("alice", "user").await;
    for (method, path, _) in endpoints(&world).await {
        let label = format!("{method} {path}");
        let bad = world.call_as("nonsense", method, &path, json!({})).await;
        assert_githubs(&bad, &label);
        assert_eq!(bad.status, 401, "{label}");
        let anonymous = world.call_as("", method, &path, json!({})).await;
        assert_githubs(&anonymous, &label);
        assert!([401, 404].contains(&anonymous.status.as_u16()), "{label}: {}", anonymous.status);
        let denied = world.call_as(&scopeless, method, &path, json!({"name": "n", "login": "n"})).await;
        assert_githubs(&denied, &label);
        assert!([403, 404].contains(&denied.status.as_u16()), "{label}: {}", denied.status);
    }
}

#[tokio::test]
async fn check_08_broken_json_is_400_and_so_is_json_that_is_no_object() {
    let world = World::new().await;
    let admin = world.token_for("admin", "repo,site_admin,admin:org,admin:org_hook").await;
    for (method, path, _) in endpoints(&world).await.into_iter().filter(|(_, _, reads)| *reads) {
        let post = |body: &[u8]| world.send(request(&admin, method, &format!("/api/v3{path}"), body.to_vec()));
        for broken in not_json() {
            let answer = post(&broken).await;
            assert_githubs(&answer, &path);
            assert_eq!(
                (answer.status.as_u16(), &answer.json()["message"]),
                (400, &json!("Problems parsing JSON")),
                "{path}"
            );
        }
        for other in NO_OBJECTS {
            let answer = post(other.as_bytes()).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.json()["message"]),
                (400, &json!("Body should be a JSON object")),
                "{path}"
            );
        }
        let large = post(&too_much()).await;
        assert_githubs(&large, &path);
        assert_eq!(large.status, 413, "{path}");
    }
}

#[tokio::test]
async fn members_of_every_wrong_type_never_end_in_a_5xx() {
    let world = World::new().await;
    let admin = world.token_for("admin", "repo,site_admin,admin:org,admin:org_hook").await;
    let values = values();
    let members = [
        "name",
        "config",
        "events",
        "add_events",
        "remove_events",
        "active",
        "url",
        "content_type",
        "secret",
        "insecure_ssl",
        "private",
        "description",
        "homepage",
        "default_branch",
        "archived",
        "visibility",
        "login",
        "email",
        "admin",
        "profile_name",
        "scopes",
        "unknown",
        "",
    ];
    for (method, path, _) in endpoints(&world).await.into_iter().filter(|(_, _, reads)| *reads) {
        for member in members {
            for value in &values {
                for body in [json!({member: value}), json!({"config": {"url": "http://r.test/x", member: value}})] {
                    let answer = world.call_as(&admin, method, &path, body.clone()).await;
                    if answer.status.as_u16() >= 400 {
                        assert_githubs(&answer, &format!("{method} {path} {body}"));
                    }
                }
            }
        }
        world.patch("/repos/acme/app", json!({"archived": false})).await;
    }
}

#[tokio::test]
async fn numbers_that_are_no_ids_are_404() {
    let world = World::new().await;
    for id in NO_IDS {
        for tail in ["", "/config", "/deliveries", "/deliveries/1"] {
            assert_eq!(world.get(&format!("{HOOKS}/{id}{tail}")).await.status, 404, "{id}{tail}");
        }
    }
}

#[tokio::test]
async fn queries_of_nonsense_are_ignored_or_refused() {
    let world = World::new().await;
    for query in [
        "per_page=0",
        "per_page=-1",
        "page=0",
        "page=99999999999999999999",
        "page=18446744073709551615",
        "%ff=%fe",
        "&&&====",
    ] {
        assert_eq!(world.get(&format!("{HOOKS}?{query}")).await.status, 200, "{query}");
    }
}
