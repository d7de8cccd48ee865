//! What subscriptions are: ordinary hooks.

use serde_json::json;

use super::*;

const BOUNDARY: &str = "------------------------d74496d66958873e";

/// The form as curl's `-F` writes it.
fn multipart(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut body = String::new();
    for (name, value) in fields {
        body.extend(["--", BOUNDARY, "\r\nContent-Disposition: form-data; name=\"", name, "\"\r\n\r\n", value, "\r\n"]);
    }
    (body + "--" + BOUNDARY + "--\r\n").into_bytes()
}

#[tokio::test]
async fn check_45_a_subscription_is_a_hook_like_any_other() {
    let world = World::new().await;
    let made = done(&world, "subscribe", "push", &[]).await;
    let url = format!("http://postrider.test/api/v3/repos/acme/app/hooks/{}", made[0]["id"]);
    let expected = json!({
        "type": "Repository", "id": made[0]["id"], "name": "web", "active": true, "events": ["push"],
        "config": {"content_type": "form", "insecure_ssl": "0", "url": CALLBACK},
        "updated_at": "2026-01-02T03:04:05Z", "created_at": "2026-01-02T03:04:05Z",
        "url": url, "test_url": format!("{url}/test"), "ping_url": format!("{url}/pings"),
        "deliveries_url": format!("{url}/deliveries"),
        "last_response": {"code": null, "status": "unused", "message": null},
    });
    assert_eq!(made, [expected]);
    let pings = world.due(id_of(&made[0])).await;
    assert_eq!(pings.iter().map(|work| &*work.message().kind).collect::<Vec<_>>(), ["ping"], "one, at first");
    assert_eq!(world.delete(&format!("{HOOKS}/{}", made[0]["id"])).await.status, 204);
    assert!(done(&world, "unsubscribe", "push", &[]).await.is_empty());
}

#[tokio::test]
async fn check_46_both_encodings_work_at_every_mount() {
    for path in ["/api/v3/hub", "/hub"] {
        for content_type in [ENCODED, &format!("multipart/form-data; boundary={BOUNDARY}")] {
            for api_host in [false, true] {
                let world = World::new().await;
                for (mode, count) in [("subscribe", 1), ("unsubscribe", 0)] {
                    let fields = fields(mode, TOPIC, CALLBACK);
                    let body = if content_type == ENCODED { encoded(&fields) } else { multipart(&fields) };
                    let router = if api_host { &world.api_host } else { &world.router };
                    let answered = answer(router.clone(), form(&world.token, path, content_type, body)).await;
                    let told = (answered.status.as_u16(), answered.text.as_str(), answered.header("content-type"));
                    assert_eq!(told, (204, "", ""), "{path} {content_type}");
                    let accepted = answered.header("x-accepted-oauth-scopes");
                    assert_eq!(accepted, "admin:repo_hook, write:repo_hook", "{path}");
                    assert_eq!(hooks(&world).await.len(), count, "{mode} {path} {content_type}");
                }
            }
        }
    }
}

#[tokio::test]
async fn the_root_of_the_main_host_has_the_hub_and_nothing_else_of_this_api() {
    let world = World::new().await;
    assert_eq!(world.ask(&world.token, "GET", "/user", Value::Null).await.text, "", "the router's own 404");
    for method in ["GET", "PUT", "DELETE"] {
        for path in ["/hub", "/api/v3/hub"] {
            let answer = world.ask(&world.token, method, path, Value::Null).await;
            assert_eq!(
                (answer.status.as_u16(), &answer.json()["message"]),
                (404, &json!("Not Found")),
                "{method} {path}"
            );
        }
    }
}

#[tokio::test]
async fn only_the_path_of_the_topic_counts() {
    let world = World::new().await;
    for (number, topic) in [
        "https://github.com/acme/app/events/push",
        "http://postrider.test:8017/ACME/App/events/push",
        "https://elsewhere.test/acme/app/events/push?x=1#y",
    ]
    .iter()
    .enumerate()
    {
        let callback = format!("http://r.test/{number}");
        assert_eq!(send(&world, &fields("subscribe", topic, &callback)).await.status, 204, "{topic}");
        assert_eq!(hooks(&world).await.len(), number + 1);
    }
}

#[tokio::test]
async fn check_45_a_suffix_or_accept_ask_for_json() {
    let world = World::new().await;
    let format = |hooks: Vec<Value>| hooks[0]["config"]["content_type"].clone();
    assert_eq!(format(done(&world, "subscribe", "push", &[]).await), "form");
    assert_eq!(format(done(&world, "subscribe", "push.json", &[]).await), "json");
    assert_eq!(format(done(&world, "subscribe", "push", &[]).await), "form");
    for (accept, expected) in [("application/json", "json"), ("application/vnd.github.v3.full+json", "form")] {
        let mut request = form(&world.token, "/hub", ENCODED, encoded(&fields("subscribe", TOPIC, CALLBACK)));
        request.headers_mut().insert("accept", accept.parse().expect("a header"));
        assert_eq!(world.send(request).await.status, 204);
        assert_eq!(format(hooks(&world).await), expected, "{accept}");
    }
    assert!(done(&world, "unsubscribe", "push.json", &[]).await.is_empty(), "it is the same subscription");
}

#[tokio::test]
async fn check_45_repeating_changes_the_hook_and_pings_no_more() {
    let world = World::new().await;
    let first = done(&world, "subscribe", "push", &[("hub.secret", "one")]).await;
    let id = id_of(&first[0]);
    assert_eq!(first[0]["config"]["secret"], "********");
    assert_eq!(world.due(id).await.len(), 1);
    let secret = || {
        let hook = world.ports.directory().hook(id).expect("the hook");
        hook.secret.as_ref().map(|secret| secret.expose().to_owned())
    };
    done(&world, "subscribe", "push.json", &[("hub.secret", "two"), ("hub.lease_seconds", "1"), ("foo", "bar")]).await;
    assert_eq!(secret().as_deref(), Some("two"));
    let both = done(&world, "subscribe", "issues.json", &[("hub.secret", "two")]).await;
    assert_eq!((both.len(), &both[0]["id"], &both[0]["events"]), (1, &first[0]["id"], &json!(["push", "issues"])));
    assert_eq!(both[0]["config"]["content_type"], "json");
    done(&world, "subscribe", "issues", &[("hub.secret", "")]).await;
    assert_eq!(secret(), None, "a blank secret is none, and none was asked for");
    assert_eq!(world.due(id).await.len(), 0, "no second ping");
}

#[tokio::test]
async fn subscribing_switches_a_disabled_hook_on_and_keeps_its_other_settings() {
    let world = World::new().await;
    let config = json!({"url": CALLBACK, "insecure_ssl": "1", "content_type": "application/json"});
    let made = hook(&world, json!({"config": config, "active": false})).await;
    let after = done(&world, "subscribe", "push.json", &[]).await;
    let config = json!({"url": CALLBACK, "insecure_ssl": "1", "content_type": "json"});
    assert_eq!((&after[0]["id"], &after[0]["active"], &after[0]["config"]), (&made["id"], &json!(true), &config));
}

#[tokio::test]
async fn check_45_unsubscribing_takes_the_event_and_the_last_one_takes_the_hook() {
    let world = World::new().await;
    done(&world, "subscribe", "push", &[]).await;
    done(&world, "subscribe", "*", &[]).await;
    let left = done(&world, "unsubscribe", "push", &[]).await;
    assert_eq!(left[0]["events"], json!(["*"]));
    assert_eq!(done(&world, "unsubscribe", "push", &[]).await, left, "an unknown pair: nothing happens");
    assert_eq!(done(&world, "unsubscribe", "fork", &[]).await, left);
    assert!(done(&world, "unsubscribe", "*", &[]).await.is_empty());
    assert!(done(&world, "unsubscribe", "*", &[]).await.is_empty());
}

#[tokio::test]
async fn unsubscribing_ends_the_event_for_every_hook_of_the_callback_and_no_other() {
    let world = World::new().await;
    let config =
        |url: &str, secret: &str| json!({"config": {"url": url, "secret": secret}, "events": ["push", "fork"]});
    for (url, secret) in [(CALLBACK, "a"), (CALLBACK, "b"), ("http://other.test/", "a")] {
        hook(&world, config(url, secret)).await;
    }
    let elsewhere = "https://github.com/acme/other/events/push";
    assert_eq!(send(&world, &fields("unsubscribe", elsewhere, CALLBACK)).await.status, 204);
    let after = done(&world, "unsubscribe", "push", &[]).await;
    let events: Vec<_> = after.iter().map(|hook| hook["events"].clone()).collect();
    assert_eq!(events, [json!(["fork"]), json!(["fork"]), json!(["push", "fork"])]);
}

#[tokio::test]
async fn the_hook_that_has_the_event_is_changed_before_the_one_that_is_alike() {
    let world = World::new().await;
    let with = |secret: &str, event: &str| json!({"config": {"url": CALLBACK, "secret": secret}, "events": [event]});
    for (secret, event) in [("a", "push"), ("b", "fork")] {
        hook(&world, with(secret, event)).await;
    }
    let events = |hooks: Vec<Value>| hooks.into_iter().map(|hook| hook["events"].clone()).collect::<Vec<_>>();
    let after = events(done(&world, "subscribe", "issues", &[("hub.secret", "b")]).await);
    assert_eq!(after, [json!(["push"]), json!(["fork", "issues"])], "the one with that secret");
    let after = events(done(&world, "subscribe", "push", &[("hub.secret", "c")]).await);
    assert_eq!(after, [json!(["push"]), json!(["fork", "issues"])], "the one with that event");
    let same = send(&world, &[&fields("subscribe", TOPIC, CALLBACK)[..], &[("hub.secret", "b")]].concat()).await;
    assert_eq!(same.status, 204, "both alike, with other events");
}
