//! Check 25: who sees which hooks of an organization (contract github section 2). OAuth applications have those they
//! made, people those that no application made, and to everybody else there are none.

use domain::account::OrgRole;
use serde_json::{Value, json};
use testkit::answered;

use super::id_of;
use crate::world::{Answer, World};

const HOOKS: &str = "/orgs/acme/hooks";
const SCOPE: &str = "admin:org_hook";

/// Who made a hook, or asks for one: a person, or the application `a` or `b`.
type Maker = Option<&'static str>;

const MAKERS: [Maker; 3] = [None, Some("a"), Some("b")];

/// Someone who asks.
struct Asker {
    name: &'static str,
    token: String,
    /// Whose hooks they see; nobody's, if they do not manage the organization's hooks at all.
    sees: Option<Maker>,
}

/// alice and bob own acme, carol belongs to it, admin owns everything, and mallory owns only the applications.
async fn cast(world: &World) -> Vec<Asker> {
    for (login, role) in [("bob", Some(OrgRole::Owner)), ("carol", Some(OrgRole::Member))] {
        world.ports.store.create_account(testkit::a_user(login)).await.expect("an account");
        if let Some(role) = role {
            world.join(login, role).await;
        }
    }
    let everything_else = "repo,admin:repo_hook,admin:org,user,events:write,events:read,delete_repo";
    let table: [(&str, Maker, &str, &str, Option<Maker>); 15] = [
        ("alice herself", None, "alice", SCOPE, Some(None)),
        ("alice through a", Some("a"), "alice", SCOPE, Some(Some("a"))),
        ("alice through b", Some("b"), "alice", SCOPE, Some(Some("b"))),
        ("another owner", None, "bob", SCOPE, Some(None)),
        ("another owner through a", Some("a"), "bob", SCOPE, Some(Some("a"))),
        ("a site admin", None, "admin", SCOPE, Some(None)),
        ("a site admin through b", Some("b"), "admin", SCOPE, Some(Some("b"))),
        ("an application without hooks", Some("c"), "alice", SCOPE, Some(Some("c"))),
        ("a member", None, "carol", SCOPE, None),
        ("a member through a", Some("a"), "carol", SCOPE, None),
        ("nobody", None, "mallory", SCOPE, None),
        ("nobody through a", Some("a"), "mallory", SCOPE, None),
        ("an owner without the scope", None, "alice", everything_else, None),
        ("a without the scope", Some("a"), "alice", everything_else, None),
        ("b without any scope", Some("b"), "alice", "", None),
    ];
    let mut cast = vec![Asker { name: "without a token", token: String::new(), sees: None }];
    for (name, app, login, scopes, sees) in table {
        cast.push(Asker { name, token: world.token_through(app, login, scopes).await, sees });
    }
    cast
}

/// A hook of each maker, all with the same configuration, and one delivery in its log.
async fn hooks(world: &World) -> Vec<(Maker, Value)> {
    let mut hooks = Vec::new();
    for maker in MAKERS {
        let token = world.token_through(maker, "alice", SCOPE).await;
        let body = json!({"config": {"url": "http://r.test/", "secret": "s"}, "events": ["push"]});
        let made = world.call_as(&token, "POST", HOOKS, body.clone()).await;
        assert_eq!(made.status, 201, "{maker:?}: nobody hears of another's hook as a duplicate: {}", made.text);
        let again = world.call_as(&token, "POST", HOOKS, body).await;
        assert_eq!(again.json()["errors"][0]["message"], "Hook already exists on this organization");
        let made = made.json();
        world.deliver(id_of(&made), &answered(200)).await;
        hooks.push((maker, made));
    }
    hooks
}

/// Every operation on one hook: method, what follows the hook's path, and the status when it is allowed.
fn operations(delivery: &Value) -> Vec<(&'static str, String, u16)> {
    let delivery = format!("/deliveries/{delivery}");
    vec![
        ("GET", String::new(), 200),
        ("GET", "/config".to_owned(), 200),
        ("PATCH", String::new(), 200),
        ("PATCH", "/config".to_owned(), 200),
        ("GET", "/deliveries".to_owned(), 200),
        ("GET", delivery.clone(), 200),
        ("POST", format!("{delivery}/attempts"), 202),
        ("POST", "/pings".to_owned(), 204),
        ("DELETE", String::new(), 204),
    ]
}

/// Everything of an answer that depends on what was asked.
fn told(answer: &Answer) -> (u16, String, Vec<(String, String)>) {
    let each_time = ["x-github-request-id", "x-ratelimit-remaining", "x-ratelimit-used"];
    let mut headers: Vec<_> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().expect("ASCII").to_owned()))
        .filter(|(name, _)| !each_time.contains(&name.as_str()))
        .collect();
    headers.sort();
    (answer.status.as_u16(), answer.text.clone(), headers)
}

#[tokio::test]
async fn check_25_the_matrix_of_makers_askers_and_operations() {
    let world = World::new().await;
    let cast = cast(&world).await;
    let hooks = hooks(&world).await;
    let mut cells = 0;
    for asker in &cast {
        for (maker, hook) in &hooks {
            let owner = world.token_through(*maker, "alice", SCOPE).await;
            let path = format!("{HOOKS}/{}", hook["id"]);
            let log = world.call_as(&owner, "GET", &format!("{path}/deliveries"), Value::Null).await.json();
            for (method, tail, good) in operations(&log[0]["id"]) {
                let allowed = asker.sees == Some(*maker);
                if allowed && method == "DELETE" {
                    // Tried on a hook of its own, below.
                    continue;
                }
                cells += 1;
                let label = format!("{} {method} {tail} of {maker:?}", asker.name);
                let body = if method == "PATCH" { json!({}) } else { Value::Null };
                let answer = world.call_as(&asker.token, method, &format!("{path}{tail}"), body.clone()).await;
                assert_eq!(answer.status.as_u16(), if allowed { good } else { 404 }, "{label}: {}", answer.text);
                if !allowed {
                    let nothing = format!("{HOOKS}/99999{tail}");
                    let absent = world.call_as(&asker.token, method, &nothing, body).await;
                    assert_eq!(told(&answer), told(&absent), "{label}: like a hook that does not exist");
                }
            }
        }
        world.clock.advance(std::time::Duration::from_secs(61));
    }
    assert_eq!(cells, 16 * 3 * 9 - 7, "16 askers, 3 makers, 9 operations, and 7 deletions that are allowed");
    let versions = hooks.iter().map(|(_, hook)| world.ports.directory().hook(id_of(hook)).map(|hook| hook.version));
    assert_eq!(versions.collect::<Vec<_>>(), [Some(7), Some(5), Some(5)], "two edits by each who may");
}

#[tokio::test]
async fn check_25_lists_omit_and_creation_and_deletion_stay_with_the_maker() {
    let world = World::new().await;
    let cast = cast(&world).await;
    let hooks = hooks(&world).await;
    for asker in &cast {
        let mut own: Vec<Value> =
            hooks.iter().filter(|(maker, _)| asker.sees == Some(*maker)).map(|(_, hook)| hook["id"].clone()).collect();
        for path in [HOOKS.to_owned(), format!("/organizations/{}/hooks", world.app.owner)] {
            let listed = world.call_as(&asker.token, "GET", &path, Value::Null).await;
            if asker.sees.is_none() {
                assert_eq!((listed.status.as_u16(), &listed.json()["message"]), (404, &json!("Not Found")));
                continue;
            }
            let listed = listed.json();
            let ids: Vec<&Value> = listed.as_array().expect("a list").iter().map(|hook| &hook["id"]).collect();
            assert_eq!(ids, own.iter().collect::<Vec<_>>(), "{}", asker.name);
        }
        let body =
            json!({"config": {"url": format!("http://{}.test/", asker.name.replace(' ', "-"))}, "active": false});
        let made = world.call_as(&asker.token, "POST", HOOKS, body).await;
        assert_eq!(made.status.as_u16(), if asker.sees.is_some() { 201 } else { 404 }, "{}", asker.name);
        if asker.sees.is_some() {
            own.push(made.json()["id"].clone());
            let path = format!("{HOOKS}/{}", made.json()["id"]);
            let own_again = world.call_as(&asker.token, "GET", HOOKS, Value::Null).await.json();
            assert_eq!(own_again.as_array().map(Vec::len), Some(own.len()), "{}", asker.name);
            assert_eq!(world.call_as(&asker.token, "DELETE", &path, Value::Null).await.status, 204);
        }
    }
}

#[tokio::test]
async fn check_25_our_own_api_keeps_the_rule_and_shows_site_admins_all() {
    let world = World::new().await;
    let hooks = hooks(&world).await;
    let scopes = "admin:org_hook,events:read";
    let table = [
        ("alice", None, scopes, vec![0]),
        ("alice", Some("a"), scopes, vec![1]),
        ("alice", Some("b"), scopes, vec![2]),
        ("admin", None, scopes, vec![0]),
        ("admin", None, "admin:org_hook,events:read,site_admin", vec![0, 1, 2]),
    ];
    for (login, app, scopes, seen) in table {
        let token = world.token_through(app, login, scopes).await;
        let ask =
            async |method: &str, path: &str| world.ask(&token, method, &format!("/api/v1{path}"), Value::Null).await;
        let listed = ask("GET", "/hooks?scope=/orgs/acme").await.json();
        let ids: Vec<&Value> = listed["items"].as_array().expect("items").iter().map(|hook| &hook["id"]).collect();
        assert_eq!(ids, seen.iter().map(|at| &hooks[*at].1["id"]).collect::<Vec<_>>(), "{login} {app:?}");
        for (at, (_, hook)) in hooks.iter().enumerate() {
            for (method, tail, good) in [("GET", "", 200), ("GET", "/deliveries", 200), ("POST", "/breaker/close", 200)]
            {
                let status = if seen.contains(&at) { good } else { 404 };
                let answer = ask(method, &format!("/hooks/{}{tail}", hook["id"])).await;
                assert_eq!(answer.status.as_u16(), status, "{login} {app:?} {method} {tail} {at}: {}", answer.text);
            }
        }
    }
}

#[tokio::test]
async fn check_25_a_ping_in_the_log_of_events_does_not_show_the_hook() {
    let world = World::new().await;
    hooks(&world).await;
    let events = world.ports.store.events(None, None, 10).await.expect("events");
    let ping = events.iter().find(|event| event.kind == "github.ping").expect("a ping");
    for (login, app, scopes, shown) in [
        ("alice", None, "events:read", false),
        ("alice", Some("b"), "events:read", false),
        ("admin", None, "events:read,site_admin", true),
    ] {
        let token = world.token_through(app, login, scopes).await;
        let answer = world.ask(&token, "GET", &format!("/api/v1/events/{}", ping.id), Value::Null).await;
        assert_eq!((answer.status.as_u16(), answer.json().get("data").is_some()), (200, shown), "{login} {app:?}");
    }
}

#[tokio::test]
async fn hooks_of_repositories_have_no_such_rule() {
    let world = World::new().await;
    let hooks = "/repos/acme/app/hooks";
    let scope = "admin:repo_hook";
    let a = world.token_through(Some("a"), "alice", scope).await;
    let body = json!({"config": {"url": "http://r.test/"}, "active": false});
    let made = world.call_as(&a, "POST", hooks, body.clone()).await.json();
    for app in MAKERS {
        let token = world.token_through(app, "alice", scope).await;
        let read = world.call_as(&token, "GET", &format!("{hooks}/{}", made["id"]), Value::Null).await;
        assert_eq!((read.status.as_u16(), read.json()), (200, made.clone()), "{app:?}");
        assert_eq!(world.call_as(&token, "POST", hooks, body.clone()).await.status, 422, "a duplicate for all");
    }
}

#[tokio::test]
async fn check_25_the_hooks_of_an_application_that_is_gone_are_peoples() {
    let world = World::new().await;
    let hooks = hooks(&world).await;
    let app = world.ports.directory().application("a").expect("registered");
    world.ports.store.delete_application(app.id).await.expect("deleted");
    let alice = world.token_for("alice", SCOPE).await;
    let listed = world.call_as(&alice, "GET", HOOKS, Value::Null).await.json();
    let ids: Vec<&Value> = listed.as_array().expect("a list").iter().map(|hook| &hook["id"]).collect();
    assert_eq!(ids, [&hooks[0].1["id"], &hooks[1].1["id"]]);
}
