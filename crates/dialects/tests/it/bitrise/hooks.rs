//! Hooks made, edited and deleted (contract bitrise section 3).

use std::time::Duration;

use dialects::{BitriseSettings, CreateEnvelope, SurfaceSettings};
use serde_json::{Value, json};

use super::{Bed, assert_refused, simple};

#[tokio::test]
async fn check_01_09_the_guide_s_example_is_answered_as_the_guide_has_it() {
    let bed = Bed::new().await;
    let body = json!({"events": ["build"], "url": "example.webhook.com", "headers": {"KEY": "value"}});
    let answer = bed.call("POST", &bed.hooks(), body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    let made = answer.json();
    let slug = made["slug"].as_str().expect("a slug");
    let crockford = |byte: u8| byte.is_ascii_digit() || (byte.is_ascii_uppercase() && !b"ILOU".contains(&byte));
    assert!(slug.len() == 26 && slug.bytes().all(crockford), "{slug}");
    let expected = json!({
        "slug": slug, "url": "example.webhook.com", "events": ["build"], "headers": {"KEY": "value"},
        "registered_by_addon": false,
        "created_at": "2026-01-02T03:04:05.000000Z", "updated_at": "2026-01-02T03:04:05.000000Z",
    });
    assert_eq!(made["data"], expected, "for readers of the API description");
    let mut bare = made.clone();
    bare.as_object_mut().expect("an object").remove("data");
    assert_eq!(bare, expected, "for readers of the guide");
    assert_eq!(bed.stored()[0].url.as_str(), "http://example.webhook.com", "what is called");
}

#[tokio::test]
async fn check_02_the_envelope_of_a_new_hook_can_be_chosen() {
    for (create_envelope, status, bare, wrapped) in [
        (CreateEnvelope::Both, 201, true, true),
        (CreateEnvelope::Bare, 201, true, false),
        (CreateEnvelope::Data, 200, false, true),
    ] {
        let bitrise = BitriseSettings { create_envelope };
        let bed = Bed::with(&SurfaceSettings { bitrise, ..SurfaceSettings::default() }).await;
        let answer = bed.call("POST", &bed.hooks(), simple("a.test")).await;
        assert_eq!(answer.status, status, "{create_envelope:?}");
        let made = answer.json();
        assert_eq!((made["url"] == "a.test", made["data"]["url"] == "a.test"), (bare, wrapped), "{create_envelope:?}");
    }
}

#[tokio::test]
async fn check_03_an_update_without_url_or_events_changes_nothing() {
    let bed = Bed::new().await;
    let path = bed.hook_path(&bed.hook(simple("a.test")).await);
    let before = bed.stored();
    let without_events = bed.call("PUT", &path, json!({"url": "b.test"})).await;
    assert_refused(&without_events, 400, "events: is required", "no events");
    assert_refused(&bed.call("PUT", &path, json!({"events": ["all"]})).await, 400, "url: is required", "no url");
    assert_refused(
        &bed.call("PUT", &path, json!({"url": "b.test", "events": []})).await,
        400,
        "events: must name at least one event",
        "empty",
    );
    assert_eq!(bed.stored(), before);
}

#[tokio::test]
async fn check_04_an_update_replaces_headers_and_without_any_they_are_null() {
    let bed = Bed::new().await;
    let made =
        bed.hook(json!({"url": "a.test", "events": ["build"], "headers": {"KEY": "value"}, "secret": "s"})).await;
    bed.world.clock.advance(Duration::from_secs(1));
    let answer =
        bed.call("PUT", &bed.hook_path(&made), json!({"events": ["all"], "url": "example2.webhook.com"})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let expected = json!({"data": {
        "slug": made["slug"], "url": "example2.webhook.com", "events": ["all"], "headers": null,
        "registered_by_addon": false,
        "created_at": "2026-01-02T03:04:05.000000Z", "updated_at": "2026-01-02T03:04:06.000000Z",
    }});
    assert_eq!(answer.json(), expected);
    let [hook] = bed.stored().try_into().expect("one hook");
    assert!(hook.headers.is_empty() && hook.secret.is_some(), "the secret stays");
    let other =
        json!({"events": ["pipeline", "build"], "url": "a.test", "headers": {"B": "2", "A": "1"}, "secret": ""});
    let again = bed.call("PUT", &bed.hook_path(&made), other).await.json();
    assert_eq!(
        (&again["data"]["events"], again["data"]["headers"].to_string()),
        (&json!(["pipeline", "build"]), "{\"B\":\"2\",\"A\":\"1\"}".to_owned())
    );
    assert!(bed.stored()[0].secret.is_none(), "an empty one takes it away");
}

#[tokio::test]
async fn check_06_a_hook_is_deleted_once() {
    let bed = Bed::new().await;
    let made = bed.hook(simple("a.test")).await;
    let path = bed.hook_path(&made);
    let answer = bed.call("DELETE", &path, Value::Null).await;
    assert_eq!((answer.status.as_u16(), answer.json()), (200, json!({ "data": made })));
    assert_refused(&bed.call("DELETE", &path, Value::Null).await, 404, "Not Found", "the second time");
    assert_refused(&bed.call("PUT", &path, simple("b.test")).await, 404, "Not Found", "an update");
}

#[tokio::test]
async fn check_07_no_answer_has_the_secret() {
    let bed = Bed::new().await;
    let secret = "a-very-special-secret";
    let body = json!({"url": "a.test", "events": ["build"], "secret": secret});
    let made = bed.call("POST", &bed.hooks(), body.clone()).await;
    let path = bed.hook_path(&made.json());
    let listed = bed.call("GET", &bed.hooks(), Value::Null).await;
    let edited = bed.call("PUT", &path, body).await;
    let items = bed.call("GET", &format!("{path}/delivery-items"), Value::Null).await;
    assert!(bed.stored()[0].secret.is_some(), "it is there");
    let deleted = bed.call("DELETE", &path, Value::Null).await;
    for answer in [made, listed, edited, items, deleted] {
        assert!(answer.status.is_success() && !answer.text.contains(secret), "{}", answer.text);
        assert!(!answer.text.contains("\"secret\""), "{}", answer.text);
    }
}

#[tokio::test]
async fn check_10_patch_is_another_name_for_put() {
    let bed = Bed::new().await;
    let path = bed.hook_path(&bed.hook(simple("a.test")).await);
    let answer = bed.call("PATCH", &path, json!({"url": "b.test", "events": ["all"], "headers": null})).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["data"]["url"]), (200, &json!("b.test")));
    let nulls = bed.call("PATCH", &path, json!({"url": "c.test", "events": null, "headers": null})).await;
    assert_refused(&nulls, 400, "events: is required", "null is absent");
}

#[tokio::test]
async fn an_app_has_so_many_hooks_and_no_more() {
    let bed = Bed::new().await;
    for number in 0..100 {
        bed.hook(simple(&format!("a.test/{number}"))).await;
    }
    let one_more = bed.call("POST", &bed.hooks(), simple("a.test/100")).await;
    assert_refused(&one_more, 400, "an app can have at most 100 outgoing webhooks", "one more");
    assert_eq!(bed.stored().len(), 100);
}
