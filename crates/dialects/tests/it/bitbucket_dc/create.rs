//! Creating, reading and deleting webhooks.

use serde_json::{Value, json};

use super::{P, R, call, get, made, one, plain, published, refusal, with};
use crate::world::{World, request};

#[tokio::test]
async fn check_01_a_webhook_with_only_what_must_be_there_gets_the_defaults() {
    let world = World::new().await;
    let answer = call(&world, "POST", R, plain("http://r.test/hook")).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (201, "application/json;charset=UTF-8"));
    let hook = answer.json();
    let expected = json!({
        "id": hook["id"], "name": "ci", "createdDate": 1_767_323_045_000_i64, "updatedDate": 1_767_323_045_000_i64,
        "events": ["repo:refs_changed"], "configuration": {}, "url": "http://r.test/hook", "active": true,
        "scopeType": "repository", "sslVerificationRequired": true,
    });
    assert_eq!(hook, expected);
    assert!(hook["id"].as_i64().is_some_and(|id| (1..=i64::from(i32::MAX)).contains(&id)), "an int32");
    assert_eq!(get(&world, &one(&hook)).await.json(), hook);
}

#[tokio::test]
async fn check_02_every_mount_shows_the_same_webhooks() {
    let world = World::new().await;
    let bases = ["/rest/api/1.0", "/rest/api/latest", "/bitbucket/rest/api/1.0", "/bitbucket/rest/api/latest"];
    for base in bases {
        let body = plain("http://r.test/hook").to_string().into_bytes();
        let answer = world.send(request(&world.token, "POST", &format!("{base}{R}"), body)).await;
        assert_eq!(answer.status, 201, "{base}");
        for other in bases {
            let path = format!("{other}{}", one(&answer.json()));
            let read = world.send(request(&world.token, "GET", &path, Vec::new())).await;
            assert_eq!((read.status.as_u16(), read.json()), (200, answer.json()), "{path}");
        }
    }
    assert_eq!(get(&world, R).await.json()["size"], bases.len());
    assert_eq!(get(&world, &format!("{R}/")).await.json()["size"], bases.len(), "a slash at the end does not matter");
}

#[tokio::test]
async fn check_03_the_secret_is_readable_and_other_configuration_is_kept() {
    let world = World::new().await;
    let configuration = json!({"createdBy": "jenkins", "x y": "", "payload_dialect": "iso", "secret": "s3cr3t ü"});
    let hook = made(&world, R, with(json!({"configuration": configuration}))).await;
    assert_eq!(hook["configuration"], configuration);
    assert_eq!(get(&world, &one(&hook)).await.json()["configuration"], configuration);
    let stored = world.ports.directory().hook(super::id_of(&hook)).expect("the hook");
    assert!(!format!("{:?}", stored.extra).contains("s3cr3t"), "kept apart, encrypted");
}

#[tokio::test]
async fn an_empty_secret_is_none() {
    let world = World::new().await;
    let hook = made(&world, R, with(json!({"configuration": {"secret": ""}}))).await;
    assert_eq!(hook["configuration"], json!({}));
}

#[tokio::test]
async fn check_04_the_password_is_never_shown() {
    let world = World::new().await;
    let body = with(json!({"credentials": {"username": "me", "password": "hunter2"}}));
    let answer = call(&world, "POST", R, body).await;
    let read = get(&world, &one(&answer.json())).await;
    assert_eq!(read.json()["credentials"], json!({"username": "me"}));
    for answer in [answer, read, get(&world, R).await] {
        assert!(!answer.text.contains("hunter2") && !answer.text.contains("password"), "{}", answer.text);
    }
}

#[tokio::test]
async fn check_08_an_unknown_event_is_refused_by_name() {
    let world = World::new().await;
    for event in ["pr:melted", "diagnostics:ping", "*", "", "PR:OPENED"] {
        let answer = call(&world, "POST", R, with(json!({"events": ["pr:opened", event]}))).await;
        let error = refusal(&answer, 400, event);
        assert_eq!(error["context"], "events");
        assert!(error["message"].as_str().expect("a text").contains("is unknown"), "{error}");
    }
    assert_eq!(get(&world, R).await.json()["size"], 0);
}

/// The keys of contract section 3.
const KEYS: [&str; 22] = [
    "project:modified",
    "repo:refs_changed",
    "repo:modified",
    "repo:forked",
    "repo:comment:added",
    "repo:comment:edited",
    "repo:comment:deleted",
    "repo:secret_detected",
    "mirror:repo_synchronized",
    "pr:opened",
    "pr:from_ref_updated",
    "pr:modified",
    "pr:reviewer:updated",
    "pr:reviewer:approved",
    "pr:reviewer:unapproved",
    "pr:reviewer:needs_work",
    "pr:merged",
    "pr:declined",
    "pr:deleted",
    "pr:comment:added",
    "pr:comment:edited",
    "pr:comment:deleted",
];

#[tokio::test]
async fn check_09_each_event_key_can_be_subscribed_read_back_and_deleted() {
    let world = World::new().await;
    let documented = ["pr:to_ref_updated", "pr:reviewer:changes_requested", "proj:modified"];
    for key in KEYS.iter().chain(&documented) {
        for scope in [R, P] {
            let hook = made(&world, scope, with(json!({"events": [key]}))).await;
            let path = format!("{scope}/{}", hook["id"]);
            assert_eq!(get(&world, &path).await.json()["events"], json!([key]));
            assert_eq!(call(&world, "DELETE", &path, Value::Null).await.status, 204);
        }
    }
}

#[tokio::test]
async fn check_10_identical_webhooks_stand_side_by_side() {
    let world = World::new().await;
    let first = made(&world, R, plain("http://r.test/hook")).await;
    let second = made(&world, R, plain("http://r.test/hook")).await;
    assert_ne!(first["id"], second["id"]);
    assert_eq!(published(&world, "app", "repo:refs_changed").await, 2);
}

#[tokio::test]
async fn check_11_texts_are_limited_to_255_characters() {
    let world = World::new().await;
    let long = |length: usize| "ü".repeat(length);
    let table = [
        (
            "configuration.secret",
            json!({"configuration": {"secret": long(255)}}),
            json!({"configuration": {"secret": long(256)}}),
        ),
        ("configuration", json!({"configuration": {"k": long(255)}}), json!({"configuration": {"k": long(256)}})),
        ("name", json!({"name": long(255)}), json!({"name": long(256)})),
    ];
    for (field, good, bad) in table {
        made(&world, R, with(good)).await;
        let answer = call(&world, "POST", R, with(bad)).await;
        assert_eq!(refusal(&answer, 400, field)["context"], field);
    }
}

#[tokio::test]
async fn check_14_a_projects_webhook_gets_what_happens_in_its_repositories() {
    let world = World::new().await;
    let hook = made(&world, P, plain("http://r.test/hook")).await;
    assert_eq!(hook["scopeType"], "project");
    made(&world, R, plain("http://r.test/hook")).await;
    assert_eq!(published(&world, "app", "repo:refs_changed").await, 2, "each sends its own request");
    assert_eq!(published(&world, "other", "repo:refs_changed").await, 1);
    assert_eq!(world.due(super::id_of(&hook)).await.len(), 2);
}

#[tokio::test]
async fn check_16_a_deleted_webhook_is_gone() {
    let world = World::new().await;
    let hook = made(&world, R, plain("http://r.test/hook")).await;
    let answer = call(&world, "DELETE", &one(&hook), Value::Null).await;
    assert_eq!((answer.status.as_u16(), answer.text.as_str(), answer.header("content-type")), (204, "", ""));
    for method in ["GET", "DELETE", "PUT"] {
        let answer = call(&world, method, &one(&hook), plain("http://r.test/hook")).await;
        let error = refusal(&answer, 404, method);
        assert_eq!(error["exceptionName"], "com.atlassian.bitbucket.NoSuchEntityException");
    }
}

#[tokio::test]
async fn personal_projects_go_by_a_tilde() {
    let world = World::new().await;
    let personal = "/projects/~Alice/repos/SECRET/webhooks";
    let hook = made(&world, personal, plain("http://r.test/hook")).await;
    assert_eq!(get(&world, "/projects/%7Ealice/repos/secret/webhooks").await.json()["values"], json!([hook]));
    made(&world, "/projects/~alice/webhooks", plain("http://r.test/hook")).await;
    for absent in ["/projects/ALICE/webhooks", "/projects/~acme/webhooks", "/projects/~/webhooks"] {
        refusal(&get(&world, absent).await, 404, absent);
    }
}

#[tokio::test]
async fn s4_a_mask_is_no_secret_for_a_new_webhook() {
    let world = World::new().await;
    let answer = call(&world, "POST", R, with(json!({"configuration": {"secret": "********"}}))).await;
    assert_eq!(refusal(&answer, 400, "the mask")["context"], "configuration.secret");
}

#[tokio::test]
async fn urls_are_checked_when_saved() {
    let world = World::new().await;
    let table = [
        ("", "The URL must not be blank."),
        ("ftp://r.test/", "The URL must be http or https."),
        ("http://", "The URL is not valid."),
        ("http://r.test/ x", "The URL is not valid."),
    ];
    for (url, message) in table {
        let error = refusal(&call(&world, "POST", R, plain(url)).await, 400, url);
        assert_eq!(error, json!({"context": "url", "message": message, "exceptionName": null}));
    }
}

#[tokio::test]
async fn urls_may_hold_variables_that_there_are() {
    let world = World::new().await;
    let url = "http://r.test/{project.key}/{repository.slug}?on={event.key}";
    let hook = made(&world, R, plain(url)).await;
    assert_eq!(hook["url"], url, "as it was given");
    for bad in ["http://r.test/{branch}", "http://{project.key}.test/"] {
        let error = refusal(&call(&world, "POST", R, plain(bad)).await, 400, bad);
        assert_eq!(error["context"], "url");
        assert!(error["message"].as_str().expect("a text").starts_with("The URL variable {"), "{error}");
    }
    let test = format!("{R}/test?url=http://r.test/%7Bproject.key%7D/%7Brepository.slug%7D");
    let record = call(&world, "POST", &test, json!({})).await.json();
    assert_eq!(record["request"]["url"], "http://r.test/ACME/app");
    assert_eq!(world.sender.take_sent()[0].url.as_str(), "http://r.test/ACME/app");
}
