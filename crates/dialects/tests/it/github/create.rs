//! `POST …/hooks`.

use dialects::{ApiSettings, UrlPolicy};
use serde_json::{Value, json};

use super::{HOOKS, hook, id_of, path_of, signed_hook};
use crate::world::World;

fn config(url: &str) -> Value {
    json!({"config": {"url": url}})
}

async fn errors(world: &World, body: Value) -> Value {
    let answer = world.post(HOOKS, body).await;
    assert_eq!(answer.status, 422, "{}", answer.text);
    let body = answer.json();
    assert_eq!(body["message"], "Validation Failed");
    assert_eq!(body["status"], "422");
    assert_eq!(body["documentation_url"], "https://docs.github.com/rest/repos/webhooks#create-a-repository-webhook");
    body["errors"].clone()
}

#[tokio::test]
async fn check_01_create_answers_201_with_location_and_a_masked_secret() {
    let world = World::new().await;
    let answer =
        world.post(HOOKS, json!({"config": {"url": "http://r.test/h", "content_type": "json", "secret": "s"}})).await;
    assert_eq!(answer.status, 201);
    let made = answer.json();
    let url = format!("http://postrider.test/api/v3/repos/acme/app/hooks/{}", made["id"]);
    assert_eq!(answer.header("location"), url);
    assert_eq!(
        made,
        json!({
            "type": "Repository", "id": made["id"], "name": "web", "active": true, "events": ["push"],
            "config": {"content_type": "json", "insecure_ssl": "0", "secret": "********", "url": "http://r.test/h"},
            "updated_at": "2026-01-02T03:04:05Z", "created_at": "2026-01-02T03:04:05Z",
            "url": url, "test_url": format!("{url}/test"), "ping_url": format!("{url}/pings"),
            "deliveries_url": format!("{url}/deliveries"),
            "last_response": {"code": null, "status": "unused", "message": null},
        })
    );
    assert_eq!(world.get(HOOKS).await.json(), json!([made]));
}

#[tokio::test]
async fn check_02_a_url_alone_gets_the_defaults() {
    let world = World::new().await;
    let made = hook(&world, config("http://r.test/")).await;
    assert_eq!((&made["events"], &made["active"]), (&json!(["push"]), &json!(true)));
    assert_eq!(made["config"], json!({"content_type": "form", "insecure_ssl": "0", "url": "http://r.test/"}));
}

#[tokio::test]
async fn check_03_no_events_means_push_and_a_star_stays_a_star() {
    let world = World::new().await;
    for (sent, read) in
        [(json!([]), json!(["push"])), (json!(["*"]), json!(["*"])), (json!(["fork", "fork"]), json!(["fork"]))]
    {
        let url = format!("http://r.test/{sent}");
        assert_eq!(
            hook(&world, json!({"config": {"url": url.replace('"', "")}, "events": sent})).await["events"],
            read
        );
    }
}

#[tokio::test]
async fn check_04_a_missing_or_blank_url_is_refused() {
    let world = World::new().await;
    for body in
        [json!({}), json!({"config": {}}), config(""), config("  "), json!({"config": {"content_type": "json"}})]
    {
        let expected =
            json!([{"resource": "Hook", "code": "custom", "field": "url", "message": "url cannot be blank"}]);
        assert_eq!(errors(&world, body).await, expected);
    }
    for url in ["ftp://r.test/", "nonsense", "http://"] {
        let found = errors(&world, config(url)).await;
        assert!(
            found[0]["message"].as_str().expect("text").starts_with("The URL you've entered is not valid."),
            "{found}"
        );
    }
}

#[tokio::test]
async fn check_05_only_the_name_web_exists() {
    let world = World::new().await;
    let found = errors(&world, json!({"name": "xxx", "config": {"url": "http://r.test/"}})).await;
    assert_eq!(found, json!([{"resource": "Hook", "code": "invalid", "field": "name", "value": "xxx"}]));
    assert_eq!(hook(&world, json!({"name": "web", "config": {"url": "http://r.test/"}})).await["name"], "web");
}

#[tokio::test]
async fn check_06_an_unknown_event_is_refused_and_nothing_is_created() {
    let world = World::new().await;
    for event in ["nope", "download", "follow", "fork_apply", "gist", "team", "installation"] {
        let found = errors(&world, json!({"config": {"url": "http://r.test/"}, "events": ["push", event]})).await;
        let message = format!("{event} is not a valid event name");
        let expected =
            json!([{"resource": "Hook", "code": "invalid", "field": "events", "message": message, "value": event}]);
        assert_eq!(found, expected);
    }
    assert_eq!(world.get(HOOKS).await.json(), json!([]));
}

#[tokio::test]
async fn check_07_wrong_types_are_named_all_at_once_without_errors() {
    let world = World::new().await;
    let table = [
        (json!({"events": null}), "For 'properties/events', nil is not an array."),
        (json!({"events": "push"}), "For 'properties/events', \"push\" is not an array."),
        (json!({"events": {"push": true}}), "For 'properties/events', {\"push\"=>true} is not an array."),
        (json!({"events": [7]}), "For 'items', 7 is not a string."),
        (json!({"active": "yes"}), "For 'properties/active', \"yes\" is not a boolean."),
        (
            json!({"name": 1, "config": []}),
            "For 'properties/name', 1 is not a string.\nFor 'properties/config', [] is not an object.",
        ),
        (json!({"config": {"url": null}}), "For 'properties/url', nil is not a string."),
        (json!({"config": {"secret": 5}}), "For 'properties/secret', 5 is not a string."),
        (json!({"config": {"insecure_ssl": null}}), "For 'properties/insecure_ssl', nil is not a string."),
    ];
    for (body, lines) in table {
        let answer = world.post(HOOKS, body).await;
        assert_eq!(answer.status, 422);
        assert_eq!(answer.json()["message"], format!("Invalid request.\n\n{lines}"));
        assert_eq!(answer.json().get("errors"), None);
    }
}

#[tokio::test]
async fn check_09_the_same_configuration_with_an_overlapping_event_exists_already() {
    let world = World::new().await;
    let body = |events: Value| json!({"config": {"url": "http://r.test/", "content_type": "json"}, "events": events});
    hook(&world, body(json!(["push", "issues"]))).await;
    let expected = json!([{"resource": "Hook", "code": "custom", "message": "Hook already exists on this repository"}]);
    assert_eq!(errors(&world, body(json!(["issues"]))).await, expected);
    hook(&world, body(json!(["status"]))).await;
}

#[tokio::test]
async fn check_10_each_event_has_a_limit_of_its_own() {
    let world = World::new().await;
    let body = |n: usize, events: Value| json!({"config": {"url": format!("http://r.test/{n}")}, "events": events, "active": false});
    for n in 0..20 {
        hook(&world, body(n, json!(["push"]))).await;
    }
    let full = |event: &str| {
        let message = format!("The \"{event}\" event cannot have more than 20 hooks");
        json!({"resource": "Hook", "code": "custom", "message": message})
    };
    assert_eq!(errors(&world, body(20, json!(["push"]))).await, json!([full("push")]));
    for n in 20..40 {
        hook(&world, body(n, json!(["issues"]))).await;
    }
    assert_eq!(
        errors(&world, body(40, json!(["push", "issues", "fork"]))).await,
        json!([full("push"), full("issues")])
    );
}

#[tokio::test]
async fn check_11_several_problems_are_told_at_once() {
    let world = World::new().await;
    let body = json!({"name": "x", "config": {"content-type": "json", "content_type": "xml", "insecure_ssl": "maybe"}});
    let found = errors(&world, body).await;
    let told: Vec<_> = found.as_array().expect("a list").iter().map(|one| (&one["field"], &one["message"])).collect();
    assert_eq!(told[0], (&json!("name"), &Value::Null));
    assert_eq!(told[1], (&Value::Null, &json!("Invalid config attribute: content-type")));
    assert_eq!(told[2], (&json!("url"), &json!("url cannot be blank")));
    assert_eq!((told[3].0, told[4].0, told.len()), (&json!("content_type"), &json!("insecure_ssl"), 5));
}

#[tokio::test]
async fn check_12_insecure_ssl_and_content_type_read_back_as_texts() {
    let world = World::new().await;
    let forms = [
        (json!(1), "1"),
        (json!("1"), "1"),
        (json!(true), "1"),
        (json!(0), "0"),
        (json!("0"), "0"),
        (json!(false), "0"),
    ];
    for (n, (sent, read)) in forms.into_iter().enumerate() {
        let made = hook(&world, json!({"config": {"url": format!("http://r.test/{n}"), "insecure_ssl": sent}})).await;
        assert_eq!(made["config"]["insecure_ssl"], read);
    }
    for name in ["json", "form", "application/json", "application/x-www-form-urlencoded"] {
        let made =
            hook(&world, json!({"config": {"url": format!("http://r.test/{name}"), "content_type": name}})).await;
        assert_eq!(made["config"]["content_type"], name);
    }
}

#[tokio::test]
async fn check_27_create_pings_unless_the_hook_is_inactive() {
    let world = World::new().await;
    let made = signed_hook(&world, "http://r.test/").await;
    let work = world.due(id_of(&made)).await;
    let [ping] = work.as_slice() else { panic!("one delivery: {work:?}") };
    assert_eq!((&*ping.message().kind, &ping.message().action), ("ping", &None));
    let body: Value = serde_json::from_slice(&ping.message().body).expect("JSON");
    assert_eq!((&body["hook_id"], &body["hook"], &body["sender"]["login"]), (&made["id"], &made, &json!("alice")));
    assert!(body["zen"].is_string() && body["repository"]["full_name"] == "acme/app");
    let quiet = hook(&world, json!({"config": {"url": "http://q.test/"}, "active": false})).await;
    assert!(world.due(id_of(&quiet)).await.is_empty());
}

#[tokio::test]
async fn s4_the_mask_is_refused_as_the_secret_of_a_new_hook() {
    let world = World::new().await;
    let found = errors(&world, json!({"config": {"url": "http://r.test/", "secret": "********"}})).await;
    assert_eq!(found[0]["field"], "secret");
    let blank = hook(&world, json!({"config": {"url": "http://r.test/", "secret": ""}})).await;
    assert_eq!(blank["config"].get("secret"), None);
}

#[tokio::test]
async fn e2_the_url_policy_speaks_when_a_hook_is_saved() {
    let url_policy =
        UrlPolicy::new(|url| if url.as_str().contains("localhost") { Err("localhost".to_owned()) } else { Ok(()) });
    let world = World::with(ApiSettings { url_policy, ..ApiSettings::default() }).await;
    let message = "url is not supported because it isn't reachable over the public Internet (localhost)";
    let expected = json!([{"resource": "Hook", "code": "custom", "field": "url", "message": message}]);
    assert_eq!(errors(&world, config("http://localhost/")).await, expected);
    let made = hook(&world, config("http://r.test/")).await;
    assert_eq!(world.patch(&path_of(&made), config("http://localhost/")).await.status, 422);
}

#[tokio::test]
async fn whole_hook_objects_are_accepted_as_a_body() {
    let world = World::new().await;
    let made = hook(
        &world,
        json!({"type": "Repository", "id": 7, "name": "web", "active": true, "events": ["push"],
        "config": {"url": "http://r.test/"}, "updated_at": null, "last_response": {"code": null}}),
    )
    .await;
    assert_ne!(made["id"], 7);
}
