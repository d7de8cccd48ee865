//! What no client should send: answered with 400 and a reason, never with 500, and nothing changes.

use serde_json::{Map, Value, json};

use super::{Bed, simple};
use crate::nonsense::{NO_OBJECTS, not_json, too_much, values};
use crate::world::request;

#[tokio::test]
async fn h3_bodies_that_are_no_objects_are_refused() {
    let bed = Bed::new().await;
    let path = bed.hook_path(&bed.hook(simple("a.test")).await);
    let before = bed.stored();
    let texts = not_json().into_iter().chain(NO_OBJECTS.map(|text| text.as_bytes().to_vec()));
    for text in texts {
        for (method, path) in [("POST", &bed.hooks()), ("PUT", &path)] {
            let answer = bed.world.send(request(&bed.world.token, method, path, text.clone())).await;
            assert_eq!(answer.status, 400, "{method} {}", String::from_utf8_lossy(&text[..text.len().min(40)]));
            assert!(answer.json()["message"].is_string());
        }
    }
    let answer = bed.world.send(request(&bed.world.token, "POST", &bed.hooks(), too_much())).await;
    assert_eq!((answer.status.as_u16(), answer.json()["message"].is_string()), (413, true));
    assert_eq!(bed.stored(), before);
}

#[tokio::test]
async fn every_member_takes_what_it_should_and_refuses_the_rest() {
    let bed = Bed::new().await;
    for member in ["url", "events", "headers", "secret"] {
        for value in values() {
            let mut body: Map<String, Value> = simple("a.test").as_object().expect("an object").clone();
            body.insert(member.to_owned(), value.clone());
            let answer = bed.call("POST", &bed.hooks(), Value::Object(body)).await;
            let status = answer.status.as_u16();
            assert!(matches!(status, 201 | 400), "{member}: {value}: {}", answer.text);
            let told = if status == 201 { &answer.json()["slug"] } else { &answer.json()["message"] };
            assert!(told.is_string(), "{member}: {value}");
        }
    }
}

#[tokio::test]
async fn unknown_members_are_ignored() {
    let bed = Bed::new().await;
    let hook = bed.hook(json!({"url": "a.test", "events": ["all"], "is_enabled": 7, "data": {}})).await;
    assert_eq!(hook["events"], json!(["all"]));
}
