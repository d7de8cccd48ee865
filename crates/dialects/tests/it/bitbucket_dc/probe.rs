//! `POST …/webhooks/test`.

use domain::attempt::Outcome;
use serde_json::{Value, json};
use testkit::{answered, unanswered};

use super::{P, R, call, call_as, get, made, one, plain, refusal, with};
use crate::world::World;

fn path(scope: &str, query: &[(&str, &str)]) -> String {
    let query: Vec<_> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{scope}/test?{}", query.join("&"))
}

const URL: (&str, &str) = ("url", "http://t.test/x");

#[tokio::test]
async fn check_17_a_test_request_is_a_ping_without_a_signature() {
    let world = World::new().await;
    for scope in [R, P] {
        let answer = call(&world, "POST", &path(scope, &[URL]), json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let sent = world.sender.take_sent();
        let [request] = sent.as_slice() else { panic!("one request: {sent:?}") };
        assert_eq!((request.url.as_str(), &*request.body), ("http://t.test/x", &b"{\"test\": true}"[..]));
        let names: Vec<_> = request.headers.iter().map(|(name, _)| *name).collect();
        assert!(request.headers.contains(&("X-Event-Key", "diagnostics:ping".to_owned())));
        assert!(!names.contains(&"X-Hub-Signature") && !names.contains(&"Authorization"), "{names:?}");
        let record = answer.json();
        assert_eq!(record["request"]["url"], "http://t.test/x");
        assert_eq!(
            (&record["request"]["method"], &record["request"]["body"]),
            (&json!("POST"), &json!("{\"test\": true}"))
        );
        assert_eq!(record["request"]["headers"]["X-Event-Key"], "diagnostics:ping");
        let response = json!({"status": 200, "headers": {"Content-Type": "text/plain"}, "body": "ok"});
        assert_eq!(record["response"], response);
    }
}

#[tokio::test]
async fn check_18_a_stored_webhooks_credentials_go_to_another_url() {
    let world = World::new().await;
    let credentials = json!({"username": "me", "password": "pw"});
    let body =
        with(json!({"credentials": credentials, "configuration": {"secret": "s"}, "sslVerificationRequired": false}));
    let hook = made(&world, R, body).await;
    let id = hook["id"].to_string();
    let answer = call(&world, "POST", &path(R, &[URL, ("webhookId", &id)]), Value::Null).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let sent = world.sender.take_sent().remove(0);
    assert_eq!((sent.url.as_str(), sent.insecure_tls), ("http://t.test/x", true));
    let authorization = |headers: &[(&'static str, String)]| {
        headers.iter().find(|(name, _)| *name == "Authorization").map(|(_, value)| value.clone())
    };
    assert_eq!(authorization(&sent.headers).as_deref(), Some("Basic bWU6cHc="));
    assert!(!sent.headers.iter().any(|(name, _)| *name == "X-Hub-Signature"), "pings are not signed");
    assert_eq!(answer.json()["request"]["headers"]["Authorization"], "********", "shown to nobody");
    assert!(!answer.text.contains("bWU6cHc="));
    assert_eq!(get(&world, &one(&hook)).await.json(), hook, "not changed");

    let body = json!({"username": "you", "password": "p"});
    call(&world, "POST", &path(R, &[URL, ("webhookId", &id), ("sslVerificationRequired", "True")]), body).await;
    let sent = world.sender.take_sent().remove(0);
    assert_eq!((authorization(&sent.headers).as_deref(), sent.insecure_tls), (Some("Basic eW91OnA="), false));
    call(&world, "POST", &path(R, &[URL, ("webhookId", &id)]), json!({"username": "you"})).await;
    assert_eq!(
        authorization(&world.sender.take_sent()[0].headers).as_deref(),
        Some("Basic eW91OnB3"),
        "the stored password"
    );
    call(&world, "POST", &path(R, &[URL]), json!({"username": "you", "password": "p"})).await;
    assert_eq!(authorization(&world.sender.take_sent()[0].headers).as_deref(), Some("Basic eW91OnA="));
}

#[tokio::test]
async fn a_test_needs_a_url_and_a_webhook_of_this_place() {
    let world = World::new().await;
    let elsewhere = made(&world, P, plain("http://r.test/")).await["id"].to_string();
    let here = made(&world, R, plain("http://r.test/")).await["id"].to_string();
    for query in [
        vec![],
        vec![("webhookId", here.as_str())],
        vec![("url", "")],
        vec![("url", "ftp://x.test/")],
        vec![("url", "x")],
    ] {
        let error = refusal(&call(&world, "POST", &path(R, &query), json!({})).await, 400, "no URL");
        assert_eq!(error["context"], "url");
    }
    for id in [elsewhere.as_str(), "0", "x", "-1", "99999999999999999999"] {
        refusal(&call(&world, "POST", &path(R, &[URL, ("webhookId", id)]), json!({})).await, 404, id);
    }
    assert_eq!(world.sender.take_sent().len(), 0);
}

#[tokio::test]
async fn e12_without_an_answer_there_is_an_error_and_only_operators_read_the_detail() {
    let world = World::new().await;
    let operator = world.token_for("admin", "repo").await;
    let table = [
        (Outcome::TimedOut, "timed out"),
        (Outcome::ConnectFailed, "could not connect"),
        (Outcome::Refused, "could not connect"),
        (Outcome::NameFailed, "could not connect"),
        (Outcome::TlsFailed, "the TLS handshake failed"),
        (Outcome::Broken, "the connection broke before an answer"),
    ];
    for (at, (outcome, text)) in table.into_iter().enumerate() {
        let url = format!("http://t{at}.test/");
        for (token, description) in [(&world.token, text.to_owned()), (&operator, format!("{text}: 10.0.0.1"))] {
            world.sender.answer_next(unanswered(outcome, "10.0.0.1"));
            let answer = call_as(&world, token, "POST", &path(R, &[("url", &url)]), json!({})).await;
            let record = answer.json();
            assert_eq!((answer.status.as_u16(), record.get("response")), (200, None));
            assert_eq!(record["error"], json!({"description": description, "outcome": "ERROR"}));
        }
    }
    world.sender.answer_next(answered(503));
    assert_eq!(call(&world, "POST", &path(R, &[URL]), json!({})).await.json()["response"]["status"], 503);
}

#[tokio::test]
async fn e12_ten_tests_a_minute_for_each_webhook_and_for_what_is_not_saved() {
    let world = World::new().await;
    let id = made(&world, R, plain("http://r.test/")).await["id"].to_string();
    for query in [vec![URL], vec![URL, ("webhookId", id.as_str())]] {
        for _ in 0..10 {
            assert_eq!(call(&world, "POST", &path(R, &query), json!({})).await.status, 200);
        }
        let limited = call(&world, "POST", &path(R, &query), json!({})).await;
        refusal(&limited, 429, "the eleventh");
        assert_eq!(limited.header("retry-after"), "60");
    }
    assert_eq!(world.sender.take_sent().len(), 20);
    world.clock.advance(std::time::Duration::from_secs(60));
    assert_eq!(call(&world, "POST", &path(R, &[URL]), json!({})).await.status, 200);
}
