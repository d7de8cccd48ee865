//! `POST …/hooks`.

use dialects::{ApiSettings, UrlPolicy};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{HOOKS, ORIGIN, WORKSPACE_HOOKS, assert_refused, call, get, hook, path_of, simple, stored, uuid_of};
use crate::world::World;

/// Posts what must be refused, and gives back the fields at fault.
async fn fields(world: &World, path: &str, body: Value) -> Value {
    let label = body.to_string();
    let answer = call(world, "POST", path, body).await;
    assert_refused(&answer, 400, &label);
    answer.json()["error"]["fields"].clone()
}

/// The names of the fields at fault.
fn names(fields: &Value) -> Vec<&str> {
    fields.as_object().expect("fields").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn check_01_a_minimal_hook_is_answered_with_its_location_and_defaults() {
    let world = World::new().await;
    let answer = call(&world, "POST", HOOKS, simple("http://r.test/h")).await;
    assert_eq!(answer.status, 201);
    let made = answer.json();
    let url = format!("{ORIGIN}{HOOKS}/%7B{}%7D", uuid_of(&made));
    assert_eq!(answer.header("location"), url);
    let uuid = world.ports.directory().locate("acme", "app").expect("there").repository.uid;
    assert_eq!(
        made,
        json!({
            "type": "webhook_subscription", "uuid": format!("{{{}}}", stored(&world)[0].uid), "description": null,
            "url": "http://r.test/h", "active": true, "skip_cert_verification": false, "history_enabled": false,
            "secret_set": false, "read_only": null, "source": null, "created_at": "2026-01-02T03:04:05.000000Z",
            "events": ["repo:push"], "subject_type": "repository",
            "subject": {
                "type": "repository", "full_name": "acme/app", "name": "app", "uuid": format!("{{{uuid}}}"),
                "links": {
                    "self": {"href": format!("{ORIGIN}/repositories/acme/app")},
                    "html": {"href": "http://postrider.test/acme/app"},
                    "avatar": {"href": "http://postrider.test/acme/app/avatar/32/"},
                },
            },
            "links": {"self": {"href": url}},
        })
    );
    assert_eq!(get(&world, &path_of(&made)).await.json(), made);
}

#[tokio::test]
async fn check_02_a_secret_is_never_told_again() {
    let world = World::new().await;
    let body = json!({
        "url": "http://r.test/", "events": ["repo:push"], "secret": "s3cret", "description": "CI",
        "active": false, "skip_cert_verification": true, "history_enabled": true, "unknown": {"a": 1},
    });
    let made = call(&world, "POST", HOOKS, body).await;
    let path = path_of(&made.json());
    let edited = call(&world, "PUT", &path, json!({"description": "CI 2"})).await;
    for answer in [&made, &get(&world, &path).await, &get(&world, HOOKS).await, &edited] {
        assert!(!answer.text.contains("s3cret") && !answer.text.contains("\"secret\""), "{}", answer.text);
    }
    let found = edited.json();
    assert_eq!((&found["secret_set"], &found["description"]), (&json!(true), &json!("CI 2")));
    assert_eq!((&found["active"], &found["history_enabled"]), (&json!(false), &json!(true)));
    assert_eq!(found["skip_cert_verification"], true);
    for none in [json!(""), json!(null)] {
        let body = json!({"url": "http://r.test/", "events": ["repo:push"], "secret": none});
        assert_eq!(hook(&world, body).await["secret_set"], false);
    }
}

#[tokio::test]
async fn check_04_a_secret_has_at_most_128_characters() {
    let world = World::new().await;
    let body = |secret: String| json!({"url": "http://r.test/", "events": ["repo:push"], "secret": secret});
    for fits in ["x".repeat(128), "ü".repeat(128)] {
        assert_eq!(hook(&world, body(fits)).await["secret_set"], true);
    }
    assert_eq!(names(&fields(&world, HOOKS, body("x".repeat(129))).await), ["secret"]);
    assert_eq!(stored(&world).len(), 2);
}

#[tokio::test]
async fn check_05_events_are_there_known_and_unique() {
    let world = World::new().await;
    let bad = [
        json!([]),
        json!(null),
        json!("repo:push"),
        json!({"repo:push": true}),
        json!(["repo:push", "repo:push"]),
        json!(["repo:pull"]),
        json!(["*"]),
        json!(["repo:created"]),
        json!(["project:updated"]),
        json!([7]),
        json!([null]),
        json!(["repo:push", ["issue:created"]]),
        json!(vec!["x"; 100_000]),
    ];
    for events in bad {
        assert_eq!(names(&fields(&world, HOOKS, json!({"url": "http://r.test/", "events": events})).await), ["events"]);
    }
    assert_eq!(names(&fields(&world, HOOKS, json!({"url": "http://r.test/"})).await), ["events"]);
    assert_eq!(names(&fields(&world, HOOKS, json!({})).await), ["events", "url"]);
    assert!(stored(&world).is_empty());
    let body = json!({"url": "http://r.test/", "events": ["issue:created", "repo:push"]});
    assert_eq!(hook(&world, body).await["events"], json!(["issue:created", "repo:push"]));
}

#[tokio::test]
async fn check_06_fifty_hooks_fit_and_the_next_does_not() {
    let world = World::new().await;
    for path in [HOOKS, WORKSPACE_HOOKS] {
        let mut last = Value::Null;
        for n in 0..50 {
            let answer = call(&world, "POST", path, simple("http://r.test/")).await;
            assert_eq!(answer.status, 201, "{path} {n}");
            last = answer.json();
        }
        let full = call(&world, "POST", path, simple("http://r.test/")).await;
        assert_refused(&full, 400, path);
        let edit = call(&world, "PUT", &path_of(&last), json!({"active": false})).await;
        assert_eq!(edit.status, 200, "{path}: an edit takes no place");
        assert_eq!(call(&world, "DELETE", &path_of(&last), Value::Null).await.status, 204);
        assert_eq!(call(&world, "POST", path, simple("http://r.test/")).await.status, 201, "{path}");
    }
    let other = call(&world, "POST", "/repositories/acme/other/hooks", simple("http://r.test/")).await;
    assert_eq!(other.status, 201, "each repository has its own fifty");
}

#[tokio::test]
async fn check_06_many_creates_at_once_leave_exactly_fifty() {
    let world = World::new().await;
    let creates = (0..70).map(|_| call(&world, "POST", HOOKS, simple("http://r.test/")));
    let answers = join_all(creates).await;
    let made = answers.iter().filter(|answer| answer.status == 201).count();
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 201).collect();
    assert_eq!((made, refused.len(), stored(&world).len()), (50, 20, 50));
    for answer in refused {
        assert_refused(answer, 400, "the 51st");
    }
}

#[tokio::test]
async fn check_17_urls_are_checked_by_form_and_by_policy() {
    let world = World::new().await;
    for url in ["", "  ", "ftp://r.test/", "nonsense", "http://", "http://r.test/#x", "http://a b/", &"x".repeat(3_000)]
    {
        assert_eq!(names(&fields(&world, HOOKS, simple(url)).await), ["url"], "{url}");
    }
    for url in [json!(7), json!(null), json!(["http://r.test/"]), json!({})] {
        let body = json!({"url": url, "events": ["repo:push"]});
        assert_eq!(names(&fields(&world, HOOKS, body).await), ["url"], "{url}");
    }
    let url_policy =
        UrlPolicy::new(|url| if url.as_str().contains("//10.") { Err("private".to_owned()) } else { Ok(()) });
    let strict = World::with(ApiSettings { url_policy, ..ApiSettings::default() }).await;
    let refused = fields(&strict, HOOKS, simple("http://10.0.0.1/")).await;
    assert_eq!(refused, json!({"url": ["the URL may not be called from here: private"]}));
    let lost = fields(&strict, HOOKS, simple("http://lost.invalid/")).await;
    assert_eq!(lost, json!({"url": ["cannot be called: the name does not resolve"]}));
    let made = hook(&strict, simple("http://r.test/")).await;
    let lost = call(&strict, "PUT", &path_of(&made), json!({"url": "http://lost.invalid/"})).await;
    assert_refused(&lost, 400, "a name that does not resolve");
    let moved = call(&strict, "PUT", &path_of(&made), json!({"url": "http://10.0.0.1/"})).await;
    assert_refused(&moved, 400, "an edit");
    assert_eq!(stored(&strict)[0].url.as_str(), "http://r.test/");
    let gone = domain::rules::target::TargetUrl::trusted("http://gone.invalid/".to_owned());
    let lose = Box::new(move |hook| domain::hook::Hook { url: gone, ..hook });
    let (id, now) = (stored(&strict)[0].id, strict.ports.clock.now());
    strict.ports.store.update_hook(id, now, lose, std::sync::Arc::new(|_, _| Ok(()))).await.expect("edited");
    let whole = json!({"url": "http://gone.invalid/", "events": ["repo:push"], "description": "its name is gone"});
    assert_eq!(call(&strict, "PUT", &path_of(&made), whole).await.status, 200, "clients send the whole hook");
}
