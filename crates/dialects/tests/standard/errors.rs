use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::bed::{Bed, ROOT};

#[tokio::test]
async fn whatever_is_not_there_is_answered_in_our_own_shape() {
    let bed = Bed::new().await;
    for path in [
        "/api/v1",
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v1/users/",
        "/api/v1/users/a/b",
        "/api/v1/events/12x",
        "/api/v1/events/99999999999999999999",
        "/api/v1/hooks/-",
        "/api/v1/repos/a/%ff",
        "/api/v1/deliveries/1/redeliver/now",
    ] {
        assert_eq!(bed.get(ROOT, path).await.fault(), (404, "not_found", ""), "{path}");
    }
}

#[tokio::test]
async fn other_methods_are_named_as_such() {
    let bed = Bed::new().await;
    for (method, path, allowed) in [
        ("PATCH", "/api/v1/users", "GET,HEAD,POST"),
        ("GET", "/api/v1/users/x", "DELETE"),
        ("PUT", "/api/v1/events", "GET,HEAD,POST"),
        ("GET", "/api/v1/hooks/1/pings", "POST"),
    ] {
        let answer = bed.ask(ROOT, method, path, None).await;
        assert_eq!(answer.fault(), (405, "method_not_allowed", ""), "{method} {path}");
        let mut methods: Vec<_> = answer.headers["allow"].to_str().expect("text").split(',').collect();
        methods.sort_unstable();
        assert_eq!(methods.join(","), allowed, "{path}");
    }
}

#[tokio::test]
async fn every_form_of_a_token_is_read_and_nothing_else_gets_in() {
    let bed = Bed::new().await;
    let whoami = async |value: Option<&str>| {
        let mut request = Request::get("/api/v1/whoami");
        if let Some(value) = value {
            request = request.header("authorization", value);
        }
        bed.send(request.body(Body::empty()).expect("a request")).await
    };
    // eDpyb290LXRva2Vu is x:root-token.
    for good in ["Bearer root-token", "token root-token", "BEARER root-token", "Basic eDpyb290LXRva2Vu"] {
        assert_eq!(whoami(Some(good)).await.status(), 200, "{good}");
    }
    for bad in [None, Some("Bearer x"), Some("Bearer"), Some("Basic %%%"), Some("Digest root-token"), Some("")] {
        let answer = whoami(bad).await;
        assert_eq!(answer.fault(), (401, "unauthorized", ""), "{bad:?}");
        assert!(answer.headers.contains_key("www-authenticate"));
    }
}

#[tokio::test]
async fn h3_bodies_have_limits_in_size_and_depth() {
    let bed = Bed::new().await;
    let large = json!({"login": "x".repeat(1024 * 1024)});
    assert_eq!(bed.post(ROOT, "/api/v1/users", large).await.fault(), (413, "too_large", ""));
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let request = Request::post("/api/v1/users").header("authorization", "Bearer root-token");
    let answer = bed.send(request.body(Body::from(deep)).expect("a request")).await;
    assert_eq!(answer.fault(), (400, "bad_request", ""));
}

#[tokio::test]
async fn h4_odd_requests_are_refused_without_a_server_error() {
    let bed = Bed::new().await;
    let deep = format!(
        r#"{{"specversion":"1.0","id":"1","source":"/orgs/x","type":"a.b","data":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let bodies = ["", "null", "[]", "{}", "\u{0}", "{\"login\":null}", "{\"login\":\"\\ud800\"}", &deep];
    let types =
        ["", "application/json", "application/cloudevents+json", "application/cloudevents-batch+json", ";", "é"];
    for path in ["/api/v1/events", "/api/v1/users", "/api/v1/orgs", "/api/v1/repos", "/api/v1/tokens", "/api/v1/hooks"]
    {
        for body in bodies {
            for media in types {
                let request = Request::post(path).header("authorization", "Bearer root-token");
                let request = request.header("content-type", media.as_bytes());
                let answer = bed.send(request.body(Body::from(body.to_owned())).expect("a request")).await;
                let empty_batch = answer.status() == 202 && body == "[]";
                assert!((400..500).contains(&answer.status()) || empty_batch, "{path} {media} {body:.80}: {answer:?}");
            }
        }
    }
}
