//! PUT: a replacement, with the exceptions of contract section 1.1.

use std::time::Duration;

use dialects::{ApiSettings, BitbucketDataCenterSettings, SurfaceSettings};
use serde_json::{Value, json};

use super::{R, call, get, header, made, next_request, one, plain, put, refusal, with};
use crate::world::World;

/// A world whose Data Center surface is set like this.
async fn world_with(bitbucket_dc: BitbucketDataCenterSettings) -> World {
    let settings = SurfaceSettings { bitbucket_dc, ..SurfaceSettings::default() };
    World::with_surfaces(ApiSettings::default(), &settings).await
}

fn guarded() -> Value {
    with(
        json!({"credentials": {"username": "me", "password": "pw"}, "configuration": {"secret": "s", "createdBy": "x"}}),
    )
}

#[tokio::test]
async fn check_05_a_user_name_alone_keeps_the_password_and_no_credentials_remove_it() {
    let world = World::new().await;
    let hook = made(&world, R, guarded()).await;
    assert_eq!(header(&next_request(&world, &hook).await, "Authorization"), "Basic bWU6cHc=", "me:pw");
    let after = put(&world, &hook, with(json!({"credentials": {"username": "you"}}))).await;
    assert_eq!(after["credentials"], json!({"username": "you"}));
    assert_eq!(header(&next_request(&world, &hook).await, "Authorization"), "Basic eW91OnB3", "you:pw");
    let after = put(&world, &hook, plain("http://r.test/hook")).await;
    assert_eq!(after.get("credentials"), None);
    assert_eq!(header(&next_request(&world, &hook).await, "Authorization"), "");
}

#[tokio::test]
async fn s5_the_password_does_not_follow_the_url_to_another_server() {
    let world = World::new().await;
    let hook = made(&world, R, guarded()).await;
    let moved = |url: &str, credentials: Value| {
        let mut body = plain(url);
        body["credentials"] = credentials;
        body
    };
    put(&world, &hook, moved("http://r.test/other?path", json!({"username": "me"}))).await;
    assert_eq!(header(&next_request(&world, &hook).await, "Authorization"), "Basic bWU6cHc=", "the same server");
    put(&world, &hook, moved("http://evil.test/", json!({"username": "me"}))).await;
    assert_eq!(header(&next_request(&world, &hook).await, "Authorization"), "Basic bWU6", "me:");
    put(&world, &hook, moved("http://new.test/", json!({"username": "me", "password": "pw"}))).await;
    assert_eq!(header(&next_request(&world, &hook).await, "Authorization"), "Basic bWU6cHc=", "entered again");
}

#[tokio::test]
async fn check_06_no_configuration_clears_the_secret() {
    let world = World::new().await;
    let hook = made(&world, R, guarded()).await;
    assert!(header(&next_request(&world, &hook).await, "X-Hub-Signature").starts_with("sha256="));
    let after = put(&world, &hook, plain("http://r.test/hook")).await;
    assert_eq!(after["configuration"], json!({}));
    assert_eq!(header(&next_request(&world, &hook).await, "X-Hub-Signature"), "");
    let after = put(&world, &hook, with(json!({"configuration": {"createdBy": "y"}}))).await;
    assert_eq!(after["configuration"], json!({"createdBy": "y"}));
}

#[tokio::test]
async fn what_is_left_out_is_back_to_its_default() {
    let world = World::new().await;
    let hook = made(&world, R, with(json!({"active": false, "sslVerificationRequired": false}))).await;
    assert_eq!((&hook["active"], &hook["sslVerificationRequired"]), (&json!(false), &json!(false)));
    world.clock.advance(Duration::from_secs(1));
    let after = put(&world, &hook, plain("http://r.test/hook")).await;
    assert_eq!((&after["active"], &after["sslVerificationRequired"]), (&json!(true), &json!(true)));
    assert_eq!(after["createdDate"], hook["createdDate"]);
    assert_eq!(after["updatedDate"], json!(hook["updatedDate"].as_i64().expect("a date") + 1_000));
}

#[tokio::test]
async fn check_07_a_replacement_names_url_and_events() {
    let world = World::new().await;
    let hook = made(&world, R, plain("http://r.test/hook")).await;
    for field in ["events", "url", "name"] {
        for value in [None, Some(Value::Null)] {
            let mut body = plain("http://r.test/hook");
            let members = body.as_object_mut().expect("an object");
            match value {
                Some(value) => members.insert(field.to_owned(), value),
                None => members.remove(field),
            };
            let error = refusal(&call(&world, "PUT", &one(&hook), body).await, 400, field);
            assert_eq!((&error["context"], &error["exceptionName"]), (&json!(field), &Value::Null));
        }
    }
    assert_eq!(get(&world, &one(&hook)).await.json(), hook);
}

#[tokio::test]
async fn a_whole_object_can_be_sent_back() {
    let world = World::new().await;
    let hook = made(&world, R, guarded()).await;
    let read = get(&world, &format!("{}?statistics=True", one(&hook))).await.json();
    assert!(read["statistics"].is_object());
    let mut after = put(&world, &hook, read).await;
    assert_eq!(after, hook, "what only the server knows is ignored");
    after["scopeType"] = json!("project");
    after["id"] = json!(7);
    assert_eq!(put(&world, &hook, after).await, hook);
}

#[tokio::test]
async fn s4_a_masked_secret_sent_back_stays_what_it_was() {
    let world = world_with(BitbucketDataCenterSettings { mask_secrets: true, ..Default::default() }).await;
    let hook = made(&world, R, guarded()).await;
    assert_eq!(hook["configuration"], json!({"createdBy": "x", "secret": "********"}));
    let before = header(&next_request(&world, &hook).await, "X-Hub-Signature").to_owned();
    put(&world, &hook, hook.clone()).await;
    assert_eq!(header(&next_request(&world, &hook).await, "X-Hub-Signature"), before);
}

#[tokio::test]
async fn a_lenient_put_keeps_what_it_does_not_name() {
    let world = world_with(BitbucketDataCenterSettings { lenient_put: true, ..Default::default() }).await;
    let hook = made(&world, R, guarded()).await;
    let signature = header(&next_request(&world, &hook).await, "X-Hub-Signature").to_owned();
    let after = put(&world, &hook, json!({"name": "new", "configuration": {"createdBy": "y"}})).await;
    let mut expected = hook.clone();
    expected["name"] = json!("new");
    expected["configuration"]["createdBy"] = json!("y");
    assert_eq!(after, expected);
    let request = next_request(&world, &hook).await;
    assert_eq!(header(&request, "X-Hub-Signature"), signature);
    assert_eq!(header(&request, "Authorization"), "Basic bWU6cHc=");
    assert_eq!(put(&world, &hook, json!({})).await, expected);
    let after = put(&world, &hook, json!({"configuration": {"secret": ""}, "credentials": {}})).await;
    assert_eq!((&after["configuration"], after.get("credentials")), (&json!({"createdBy": "y"}), None));
}
