//! `GET`, `PUT` and `DELETE …/hooks/{uid}`.

use dialects::ApiSettings;
use domain::delivery::Message;
use domain::dialect::Sending;
use domain::id::Uid;
use domain::ports::Clock;
use serde_json::{Value, json};

use super::{HOOKS, ORIGIN, assert_refused, call, get, hook, path_of, simple, stored, uuid_of};
use crate::world::{World, request};

/// The signature that the one hook of `acme/app` puts on a delivery of `{}`; none without a secret.
fn signature(world: &World) -> Option<String> {
    let hook = stored(world).remove(0);
    let message = Message {
        uid: Uid::new(world.clock.now(), &*world.ports.entropy),
        dialect: hook.dialect,
        kind: "repo:push".into(),
        action: None,
        passed_through: false,
        body: bytes::Bytes::from_static(b"{}"),
    };
    let sending = Sending {
        content_type: "application/json",
        hops: 1,
        public_url: "http://postrider.test",
        number: 1,
        earlier: 0,
        redelivery: false,
        now: world.clock.now(),
        place: domain::event::Place { account: world.app.owner, repository: Some(world.app.id), app: None },
        directory: world.ports.directory(),
        entropy: &*world.ports.entropy,
    };
    let dialect = world.ports.dialects.get("bitbucket_cloud").expect("registered");
    let request = dialect.encode(&hook, &message, &sending);
    request.headers.into_iter().find(|(name, _)| *name == "X-Hub-Signature").map(|(_, value)| value)
}

#[tokio::test]
async fn check_03_an_edit_keeps_removes_or_replaces_the_secret() {
    let world = World::new().await;
    let made = hook(&world, json!({"url": "http://r.test/", "events": ["repo:push"], "secret": "one"})).await;
    let path = path_of(&made);
    let one = signature(&world).expect("signed");
    let edit = async |body: Value| {
        let answer = call(&world, "PUT", &path, body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        (answer.json()["secret_set"].clone(), signature(&world))
    };
    assert_eq!(edit(json!({"url": "http://r.test/2", "active": false})).await, (json!(true), Some(one.clone())));
    let (set, two) = edit(json!({"secret": "two"})).await;
    assert!(set == json!(true) && two.is_some() && two.as_ref() != Some(&one));
    assert_eq!(edit(json!({"secret": null})).await, (json!(false), None));
    assert_eq!(edit(json!({"secret": "one"})).await, (json!(true), Some(one)));
    assert_eq!(edit(json!({"secret": ""})).await, (json!(false), None));
}

#[tokio::test]
async fn an_edit_keeps_what_it_does_not_mention() {
    let world = World::new().await;
    let body = json!({
        "url": "http://r.test/", "events": ["repo:push", "repo:fork"], "description": "CI", "active": false,
        "skip_cert_verification": true, "history_enabled": true, "secret": "s",
    });
    let made = hook(&world, body).await;
    let path = path_of(&made);
    for nothing in [json!({}), json!({"events": null, "url": null, "active": null, "uuid": "{}", "created_at": 7})] {
        assert_eq!(call(&world, "PUT", &path, nothing).await.json(), made);
    }
    let edit = json!({
        "url": "http://r.test/2", "events": ["issue:created"], "description": null, "active": true,
        "skip_cert_verification": false, "history_enabled": false,
    });
    let edited = call(&world, "PUT", &path, edit.clone()).await.json();
    for (name, value) in edit.as_object().expect("an object") {
        assert_eq!(&edited[name], value, "{name}");
    }
    assert_eq!((&edited["uuid"], &edited["created_at"]), (&made["uuid"], &made["created_at"]));
    assert_refused(&call(&world, "PUT", &path, json!({"events": []})).await, 400, "no events");
    assert_eq!(get(&world, &path).await.json(), edited, "a refused edit changes nothing");
}

#[tokio::test]
async fn check_09_every_spelling_of_a_uuid_reaches_the_hook() {
    let world = World::new().await;
    let made = hook(&world, simple("http://r.test/")).await;
    let uuid = uuid_of(&made);
    let spellings =
        [format!("%7B{uuid}%7D"), format!("%7b{uuid}%7d"), format!("{{{uuid}}}"), uuid.to_owned(), uuid.to_uppercase()];
    for spelling in &spellings {
        let path = format!("{HOOKS}/{spelling}");
        assert_eq!(get(&world, &path).await.json()["uuid"], made["uuid"], "{path}");
        let edited = call(&world, "PUT", &path, json!({"description": spelling})).await;
        assert_eq!(edited.json()["description"], json!(spelling), "{path}");
    }
    for spelling in &spellings {
        let made = hook(&world, simple("http://r.test/")).await;
        let path = format!("{HOOKS}/{}", spelling.replace(uuid, uuid_of(&made)));
        let path = path.replace(&uuid.to_uppercase(), &uuid_of(&made).to_uppercase());
        assert_eq!(call(&world, "DELETE", &path, Value::Null).await.status, 204, "{path}");
    }
    for strange in [
        uuid.replace('-', ""),
        format!("urn:uuid:{uuid}"),
        format!("{{{uuid}"),
        format!("{uuid}}}"),
        format!("%257B{uuid}%257D"),
        format!("{{{{{uuid}}}}}"),
        "{}".to_owned(),
        "0".to_owned(),
        "00000000-0000-0000-0000-000000000000".to_owned(),
    ] {
        assert_refused(&get(&world, &format!("{HOOKS}/{strange}")).await, 404, &strange);
    }
}

#[tokio::test]
async fn check_10_links_are_on_the_public_origin_and_work() {
    let settings = ApiSettings { public_url: Some("https://hooks.acme.test/".into()), ..ApiSettings::default() };
    let world = World::with(settings).await;
    let made = call(&world, "POST", HOOKS, simple("http://r.test/")).await.json();
    let href = made["links"]["self"]["href"].as_str().expect("a link");
    assert_eq!(href, format!("https://hooks.acme.test/2.0{HOOKS}/%7B{}%7D", uuid_of(&made)));
    let path = href.strip_prefix("https://hooks.acme.test").expect("public");
    let put = world.send(request(&world.token, "PUT", path, br#"{"active": false}"#.to_vec())).await;
    assert_eq!((put.status.as_u16(), &put.json()["active"]), (200, &json!(false)));
    assert_eq!(world.send(request(&world.token, "DELETE", path, Vec::new())).await.status, 204);

    let world = World::new().await;
    let made = hook(&world, simple("http://r.test/")).await;
    assert_eq!(made["links"]["self"]["href"], format!("{ORIGIN}{}", path_of(&made)), "else the host that was called");
}

#[tokio::test]
async fn check_11_an_empty_answer_has_a_content_type() {
    let world = World::new().await;
    let made = hook(&world, simple("http://r.test/")).await;
    let gone = call(&world, "DELETE", &path_of(&made), Value::Null).await;
    assert_eq!((gone.status.as_u16(), gone.text.as_str()), (204, ""));
    assert_eq!(gone.header("content-type"), "text/html; charset=utf-8");
    assert!(stored(&world).is_empty());
}

#[tokio::test]
async fn check_12_a_hook_can_be_deleted_once() {
    let world = World::new().await;
    let path = path_of(&hook(&world, simple("http://r.test/")).await);
    assert_eq!(call(&world, "DELETE", &path, Value::Null).await.status, 204);
    for method in ["DELETE", "GET", "PUT"] {
        assert_refused(&call(&world, method, &path, json!({})).await, 404, method);
    }
}

#[tokio::test]
async fn check_24_request_history_is_off_until_it_is_asked_for() {
    let world = World::new().await;
    let made = hook(&world, simple("http://r.test/")).await;
    let path = path_of(&made);
    assert_eq!(made["history_enabled"], false);
    for (edit, after) in [(json!(true), true), (json!(null), true), (json!(false), false)] {
        let edited = call(&world, "PUT", &path, json!({"history_enabled": edit})).await.json();
        assert_eq!(edited["history_enabled"], after, "{edit}");
        assert_eq!(stored(&world)[0].extra["history_enabled"], after, "{edit}");
        assert_eq!(get(&world, HOOKS).await.json()["values"][0]["history_enabled"], after, "{edit}");
    }
}
