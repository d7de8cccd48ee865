//! What the hub says to requests (contract websub section 3): the answer tells nobody anything.

use axum::http::StatusCode;
use dialects::WebSubSettings;

use super::hub::{FORM, Hub, form, request, settings};

const TOPIC: &str = "http://nobody.test/topic";
const CALLBACK: &str = "http://nobody.test/cb";
const SUBSCRIBE: [(&str, &str); 3] = [("hub.mode", "subscribe"), ("hub.topic", TOPIC), ("hub.callback", CALLBACK)];

/// The usual request with some fields replaced or added.
fn with<'a>(fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let kept = SUBSCRIBE.into_iter().filter(|(name, _)| fields.iter().all(|(other, _)| other != name));
    kept.chain(fields.iter().copied()).collect()
}

/// Refused in one line of plain text that names the parameter.
async fn refused(hub: &Hub, fields: &[(&str, &str)], name: &str) {
    let answer = hub.post(fields).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{fields:?}: {answer:?}");
    assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8", "{fields:?}");
    assert!(answer.text.contains(name) && answer.text.trim_end().lines().count() == 1, "{fields:?}: {answer:?}");
}

async fn accepted(hub: &Hub, fields: &[(&str, &str)]) {
    let answer = hub.post(fields).await;
    assert_eq!((answer.status, answer.text.as_str()), (StatusCode::ACCEPTED, ""), "{fields:?}: {answer:?}");
}

#[tokio::test]
async fn check_01_a_request_is_accepted_whether_or_not_topic_and_callback_exist() {
    let hub = Hub::new().await;
    accepted(&hub, &SUBSCRIBE).await;
    let dead = hub.site.url("/dead");
    hub.site.always("/dead", super::site::Reply::Status(404));
    accepted(&hub, &with(&[("hub.callback", &dead)])).await;
    accepted(&hub, &with(&[("hub.mode", "unsubscribe")])).await;
    accepted(&hub, &with(&[("hub.topic", &hub.site.url("/topic"))])).await;
}

#[tokio::test]
async fn check_02_what_is_missing_is_named() {
    let hub = Hub::new().await;
    for name in ["hub.mode", "hub.callback", "hub.topic"] {
        let kept: Vec<_> = SUBSCRIBE.into_iter().filter(|(other, _)| *other != name).collect();
        refused(&hub, &kept, name).await;
        refused(&hub, &with(&[(name, "")]), name).await;
    }
    refused(&hub, &with(&[("hub.mode", "denied")]), "hub.mode").await;
    refused(&hub, &[], "hub.mode").await;
}

#[tokio::test]
async fn check_03_parameters_in_the_query_string_are_not_read() {
    let hub = Hub::new().await;
    let uri = format!("/websub?{}", form(&SUBSCRIBE));
    let answer = hub.world.send(request("POST", &uri, FORM, "")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert!(answer.text.contains("hub.mode"), "{answer:?}");
    let answer = hub.world.send(request("POST", "/websub?hub.mode=unsubscribe", FORM, form(&SUBSCRIBE))).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "nor do they contradict the body");
}

#[tokio::test]
async fn check_04_only_forms_by_post_are_taken() {
    let hub = Hub::new().await;
    for content_type in ["application/json", "text/plain", "application/octet-stream", ""] {
        let answer = hub.world.send(request("POST", "/websub", content_type, form(&SUBSCRIBE))).await;
        assert_eq!(answer.status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "{content_type}");
        assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
    }
    for method in ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = hub.world.send(request(method, "/websub", FORM, form(&SUBSCRIBE))).await;
        assert_eq!(
            (answer.status, &answer.headers["allow"]),
            (StatusCode::METHOD_NOT_ALLOWED, &"POST".parse().unwrap())
        );
    }
    let answer = hub.world.send(request("POST", "/websub", FORM, "a".repeat(64 * 1024 + 1))).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn any_charset_percent_encoding_and_multipart_forms_are_read() {
    let hub = Hub::new().await;
    for content_type in
        ["application/x-www-form-urlencoded; charset=UTF-8", "Application/X-WWW-Form-URLEncoded;charset=x"]
    {
        let answer = hub.world.send(request("POST", "/websub", content_type, form(&SUBSCRIBE))).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{content_type}");
    }
    let encoded = "%68ub%2Emode=subscribe&hub.topic=http%3A%2F%2Fnobody.test%2Fa%2Db&hub.callback=http://nobody.test/";
    assert_eq!(hub.world.send(request("POST", "/websub", FORM, encoded)).await.status, StatusCode::ACCEPTED);
    let part = |(name, value)| format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let body = SUBSCRIBE.into_iter().map(part).collect::<String>() + "--x--\r\n";
    let answer = hub.world.send(request("POST", "/websub", "multipart/form-data; boundary=x", body)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn check_05_unknown_parameters_are_ignored_and_not_echoed() {
    let hub = Hub::new().await;
    hub.site.publish("/topic", "text/plain", "one");
    let more = [("hub.foo", "canary"), ("foo", "canary"), ("hub.challenge", "canary"), ("hub.reason", "canary")];
    hub.subscribe(&hub.site.url("/topic"), "/cb", &more).await;
    let [asked] = &hub.site.gets("/cb")[..] else { panic!("asked once") };
    assert!(!asked.query.contains("canary") && !asked.query.contains("foo"), "{}", asked.query);
    assert!(hub.find(&hub.site.url("/topic"), "/cb").is_some());
}

#[tokio::test]
async fn modes_have_no_case_and_what_comes_twice_must_agree() {
    let hub = Hub::new().await;
    accepted(&hub, &with(&[("hub.mode", "SubScribe")])).await;
    accepted(&hub, &[&SUBSCRIBE[..], &SUBSCRIBE[..]].concat()).await;
    for (name, value) in
        [("hub.mode", "unsubscribe"), ("hub.topic", "http://x.test/"), ("hub.callback", "http://x.test/")]
    {
        refused(&hub, &[&SUBSCRIBE[..], &[(name, value)]].concat(), name).await;
    }
    refused(&hub, &with(&[("hub.secret", "a"), ("hub.secret", "b")]), "hub.secret").await;
    refused(&hub, &with(&[("hub.lease_seconds", "300"), ("hub.lease_seconds", "400")]), "hub.lease_seconds").await;
}

#[tokio::test]
async fn urls_are_absolute_without_fragment_credentials_or_control_characters() {
    let hub = Hub::new().await;
    let long = format!("http://nobody.test/{}", "a".repeat(2_048 - 18));
    for name in ["hub.topic", "hub.callback"] {
        let bad = ["/relative", "nobody.test", "ftp://nobody.test/", "http://nobody.test/#x", "http://nobody.test/a b"];
        let worse = ["http://u:p@nobody.test/", "http://nobody.test/\n", "javascript:alert(1)", "http://", &long, "\0"];
        for url in bad.iter().chain(&worse) {
            refused(&hub, &with(&[(name, url)]), name).await;
        }
        accepted(&hub, &with(&[(name, &long[..2_048])])).await;
    }
}

#[tokio::test]
async fn check_17_secrets_have_less_than_200_bytes() {
    let hub = Hub::new().await;
    accepted(&hub, &with(&[("hub.secret", &"a".repeat(199))])).await;
    refused(&hub, &with(&[("hub.secret", &"a".repeat(200))]), "hub.secret").await;
    refused(&hub, &with(&[("hub.secret", &"ä".repeat(100))]), "hub.secret").await;
    accepted(&hub, &with(&[("hub.secret", &"ä".repeat(99))])).await;
    accepted(&hub, &with(&[("hub.secret", "")])).await;
}

#[tokio::test]
async fn check_26_requests_of_pubsubhubbub_0_3_are_taken_and_the_token_is_echoed() {
    let hub = Hub::new().await;
    hub.site.publish("/topic", "text/plain", "one");
    let topic = hub.site.url("/topic");
    let old = [("hub.verify", "sync"), ("hub.verify", "async"), ("hub.verify_token", "t&ö=1")];
    hub.subscribe(&topic, "/cb", &old).await;
    assert!(hub.find(&topic, "/cb").is_some());
    hub.ask("unsubscribe", &topic, &hub.site.url("/cb"), &old).await;
    hub.quiet().await;
    assert!(hub.find(&topic, "/cb").is_none());
    let asked = hub.site.gets("/cb");
    assert!(asked.iter().all(|asked| asked.param("hub.verify_token").as_deref() == Some("t&ö=1")), "{asked:?}");
    assert!(asked.iter().all(|asked| asked.param("hub.verify").is_none()));
}

#[tokio::test]
async fn a_hub_that_has_moved_sends_requests_on() {
    let moved_to = Some("https://elsewhere.test/hub".to_owned());
    let hub = Hub::with(WebSubSettings { moved_to, ..settings() }).await;
    let answer = hub.post(&SUBSCRIBE).await;
    assert_eq!(answer.status, StatusCode::PERMANENT_REDIRECT);
    assert_eq!(answer.headers["location"], "https://elsewhere.test/hub");
    assert!(hub.outcomes("verify_intent").await.is_empty());
}

#[tokio::test]
async fn an_operator_may_want_https_callbacks() {
    let hub = Hub::with(WebSubSettings { https_callbacks: true, ..settings() }).await;
    refused(&hub, &SUBSCRIBE, "hub.callback").await;
    accepted(&hub, &with(&[("hub.callback", "https://nobody.test/cb")])).await;
}

#[tokio::test]
async fn what_a_client_presents_in_authorization_is_nobodys_business() {
    let hub = Hub::new().await;
    let mut request = request("POST", "/websub", FORM, form(&SUBSCRIBE));
    request.headers_mut().insert("authorization", "Bearer wrong".parse().expect("a value"));
    assert_eq!(hub.world.send(request).await.status, StatusCode::ACCEPTED);
}
