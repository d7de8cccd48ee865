//! Which hooks hear of what: those of a repository, of its organization, of other repositories (contract github sections
//! 3.4 and 4.1).

use domain::flow::publish::{Envelope, publish};
use domain::id::HookId;
use serde_json::{Value, json};

use crate::world::World;

/// Hooks that listen to everything: of acme/app, of acme/other, and of acme.
struct Audience {
    world: World,
    app: HookId,
    other: HookId,
    organization: HookId,
}

impl Audience {
    async fn new() -> Self {
        let mut world = World::new().await;
        world.token = world.token_for("alice", "repo,delete_repo,admin:org_hook,admin:org").await;
        let hook = async |path: &str| {
            let body = json!({"config": {"url": format!("http://r.test{path}")}, "events": ["*"]});
            let answer = world.post(&format!("{path}/hooks"), body).await;
            assert_eq!(answer.status, 201, "{}", answer.text);
            HookId(answer.json()["id"].as_i64().expect("an id"))
        };
        let app = hook("/repos/acme/app").await;
        let other = hook("/repos/acme/other").await;
        let organization = hook("/orgs/acme").await;
        let audience = Self { world, app, other, organization };
        audience.heard().await;
        audience
    }

    async fn publish(&self, kind: &str, source: &str, data: Value) {
        let envelope = Envelope {
            id: self.world.ports.clock.now().as_micros().to_string(),
            source: source.to_owned(),
            kind: kind.to_owned(),
            subject: None,
            time: None,
            content_type: "application/json".to_owned(),
            data: data.to_string().into(),
            hops: 0,
        };
        publish(&self.world.ports, envelope).await.expect("published");
        self.world.clock.advance(std::time::Duration::from_millis(1));
    }

    /// What has become due since the last time, as `event.action` and guid.
    async fn news(&self, hook: HookId) -> Vec<(String, String)> {
        let work = self.world.due(hook).await;
        let tell = |work: &domain::delivery::Work| {
            let message = work.message();
            let action = message.action.as_deref().map_or_else(String::new, |action| format!(".{action}"));
            (format!("{}{action}", message.kind), message.uid.to_string())
        };
        work.iter().map(tell).collect()
    }

    /// What each of the hooks has heard since the last time.
    async fn heard(&self) -> [Vec<String>; 3] {
        let mut heard = [const { Vec::new() }; 3];
        for (names, hook) in heard.iter_mut().zip([self.app, self.other, self.organization]) {
            *names = self.news(hook).await.into_iter().map(|(name, _)| name).collect();
        }
        heard
    }
}

fn names<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.map(str::to_owned).to_vec()
}

#[tokio::test]
async fn check_36_a_push_reaches_the_repository_and_its_organization_under_one_guid() {
    let audience = Audience::new().await;
    let push = json!({"ref": "refs/heads/main", "before": "1".repeat(40), "after": "2".repeat(40), "kind": "branch", "name": "refs/heads/main"});
    audience.publish("push", "/repos/acme/app", json!({"pusher": {"login": "alice"}, "refs": [push]})).await;
    let (app, organization) = (audience.news(audience.app).await, audience.news(audience.organization).await);
    assert_eq!((app.len(), &app), (1, &organization), "the same guid");
    assert_eq!(audience.news(audience.other).await, []);
    audience.publish("github.watch", "/repos/acme/other", json!({"action": "started"})).await;
    assert_eq!(audience.heard().await, [vec![], names(["watch.started"]), names(["watch.started"])]);
}

#[tokio::test]
async fn what_only_organizations_hear_never_reaches_a_repositorys_hook() {
    let audience = Audience::new().await;
    for (kind, action) in [("team", "added_to_repository"), ("organization", "renamed"), ("membership", "added")] {
        for source in ["/repos/acme/app", "/orgs/acme"] {
            audience.publish(&format!("github.{kind}"), source, json!({"action": action})).await;
            assert_eq!(audience.heard().await, [vec![], vec![], vec![format!("{kind}.{action}")]], "{source}");
        }
    }
    audience.publish("github.member", "/repos/acme/app", json!({"action": "added"})).await;
    audience.publish("github.team_add", "/orgs/acme", json!({})).await;
    let both = names(["member.added", "team_add"]);
    assert_eq!(audience.heard().await, [names(["member.added"]), vec![], both]);
    let member = json!({"actor": {"login": "alice"}, "member": {"login": "mallory"}});
    audience.publish("organization.member_added", "/orgs/acme", member).await;
    assert_eq!(audience.heard().await, [vec![], vec![], names(["organization.member_added"])]);
}

#[tokio::test]
async fn the_end_of_a_repository_reaches_the_organization_only() {
    let audience = Audience::new().await;
    audience.publish("repository.deleted", "/repos/acme/app", json!({"actor": {"login": "alice"}})).await;
    audience.publish("github.repository", "/repos/acme/app", json!({"action": "deleted"})).await;
    let deleted = "repository.deleted";
    assert_eq!(audience.heard().await, [vec![], vec![], names([deleted, deleted])]);
    audience.publish("github.repository", "/repos/acme/app", json!({"action": "archived"})).await;
    let archived = names(["repository.archived"]);
    assert_eq!(audience.heard().await, [archived.clone(), vec![], archived]);
}

#[tokio::test]
async fn a_transfer_reaches_the_new_owners_hooks_only() {
    let audience = Audience::new().await;
    let from = |login: &str| json!({"actor": {"login": "alice"}, "from": login});
    audience.publish("repository.transferred", "/repos/acme/app", from("Acme")).await;
    assert_eq!(audience.heard().await, [const { Vec::<String>::new() }; 3], "acme is the old owner still");
    audience.publish("repository.transferred", "/repos/acme/app", from("mallory")).await;
    let transferred = names(["repository.transferred"]);
    assert_eq!(audience.heard().await, [transferred.clone(), vec![], transferred]);
}

#[tokio::test]
async fn what_the_api_changes_is_heard_by_the_organization() {
    let audience = Audience::new().await;
    let world = &audience.world;
    assert_eq!(world.post("/orgs/acme/repos", json!({"name": "new"})).await.status, 201);
    assert_eq!(world.patch("/repos/acme/new", json!({"private": true})).await.status, 200);
    assert_eq!(world.delete("/repos/acme/new").await.status, 204);
    assert_eq!(world.call("PUT", "/orgs/acme/memberships/mallory", Value::Null).await.status, 200);
    let told = ["repository.created", "repository.privatized", "repository.deleted", "organization.member_added"];
    assert_eq!(audience.heard().await, [vec![], vec![], names(told)]);
    let work = audience.news(audience.organization).await;
    assert_eq!(work, [], "each only once");
}
