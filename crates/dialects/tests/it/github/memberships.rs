//! Who belongs to an organization, and what is published when that changes.

use domain::account::OrgRole;
use serde_json::{Value, json};

use crate::world::World;

const MALLORY: &str = "/orgs/acme/memberships/mallory";

/// The canonical events so far, oldest first, with their payloads.
async fn told(world: &World) -> Vec<(String, Value)> {
    let events = world.ports.store.events(None, None, 100).await.expect("events");
    let tell = |event: &domain::event::Event| (event.kind.clone(), serde_json::from_slice(&event.data).expect("JSON"));
    events.iter().rev().map(tell).collect()
}

#[tokio::test]
async fn members_are_added_promoted_and_removed_and_two_of_these_are_news() {
    let world = World::new().await;
    assert_eq!(world.get(MALLORY).await.status, 404);
    let added = world.call("PUT", MALLORY, Value::Null).await;
    let added = (added.status.as_u16(), added.json());
    assert_eq!((added.0, &added.1["role"], &added.1["state"]), (200, &json!("member"), &json!("active")));
    assert_eq!(added.1["url"], format!("http://postrider.test/api/v3{MALLORY}"));
    assert_eq!((&added.1["user"]["login"], &added.1["organization"]["login"]), (&json!("mallory"), &json!("acme")));
    assert_eq!(world.get(MALLORY).await.json(), added.1);
    assert_eq!(world.call("PUT", MALLORY, json!({"role": "admin"})).await.json()["role"], "admin");
    assert_eq!(world.delete(MALLORY).await.status, 204);
    assert_eq!(world.delete(MALLORY).await.status, 404);
    let event = |role: &str| json!({"actor": {"login": "alice"}, "member": {"login": "mallory"}, "role": role});
    let expected = [("organization.member_added", event("member")), ("organization.member_removed", event("owner"))];
    assert_eq!(told(&world).await, expected.map(|(kind, data)| (kind.to_owned(), data)));
}

#[tokio::test]
async fn only_owners_change_who_belongs_and_one_of_them_stays() {
    let world = World::new().await;
    for (method, status) in [("PUT", 403), ("DELETE", 403)] {
        let answer = world.call(method, "/orgs/acme/memberships/alice", json!({"role": "member"})).await;
        assert_eq!(answer.status, status, "{method}: {}", answer.text);
    }
    let refused = world.call("PUT", MALLORY, json!({"role": "king"})).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["errors"][0]["field"]), (422, &json!("role")));
    let (reader, mallory) = (world.token_for("alice", "read:org").await, world.token_for("mallory", "admin:org").await);
    assert_eq!(world.call_as(&reader, "PUT", MALLORY, Value::Null).await.status, 404, "the scope is missing");
    assert_eq!(world.call_as(&mallory, "PUT", MALLORY, Value::Null).await.status, 404, "nobody");
    assert_eq!(world.call_as(&mallory, "GET", "/orgs/acme/memberships/alice", Value::Null).await.status, 404);
    world.join("mallory", OrgRole::Member).await;
    assert_eq!(world.call_as(&mallory, "DELETE", "/orgs/acme/memberships/alice", Value::Null).await.status, 403);
    assert_eq!(world.call_as(&mallory, "GET", "/orgs/acme/memberships/alice", Value::Null).await.status, 200);
    assert_eq!(world.call_as(&reader, "GET", MALLORY, Value::Null).await.status, 200);
    assert!(told(&world).await.is_empty());
}

#[tokio::test]
async fn site_admins_rename_organizations_and_their_hooks_stay() {
    let world = World::new().await;
    let (admin, owner) =
        (world.token_for("admin", "site_admin").await, world.token_for("alice", "admin:org_hook").await);
    let body = json!({"config": {"url": "http://r.test/"}, "events": ["organization"]});
    let hook = world.call_as(&owner, "POST", "/orgs/acme/hooks", body).await.json();
    let rename =
        async |login: &str| world.call_as(&admin, "PATCH", "/admin/organizations/acme", json!({"login": login})).await;
    assert_eq!(rename("mallory").await.json()["errors"][0]["code"], "already_exists");
    assert_eq!(rename("-").await.status, 422);
    let renamed = rename("acme-corp").await;
    let url = json!("http://postrider.test/api/v3/orgs/acme-corp");
    assert_eq!((renamed.status.as_u16(), &renamed.json()["url"]), (202, &url));
    assert_eq!(world.patch("/admin/organizations/acme-corp", json!({"login": "acme"})).await.status, 404, "alice");
    let listed = world.call_as(&owner, "GET", "/orgs/acme-corp/hooks", Value::Null).await.json();
    assert_eq!(
        (&listed[0]["id"], &listed[0]["url"]),
        (&hook["id"], &json!(format!("{}/hooks/{}", url.as_str().expect("text"), hook["id"])))
    );
    let work = world.due(super::id_of(&hook)).await;
    let body: Value = serde_json::from_slice(&work.last().expect("the news").message().body).expect("JSON");
    assert_eq!((&body["action"], &body["changes"]["login"]["from"]), (&json!("renamed"), &json!("acme")));
    assert_eq!((&body["organization"]["login"], &body["sender"]["login"]), (&json!("acme-corp"), &json!("admin")));
}

#[tokio::test]
async fn our_own_api_tells_of_members_and_collaborators_too() {
    let world = World::new().await;
    let own = async |method: &str, path: &str, body: Value| {
        let answer = world.ask(&world.token, method, &format!("/api/v1{path}"), body).await;
        assert_eq!(answer.status, 204, "{}", answer.text);
    };
    own("PUT", "/orgs/acme/members/mallory", json!({"role": "member"})).await;
    own("DELETE", "/orgs/acme/members/mallory", Value::Null).await;
    let collaborator = "/repos/acme/app/collaborators/mallory";
    for level in ["read", "admin", "admin"] {
        own("PUT", collaborator, json!({"permission": level})).await;
    }
    own("DELETE", collaborator, Value::Null).await;
    own("DELETE", "/orgs/acme", Value::Null).await;
    let told = told(&world).await;
    let kinds: Vec<&str> = told.iter().map(|(kind, _)| kind.as_str()).collect();
    let (organization, member) = (["member_added", "member_removed"], ["added", "edited", "removed"]);
    let expected = organization.map(|action| format!("organization.{action}")).into_iter();
    let expected = expected.chain(member.map(|action| format!("member.{action}")));
    assert_eq!(kinds, expected.chain(["organization.deleted".to_owned()]).collect::<Vec<_>>());
    let edited = json!({"actor": {"login": "alice"}, "member": {"login": "mallory"}, "permission": "admin", "previous_permission": "read"});
    assert_eq!(told[3].1, edited);
}
