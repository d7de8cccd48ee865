use std::time::Duration;

use domain::attempt::{BreakerStep, Settlement};
use domain::ports::Clock as _;
use domain::rules::breaker::Breaker;
use serde_json::{Value, json};

use crate::bed::{Bed, ROOT};

fn plain(url: &str) -> Value {
    json!({"scope": "/repos/acme/widgets", "dialect": "github", "url": url})
}

#[tokio::test]
async fn s4_a_hook_is_shown_without_its_secret() {
    let bed = Bed::acme().await;
    let mut body = plain("https://bob:pass@receiver.test/x");
    let more = json!({"secret": "hunter2", "events": ["push", "create", "push"], "content_type": "form",
        "insecure_ssl": true, "active": false, "timeout": 20, "retries": [5, 30]});
    body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    let made = bed.post("owner-token", "/api/v1/hooks", body).await;
    assert_eq!(made.status(), 201, "{made:?}");
    let shown = bed.get("owner-token", &format!("/api/v1/hooks/{}", made.json["id"])).await;
    assert_eq!(shown.json, made.json);
    let text = shown.json.to_string();
    assert!(!text.contains("hunter2") && !text.contains("pass"), "{text}");
    let expected = json!({"dialect": "github", "scope": "/repos/acme/widgets", "events": ["push", "create"],
        "url": "https://********@receiver.test/x", "content_type": "form", "secret_set": true, "insecure_ssl": true,
        "active": false, "timeout": 20, "retries": [5, 30], "queued": 0});
    for (name, value) in expected.as_object().expect("an object") {
        assert_eq!(&shown.json[name], value, "{name}");
    }
}

#[tokio::test]
async fn a_hook_takes_all_events_as_json_unless_told_otherwise() {
    let bed = Bed::acme().await;
    let made = bed.post("owner-token", "/api/v1/hooks", plain("http://r.test/")).await.json;
    assert_eq!((&made["events"], &made["content_type"]), (&json!(["*"]), &json!("json")));
    assert_eq!((&made["active"], &made["timeout"], &made["retries"]), (&json!(true), &Value::Null, &Value::Null));
    let listed = bed.get("owner-token", "/api/v1/hooks?scope=/repos/acme/widgets").await.json;
    assert_eq!(listed["items"], json!([made]));
}

#[tokio::test]
async fn hook_settings_are_checked_field_by_field() {
    let bed = Bed::acme().await;
    for (field, value) in [
        ("dialect", json!("smoke signals")),
        ("url", json!("ftp://h.test/")),
        ("url", json!("not a url")),
        ("events", json!(["pull"])),
        ("events", json!([])),
        ("secret", json!("")),
        ("secret", json!("********")),
        ("content_type", json!("xml")),
        ("insecure_ssl", json!("1")),
        ("timeout", json!(31)),
        ("timeout", json!(0)),
        ("retries", json!("often")),
        ("retries", json!([-1])),
        ("retries", json!(vec![1; 21])),
        ("colour", json!("blue")),
    ] {
        let mut body = plain("http://r.test/");
        body[field] = value.clone();
        let answer = bed.post("owner-token", "/api/v1/hooks", body).await;
        assert_eq!(answer.fault(), (422, "invalid", field), "{value}");
    }
    let mut elsewhere = plain("http://r.test/");
    elsewhere["scope"] = json!("/repos/acme/nothing");
    assert_eq!(bed.post("owner-token", "/api/v1/hooks", elsewhere).await.fault(), (404, "not_found", "scope"));
    assert_eq!(bed.get("owner-token", "/api/v1/hooks").await.fault(), (400, "bad_request", "scope"));
}

#[tokio::test]
async fn siblings_are_judged_as_on_the_vendors_surface() {
    let bed = Bed::acme().await;
    bed.hook("http://r.test/0").await;
    let again = bed.post("owner-token", "/api/v1/hooks", plain("http://r.test/0")).await;
    assert_eq!(again.fault(), (409, "conflict", ""));
    bed.hook("http://r.test/1").await;
    bed.hook("http://r.test/2").await;
    let fourth = bed.post("owner-token", "/api/v1/hooks", plain("http://r.test/3")).await;
    assert_eq!(fourth.fault(), (422, "invalid", "events"));
}

#[tokio::test]
async fn hooks_of_other_dialects_keep_the_terms_of_their_vendors() {
    let bed = Bed::acme().await;
    let cloud = |more: Value| {
        let mut body = json!({"scope": "/repos/acme/widgets", "dialect": "bitbucket_cloud", "url": "http://r.test/"});
        body.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        body
    };
    let post = |body: Value| bed.post("owner-token", "/api/v1/hooks", body);
    for (more, field) in [
        (json!({}), "events"),
        (json!({"events": ["repo:push", "*"]}), "events"),
        (json!({"events": ["push"]}), "events"),
        (json!({"events": ["repo:push"], "content_type": "form"}), "content_type"),
    ] {
        let refused = post(cloud(more.clone())).await;
        assert_eq!((refused.status(), &refused.json["error"]["field"]), (422, &json!(field)), "{more}");
    }
    for _ in 0..50 {
        assert_eq!(post(cloud(json!({"events": ["repo:push"]}))).await.status(), 201, "hooks may be alike");
    }
    assert_eq!(post(cloud(json!({"events": ["repo:push"]}))).await.status(), 409, "the 51st");
}

#[tokio::test]
async fn repository_hooks_are_for_admins_with_the_scope() {
    let bed = Bed::acme().await;
    let id = bed.hook("http://r.test/").await;
    let path = format!("/api/v1/hooks/{id}");
    for (login, status) in [("ann", 403), ("bob", 403)] {
        let token = format!("{login}-token");
        assert_eq!(bed.get(&token, &path).await.status(), status, "{login}");
        assert_eq!(bed.post(&token, "/api/v1/hooks", plain("http://r.test/2")).await.status(), status);
        assert_eq!(bed.get(&token, "/api/v1/hooks?scope=/repos/acme/widgets").await.status(), status);
    }
    let hidden = json!({"scope": "/repos/acme/secret", "dialect": "github", "url": "http://r.test/"});
    let hidden = bed.post("owner-token", "/api/v1/hooks", hidden).await.json["id"].clone();
    assert_eq!(bed.get("bob-token", &format!("/api/v1/hooks/{hidden}")).await.status(), 404);
    bed.token("owner", "reads", "read:repo_hook").await;
    bed.token("owner", "writes", "write:repo_hook").await;
    bed.token("owner", "other", "admin:org,events:write").await;
    assert_eq!(bed.get("other", &path).await.status(), 403);
    assert_eq!(bed.get("reads", &path).await.status(), 200);
    assert_eq!(bed.post("reads", "/api/v1/hooks", plain("http://r.test/2")).await.status(), 403);
    assert_eq!(bed.post("writes", "/api/v1/hooks", plain("http://r.test/2")).await.status(), 201);
    assert_eq!(bed.delete("writes", &path).await.status(), 403);
    assert_eq!(bed.delete("owner-token", &path).await.status(), 204);
    assert_eq!(bed.delete("owner-token", &path).await.fault(), (404, "not_found", ""));
}

#[tokio::test]
async fn organization_hooks_are_for_owners() {
    let bed = Bed::acme().await;
    let body = json!({"scope": "/orgs/acme", "dialect": "github", "url": "http://r.test/", "events": ["push"]});
    assert_eq!(bed.post("ann-token", "/api/v1/hooks", body.clone()).await.status(), 403);
    assert_eq!(bed.post("bob-token", "/api/v1/hooks", body.clone()).await.status(), 404);
    let made = bed.post("owner-token", "/api/v1/hooks", body).await;
    assert_eq!((made.status(), &made.json["scope"]), (201, &json!("/orgs/acme")));
    assert_eq!(bed.get(ROOT, &format!("/api/v1/hooks/{}", made.json["id"])).await.status(), 200);
    let user = json!({"scope": "/orgs/ann", "dialect": "github", "url": "http://r.test/"});
    assert_eq!(bed.post("ann-token", "/api/v1/hooks", user).await.fault(), (404, "not_found", "scope"));
}

#[tokio::test]
async fn a_ping_is_a_delivery_to_that_hook_alone() {
    let bed = Bed::acme().await;
    let id = bed.hook("http://r.test/").await;
    bed.hook("http://r.test/other").await;
    assert_eq!(bed.post("owner-token", &format!("/api/v1/hooks/{id}/pings"), json!({})).await.status(), 204);
    let newest = &bed.get(ROOT, "/api/v1/events?limit=1").await.json["items"][0];
    assert_eq!(newest["type"], "github.ping");
    let counts = bed.get(ROOT, "/api/v1/doctor").await.json;
    assert_eq!(counts["conservation"]["planned"], 1);
}

/// A failure of a hook that leaves its breaker open for ten seconds.
async fn open_breaker(bed: &Bed, hook: i64) {
    let hook = bed.ports.store.directory().hook(domain::id::HookId(hook)).expect("exists");
    let claim =
        domain::ports::ClaimDue { now: bed.clock.now(), lanes: vec![(hook.id, 1)], lease_until: bed.clock.now() };
    let work = bed.ports.store.claim_due(claim).await.expect("claims").remove(0);
    let breaker =
        Breaker { failures: 5, open_until: Some(bed.clock.now().plus(Duration::from_secs(10))), healed: None };
    let step = BreakerStep { version: hook.version, step: 1, breaker };
    let settlement = Settlement { breaker: Some(step), ..crate::log::settled(bed, &work, 500) };
    bed.ports.store.settle(vec![settlement]).await.expect("settles");
}

#[tokio::test]
async fn d20_a_hook_shows_its_breaker_and_its_admins_close_it() {
    let bed = Bed::acme().await;
    let id = bed.hook("http://r.test/").await;
    let path = format!("/api/v1/hooks/{id}");
    let closed = json!({"state": "closed", "failures": 0, "open_until": null, "on_open": "hold"});
    assert_eq!(bed.get("owner-token", &path).await.json["breaker"], closed);
    bed.post("owner-token", &format!("{path}/pings"), json!({})).await;
    open_breaker(&bed, id).await;
    let open = |state: &str| json!({"state": state, "failures": 5, "open_until": "2026-01-02T03:04:15.000Z", "on_open": "hold"});
    let shown = bed.get("owner-token", &path).await.json;
    assert_eq!(shown["breaker"], open("open"));
    assert_eq!(bed.get("owner-token", "/api/v1/hooks?scope=/repos/acme/widgets").await.json["items"], json!([shown]));
    bed.clock.advance(Duration::from_secs(10));
    assert_eq!(bed.get("owner-token", &path).await.json["breaker"], open("half_open"));

    let close = format!("{path}/breaker/close");
    bed.token("owner", "reads", "read:repo_hook").await;
    for (token, status) in [("ann-token", 403), ("bob-token", 403), ("reads", 403)] {
        assert_eq!(bed.post(token, &close, json!({})).await.status(), status, "{token}");
    }
    let answer = bed.post("owner-token", &close, json!({})).await;
    assert_eq!((answer.status(), &answer.json["breaker"]), (200, &closed));
    let updated = answer.json["updated_at"].clone();
    bed.clock.advance(Duration::from_secs(10));
    let again = bed.post("owner-token", &close, json!({})).await;
    assert_eq!((again.status(), &again.json["updated_at"]), (200, &updated), "there was nothing to close");
    assert_eq!(bed.post("owner-token", "/api/v1/hooks/99/breaker/close", json!({})).await.status(), 404);
}
