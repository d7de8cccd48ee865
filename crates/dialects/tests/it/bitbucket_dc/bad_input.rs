//! What no client should send: this API's error form, and never a 5xx (H-4).

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use super::{P, R, call, call_as, get, made, one, plain, refusal};
use crate::nonsense::{NO_IDS, NO_OBJECTS, not_json, too_much, values};
use crate::world::{World, request};

/// Every endpoint that changes something or sends something, and whether it reads a body.
async fn endpoints(world: &World) -> Vec<(&'static str, String, bool)> {
    let of_repository = made(world, R, plain("http://r.test/")).await;
    let of_project = made(world, P, plain("http://r.test/")).await;
    let project_hook = format!("{P}/{}", of_project["id"]);
    vec![
        ("POST", R.to_owned(), true),
        ("POST", P.to_owned(), true),
        ("PUT", one(&of_repository), true),
        ("PUT", project_hook.clone(), true),
        ("POST", format!("{R}/test?url=http://t.test/"), true),
        ("POST", format!("{P}/test?url=http://t.test/"), true),
        ("DELETE", one(&of_repository), false),
        ("DELETE", project_hook, false),
    ]
}

#[tokio::test]
async fn bad_tokens_no_tokens_and_tokens_without_scopes_are_denied_everywhere() {
    let world = World::new().await;
    let scopeless = world.token_for("alice", "user").await;
    let stranger = world.token_for("mallory", "repo").await;
    for (method, path, _) in endpoints(&world).await {
        for token in ["nonsense", "", &scopeless, &stranger] {
            refusal(&call_as(&world, token, method, &path, plain("http://r.test/")).await, 401, &path);
        }
    }
    assert!(world.sender.take_sent().is_empty());
}

#[tokio::test]
async fn broken_json_is_400_and_too_much_of_it_413() {
    let world = World::new().await;
    for (method, path, _) in endpoints(&world).await.into_iter().filter(|(_, _, reads)| *reads) {
        let send =
            |body: &[u8]| world.send(request(&world.token, method, &format!("/rest/api/1.0{path}"), body.to_vec()));
        for body in not_json().into_iter().chain(NO_OBJECTS.map(Vec::from)) {
            let error = refusal(&send(&body).await, 400, &path);
            assert_eq!(error["context"], Value::Null);
        }
        refusal(&send(&too_much()).await, 413, &path);
    }
}

#[tokio::test]
async fn content_types_other_than_json_are_415() {
    let world = World::new().await;
    for (kind, status) in [
        ("application/json", 201),
        ("application/json; charset=utf-8", 201),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("", 415),
    ] {
        let request = Request::post(format!("/rest/api/1.0{R}"))
            .header("authorization", format!("Bearer {}", world.token))
            .header("content-type", kind)
            .body(Body::from(plain("http://r.test/").to_string()))
            .expect("a request");
        let answer = world.send(request).await;
        assert_eq!(answer.status.as_u16(), status, "{kind}: {}", answer.text);
        if status == 415 {
            refusal(&answer, 415, kind);
        }
    }
}

#[tokio::test]
async fn members_of_every_wrong_type_never_end_in_a_5xx() {
    let world = World::new().await;
    let members = [
        "name",
        "url",
        "events",
        "active",
        "configuration",
        "credentials",
        "sslVerificationRequired",
        "id",
        "scopeType",
        "statistics",
        "createdDate",
        "username",
        "password",
        "unknown",
        "",
    ];
    let mut values = values();
    values.extend([
        json!({"secret": 7}),
        json!({"username": []}),
        json!({"password": "p"}),
        json!({"payload_dialect": "martian"}),
    ]);
    for (method, path, _) in endpoints(&world).await.into_iter().filter(|(_, _, reads)| *reads) {
        for member in members {
            for value in &values {
                let mut whole = plain("http://r.test/");
                whole[member] = value.clone();
                for body in [json!({member: value}), whole] {
                    let answer = call(&world, method, &path, body.clone()).await;
                    let status = answer.status.as_u16();
                    if status >= 400 {
                        assert!([400, 409, 429].contains(&status), "{method} {path} {body}: {status}");
                        refusal(&answer, status, &path);
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_value_is_named_by_its_field() {
    let world = World::new().await;
    let table = [
        (json!({"name": 7}), "name"),
        (json!({"name": " "}), "name"),
        (json!({"url": 7}), "url"),
        (json!({"url": format!("http://r.test/{}", "x".repeat(2_048))}), "url"),
        (json!({"events": "pr:opened"}), "events"),
        (json!({"events": [7]}), "events"),
        (json!({"events": []}), "events"),
        (json!({"active": "true"}), "active"),
        (json!({"sslVerificationRequired": 1}), "sslVerificationRequired"),
        (json!({"configuration": "x"}), "configuration"),
        (json!({"configuration": {"secret": 7}}), "configuration.secret"),
        (json!({"configuration": {"createdBy": 7}}), "configuration"),
        (json!({"configuration": {"payload_dialect": "x"}}), "configuration.payload_dialect"),
        (json!({"credentials": "me:pw"}), "credentials"),
        (json!({"credentials": {"username": "a:b"}}), "credentials.username"),
        (json!({"credentials": {"password": "p"}}), "credentials.username"),
        (json!({"credentials": {"username": "a", "password": "p\r\nX: y"}}), "credentials.password"),
    ];
    for (members, field) in table {
        let answer = call(&world, "POST", R, super::with(members)).await;
        assert_eq!(refusal(&answer, 400, field)["context"], field, "{}", answer.text);
        assert_eq!(answer.json()["errors"].as_array().map(Vec::len), Some(1), "{}", answer.text);
    }
    let all = call(&world, "POST", R, json!({"active": 1})).await.json();
    let fields: Vec<_> =
        all["errors"].as_array().expect("a list").iter().map(|error| error["context"].clone()).collect();
    assert_eq!(fields, ["active", "name", "url", "events"], "everything at once");
}

#[tokio::test]
async fn numbers_that_are_no_ids_are_404() {
    let world = World::new().await;
    for id in NO_IDS {
        for scope in [R, P] {
            for tail in ["", "/latest", "/statistics", "/statistics/summary"] {
                refusal(&get(&world, &format!("{scope}/{id}{tail}")).await, 404, id);
            }
        }
    }
    let long = "x".repeat(5_000);
    for path in [
        format!("/projects/{long}/webhooks"),
        format!("/projects/ACME/repos/{long}/webhooks"),
        format!("/projects/%00/repos/{long}/webhooks"),
    ] {
        refusal(&get(&world, &path).await, 404, "an overlong name");
    }
}

#[tokio::test]
async fn queries_of_nonsense_are_ignored() {
    let world = World::new().await;
    for query in [
        "limit=0",
        "limit=-1",
        "start=-1",
        "start=18446744073709551615",
        "limit=99999999999999999999",
        "start=x",
        "%ff=%fe",
        "&&&====",
        "event=",
        "event=%00",
        "scopeType=",
    ] {
        for path in [R.to_owned(), P.to_owned(), format!("{R}/search")] {
            assert_eq!(get(&world, &format!("{path}?{query}")).await.status, 200, "{path}?{query}");
        }
    }
}

#[tokio::test]
async fn a_repository_has_at_most_a_thousand_webhooks() {
    let world = World::new().await;
    for _ in 0..1_000 {
        made(&world, R, plain("http://r.test/")).await;
    }
    let answer = call(&world, "POST", R, plain("http://r.test/")).await;
    assert_eq!(refusal(&answer, 409, "full")["exceptionName"], "com.atlassian.bitbucket.IntegrityException");
    let first = get(&world, &format!("{R}?limit=1")).await.json()["values"][0].clone();
    assert_eq!(call(&world, "PUT", &one(&first), plain("http://r.test/new")).await.status, 200, "an edit adds none");
    assert_eq!(get(&world, &format!("{R}?limit=1000")).await.json()["size"], 1_000);
}
