//! Hooks of an organization: the checks that its endpoints share with a repository's, and those that are its own.

use dialects::ApiSettings;
use domain::flow::publish::{Envelope, publish};
use domain::hook::Hook;
use serde_json::{Value, json};
use testkit::answered;

use super::id_of;
use crate::world::{Answer, World, request};

/// Where the hooks of these tests live.
const HOOKS: &str = "/orgs/acme/hooks";
const DOCS: &str = "https://docs.github.com/rest/orgs/webhooks";

/// A world in which alice's token manages organization hooks.
async fn world() -> World {
    with(ApiSettings::default()).await
}

async fn with(settings: ApiSettings) -> World {
    let mut world = World::with(settings).await;
    world.token = world.token_for("alice", "admin:org_hook").await;
    world
}

/// Creates a hook that must be good.
async fn hook(world: &World, body: Value) -> Value {
    let answer = world.post(HOOKS, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()
}

fn path_of(hook: &Value) -> String {
    format!("{HOOKS}/{}", hook["id"])
}

fn stored(world: &World, hook: &Value) -> std::sync::Arc<Hook> {
    world.ports.directory().hook(id_of(hook)).expect("the hook")
}

async fn errors(world: &World, body: Value) -> Value {
    let answer = world.post(HOOKS, body).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    assert_eq!(answer.json()["documentation_url"], format!("{DOCS}#create-an-organization-webhook"));
    answer.json()["errors"].clone()
}

#[tokio::test]
async fn check_01_26_a_hook_has_neither_test_url_nor_last_response() {
    let world = world().await;
    let config = json!({"url": "http://r.test/h", "content_type": "json", "secret": "s"});
    let answer = world.post(HOOKS, json!({"name": "web", "config": config})).await;
    assert_eq!(answer.status, 201);
    let made = answer.json();
    let url = format!("http://postrider.test/api/v3{}", path_of(&made));
    assert_eq!(answer.header("location"), url);
    let expected = json!({
        "type": "Organization", "id": made["id"], "name": "web", "active": true, "events": ["push"],
        "config": {"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": "http://r.test/h"},
        "updated_at": "2026-01-02T03:04:05Z", "created_at": "2026-01-02T03:04:05Z",
        "url": url, "ping_url": format!("{url}/pings"), "deliveries_url": format!("{url}/deliveries"),
    });
    assert_eq!(made, expected);
    world.deliver(id_of(&made), &answered(200)).await;
    assert_eq!(world.get(HOOKS).await.json(), json!([expected]));
    assert_eq!(world.get(&path_of(&made)).await.json(), expected);
    for tail in ["tests", "test"] {
        let answer = world.post(&format!("{}/{tail}", path_of(&made)), Value::Null).await;
        let message = json!("Not Found");
        assert_eq!((answer.status.as_u16(), &answer.json()["message"]), (404, &message), "{tail}");
    }
}

#[tokio::test]
async fn check_02_03_a_url_alone_gets_the_defaults_even_without_a_name() {
    let world = world().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}, "events": []})).await;
    assert_eq!((&made["events"], &made["active"], &made["name"]), (&json!(["push"]), &json!(true), &json!("web")));
    assert_eq!(made["config"], json!({"content_type": "form", "insecure_ssl": "0", "url": "http://r.test/"}));
    let all = hook(&world, json!({"config": {"url": "http://a.test/"}, "events": ["*"]})).await;
    assert_eq!(all["events"], json!(["*"]));
}

#[tokio::test]
async fn check_04_05_06_what_is_refused_names_the_field_and_creates_nothing() {
    let world = world().await;
    let config = json!({"url": "http://r.test/"});
    let table = [
        (json!({"name": "web"}), "url"),
        (json!({"name": "xxx", "config": config}), "name"),
        (json!({"config": config, "events": ["push", "nope"]}), "events"),
        (json!({"config": config, "events": ["installation"]}), "events"),
    ];
    for (body, field) in table {
        assert_eq!(errors(&world, body.clone()).await[0]["field"], field, "{body}");
    }
    let found = errors(&world, json!({"config": {"url": "http://r.test/", "username": "u"}})).await;
    assert_eq!(found[0]["message"], "Invalid config attribute: username");
    let wrong = world.post(HOOKS, json!({"config": config, "events": null})).await;
    assert_eq!(wrong.json()["message"], "Invalid request.\n\nFor 'properties/events', nil is not an array.");
    assert_eq!(world.get(HOOKS).await.json(), json!([]));
    for event in ["membership", "organization", "org_block", "team", "projects_v2", "custom_property", "member"] {
        let config = json!({"url": format!("http://{event}.test/")});
        hook(&world, json!({"config": config, "events": [event]})).await;
    }
}

#[tokio::test]
async fn check_08_broken_json_is_400() {
    let world = world().await;
    for (body, message) in [("{\"config\":", "Problems parsing JSON"), ("[]", "Body should be a JSON object")] {
        let sent = request(&world.token, "POST", &format!("/api/v3{HOOKS}"), body.as_bytes().to_vec());
        let answer = world.send(sent).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["message"]), (400, &json!(message)));
    }
}

#[tokio::test]
async fn check_09_a_duplicate_exists_already_on_this_organization() {
    let world = world().await;
    let body = |events: Value| json!({"config": {"url": "http://r.test/", "content_type": "json"}, "events": events});
    let made = hook(&world, body(json!(["push", "issues"]))).await;
    let told = json!([{"resource": "Hook", "code": "custom", "message": "Hook already exists on this organization"}]);
    assert_eq!(errors(&world, body(json!(["issues"]))).await, told);
    let other = hook(&world, body(json!(["status"]))).await;
    let edit = world.patch(&path_of(&other), json!({"add_events": ["push"]})).await;
    assert_eq!((edit.status.as_u16(), &edit.json()["errors"]), (422, &told));
    assert_eq!(edit.json()["documentation_url"], format!("{DOCS}#update-an-organization-webhook"));
    world.delete(&path_of(&made)).await;
    assert_eq!(world.patch(&path_of(&other), json!({"add_events": ["push"]})).await.status, 200);
}

#[tokio::test]
async fn check_10_each_event_has_a_limit_apart_from_that_of_repositories() {
    let mut world = with(ApiSettings { max_hooks_per_event: 2, ..ApiSettings::default() }).await;
    world.token = world.token_for("alice", "admin:org_hook,repo").await;
    let body = |n: u8, event: &str| json!({"config": {"url": format!("http://{n}.test/")}, "events": [event], "active": false});
    for n in 0..2 {
        hook(&world, body(n, "push")).await;
        assert_eq!(world.post("/repos/acme/app/hooks", body(n, "push")).await.status, 201);
    }
    let full = "The \"push\" event cannot have more than 2 hooks";
    assert_eq!(errors(&world, body(2, "push")).await[0]["message"], full);
    hook(&world, body(2, "team")).await;
}

#[tokio::test]
async fn check_12_to_18_edits_follow_the_rules_of_repository_hooks() {
    let world = world().await;
    let config = json!({"url": "http://r.test/", "content_type": "json", "secret": "s", "insecure_ssl": 1});
    let made = hook(&world, json!({"config": config, "active": false})).await;
    let path = path_of(&made);
    assert_eq!(made["config"]["insecure_ssl"], "1");
    let secret = || stored(&world, &made).secret.as_ref().map(|secret| secret.expose().to_owned());
    for kept in
        [json!({"active": true}), json!({"config": {}}), json!({"config": made["config"]}), json!({"name": "bob"})]
    {
        let after = world.patch(&path, kept.clone()).await;
        assert_eq!((after.status.as_u16(), &after.json()["config"]), (200, &made["config"]), "{kept}");
        assert_eq!((secret().as_deref(), &after.json()["name"]), (Some("s"), &json!("web")), "{kept}");
        assert_eq!(after.json().get("last_response"), None);
    }
    let table = [
        (json!({"events": ["push"], "add_events": ["team"], "remove_events": ["push"]}), json!(["push"])),
        (json!({"add_events": ["team"], "remove_events": ["team"]}), json!(["push", "team"])),
        (json!({"remove_events": ["push", "team"]}), json!([])),
        (json!({"events": ["organization"]}), json!(["organization"])),
    ];
    for (body, events) in table {
        assert_eq!(world.patch(&path, body.clone()).await.json()["events"], events, "{body}");
    }
    let merged = world.patch(&format!("{path}/config"), json!({"content_type": "form"})).await.json();
    let expected = json!({"content_type": "form", "insecure_ssl": "1", "secret": "********", "url": "http://r.test/"});
    assert_eq!((&merged, secret().as_deref()), (&expected, Some("s")));
    assert_eq!(world.get(&format!("{path}/config")).await.json(), expected);
    let replaced = world.patch(&path, json!({"config": {"url": "http://n.test/"}})).await.json();
    assert_eq!(replaced["config"], json!({"content_type": "form", "insecure_ssl": "0", "url": "http://n.test/"}));
    assert_eq!(secret(), None, "a configuration without a secret drops it");
}

#[tokio::test]
async fn check_19_20_a_hook_answers_only_under_its_own_owner_and_can_be_deleted_once() {
    let mut world = world().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}})).await;
    world.token = world.token_for("alice", "admin:org_hook,repo").await;
    let of_repository = world.post("/repos/acme/app/hooks", json!({"config": {"url": "http://r.test/"}})).await.json();
    for path in [format!("/repos/acme/app/hooks/{}", made["id"]), format!("{HOOKS}/{}", of_repository["id"])] {
        assert_eq!(world.get(&path).await.status, 404, "{path}");
    }
    assert_eq!(world.delete(&path_of(&made)).await.status, 204);
    let again = world.delete(&path_of(&made)).await;
    assert_eq!(again.json()["documentation_url"], format!("{DOCS}#delete-an-organization-webhook"));
    assert_eq!((again.status.as_u16(), &again.json()["message"]), (404, &json!("Not Found")));
}

#[tokio::test]
async fn check_21_lists_are_paged() {
    let world = with(ApiSettings { max_hooks_per_event: 50, ..ApiSettings::default() }).await;
    for n in 0..31 {
        hook(&world, json!({"config": {"url": format!("http://{n}.test/")}, "active": false})).await;
    }
    let first = world.get(HOOKS).await;
    let base = format!("http://postrider.test/api/v3{HOOKS}");
    let link = format!("<{base}?page=2>; rel=\"next\", <{base}?page=2>; rel=\"last\"");
    assert_eq!((first.json().as_array().map(Vec::len), first.header("link")), (Some(30), link.as_str()));
    assert_eq!(world.get(&format!("{HOOKS}?page=2")).await.json().as_array().map(Vec::len), Some(1));
    assert_eq!(world.get(&format!("{HOOKS}?per_page=1000")).await.json().as_array().map(Vec::len), Some(31));
}

#[tokio::test]
async fn check_22_an_unchanged_hook_is_304() {
    let world = world().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}, "active": false})).await;
    let tag = world.get(&path_of(&made)).await.header("etag").to_owned();
    let again = async || {
        let mut asked = request(&world.token, "GET", &format!("/api/v3{}", path_of(&made)), Vec::new());
        asked.headers_mut().insert("if-none-match", tag.parse().expect("a header value"));
        world.send(asked).await.status.as_u16()
    };
    assert_eq!(again().await, 304);
    world.patch(&path_of(&made), json!({"events": ["team"]})).await;
    assert_eq!(again().await, 200);
}

#[tokio::test]
async fn check_27_28_create_pings_with_the_organization_and_without_a_repository() {
    let world = world().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/", "content_type": "json"}})).await;
    world.post(&format!("{}/pings", path_of(&made)), Value::Null).await;
    let work = world.due(id_of(&made)).await;
    assert_eq!(work.len(), 2, "one for the creation, one asked for");
    for ping in &work {
        assert_eq!((&*ping.message().kind, &ping.message().action), ("ping", &None));
        let body: Value = serde_json::from_slice(&ping.message().body).expect("JSON");
        assert_eq!((&body["hook"], &body["hook_id"]), (&made, &made["id"]));
        assert_eq!((&body["organization"]["login"], body.get("repository")), (&json!("acme"), None));
        assert_eq!(body["sender"]["login"], "alice");
    }
    let quiet = hook(&world, json!({"config": {"url": "http://q.test/"}, "active": false})).await;
    assert!(world.due(id_of(&quiet)).await.is_empty());
}

#[tokio::test]
async fn check_36_37_the_log_is_read_and_redelivered_by_the_organization() {
    let world = world().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}})).await;
    world.deliver(id_of(&made), &answered(500)).await;
    let deliveries = format!("{}/deliveries", path_of(&made));
    let listed = world.get(&format!("{deliveries}?per_page=1&status=failure")).await.json();
    let item = listed[0].clone();
    assert_eq!((&item["event"], &item["repository_id"]), (&json!("ping"), &Value::Null), "no repository in it");
    let one = format!("{deliveries}/{}", item["id"]);
    assert_eq!(world.get(&one).await.json()["request"]["payload"]["hook_id"], made["id"]);
    let again = world.post(&format!("{one}/attempts"), Value::Null).await;
    assert_eq!((again.status.as_u16(), again.json()), (202, json!({})));
    assert_eq!(world.due(id_of(&made)).await.len(), 1);
    let bad = world.get(&format!("{deliveries}?status=x")).await;
    assert_eq!(bad.json()["documentation_url"], format!("{DOCS}#list-deliveries-for-an-organization-webhook"));
}

#[tokio::test]
async fn check_46_numbers_stand_for_organizations_too() {
    let world = world().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}, "active": false})).await;
    let number = world.app.owner;
    let by_number = world.get(&format!("/organizations/{number}/hooks/{}", made["id"])).await;
    assert_eq!((by_number.status.as_u16(), by_number.json()), (200, made));
    assert_eq!(world.get(&format!("/organizations/{number}")).await.json()["login"], "acme");
    assert_eq!(world.get("/ORGS/acme/hooks").await.status, 404, "only names are folded");
    assert_eq!(world.get("/orgs/ACME/hooks").await.status, 200);
    for nothing in ["/organizations/1/hooks", "/organizations/x/hooks", "/orgs/alice/hooks", "/orgs/nobody/hooks"] {
        let answer = world.get(nothing).await;
        let docs = format!("{DOCS}#list-organization-webhooks");
        assert_eq!((answer.status.as_u16(), &answer.json()["documentation_url"]), (404, &json!(docs)), "{nothing}");
    }
}

/// Each operation's status on a hook that is not there, its anchor and its permission.
#[tokio::test]
async fn every_operation_names_its_page_scope_and_permission() {
    let world = world().await;
    let table = [
        ("GET", "", "list-organization-webhooks", "read"),
        ("POST", "", "create-an-organization-webhook", "write"),
        ("GET", "/1", "get-an-organization-webhook", "read"),
        ("PATCH", "/1", "update-an-organization-webhook", "write"),
        ("DELETE", "/1", "delete-an-organization-webhook", "write"),
        ("GET", "/1/config", "get-a-webhook-configuration-for-an-organization", "read"),
        ("PATCH", "/1/config", "update-a-webhook-configuration-for-an-organization", "write"),
        ("GET", "/1/deliveries", "list-deliveries-for-an-organization-webhook", "read"),
        ("GET", "/1/deliveries/1", "get-a-webhook-delivery-for-an-organization-webhook", "read"),
        ("POST", "/1/deliveries/1/attempts", "redeliver-a-delivery-for-an-organization-webhook", "write"),
        ("POST", "/1/pings", "ping-an-organization-webhook", "write"),
    ];
    for (method, tail, anchor, level) in table {
        let nobodys = format!("/orgs/nobody/hooks{tail}");
        let answer: Answer = world.call(method, &nobodys, json!({})).await;
        assert_eq!(answer.status, 404, "{method} {tail}");
        assert_eq!(answer.json()["documentation_url"], format!("{DOCS}#{anchor}"));
        assert_eq!(answer.header("x-accepted-oauth-scopes"), "admin:org_hook", "{method} {tail}");
        assert_eq!(answer.header("x-accepted-github-permissions"), format!("organization_hooks={level}"));
    }
}

#[tokio::test]
async fn the_old_preview_is_accepted_and_echoed() {
    let world = world().await;
    let mut asked = request(&world.token, "GET", &format!("/api/v3{HOOKS}"), Vec::new());
    let preview = "application/vnd.github.polaris-preview+json";
    asked.headers_mut().insert("accept", preview.parse().expect("a header value"));
    let answer = world.send(asked).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!([])));
    assert_eq!(answer.header("x-github-media-type"), "github.polaris-preview; format=json");
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
}

#[tokio::test]
async fn check_43_an_inactive_hook_answers_an_explicit_ping_only() {
    let world = world().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}, "events": ["*"], "active": false})).await;
    let envelope = Envelope {
        id: "1".to_owned(),
        source: "/orgs/acme".to_owned(),
        kind: "github.team".to_owned(),
        subject: None,
        time: None,
        content_type: "application/json".to_owned(),
        data: json!({"action": "created"}).to_string().into(),
        hops: 0,
    };
    assert_eq!(publish(&world.ports, envelope).await.expect("published").deliveries, 0);
    assert_eq!(world.post(&format!("{}/pings", path_of(&made)), Value::Null).await.status, 204);
    assert_eq!(world.due(id_of(&made)).await.len(), 1);
}

#[tokio::test]
async fn e12_an_organizations_hook_takes_ten_pings_per_minute() {
    let world = world().await;
    let made = hook(&world, json!({"config": {"url": "http://r.test/"}, "active": false})).await;
    let pings = format!("{}/pings", path_of(&made));
    for _ in 0..10 {
        assert_eq!(world.post(&pings, Value::Null).await.status, 204);
    }
    let over = world.post(&pings, Value::Null).await;
    assert_eq!((over.status.as_u16(), over.header("retry-after")), (403, "60"));
}
