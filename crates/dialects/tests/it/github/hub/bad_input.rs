//! What no subscriber should send: one line that says what is wrong, and never a 5xx (H-4).

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::nonsense::{NO_OBJECTS, not_json, too_much};

#[tokio::test]
async fn check_45_every_bad_field_has_its_message() {
    let world = World::new().await;
    let long = format!("http://r.test/{}", "x".repeat(2_048));
    let secret = "s".repeat(16 * 1024 + 1);
    let table: &[(&[(&str, &str)], String)] = &[
        (&[], "Invalid hub.mode: ''".to_owned()),
        (&[("hub.mode", "")], "Invalid hub.mode: ''".to_owned()),
        (&[("hub.mode", "publish")], "Invalid hub.mode: 'publish'".to_owned()),
        (&[("hub.topic", "")], "Invalid hub.topic: ''".to_owned()),
        (&[("hub.topic", "nonsense")], "Invalid hub.topic: 'nonsense'".to_owned()),
        (&[("hub.topic", "https://x.test/acme/app")], "Invalid hub.topic: 'https://x.test/acme/app'".to_owned()),
        (&[("hub.topic", "https://x.test/acme/app/events/nope")], "Invalid event: \"nope\"".to_owned()),
        (&[("hub.topic", "https://x.test/acme/app/events/nope.json")], "Invalid event: \"nope\"".to_owned()),
        (&[("hub.topic", "https://x.test/acme/app/events/team")], "Invalid event: \"team\"".to_owned()),
        (&[("hub.topic", "https://x.test/acme/app/events/gist")], "Invalid event: \"gist\"".to_owned()),
        (&[("hub.topic", "https://x.test/acme/nope/events/push")], {
            "No repository found for hub.topic: \"https://x.test/acme/nope/events/push\"".to_owned()
        }),
        (&[("hub.callback", "")], "Invalid hub.callback: ''".to_owned()),
        (&[("hub.callback", "github://Email?a=b")], "Invalid hub.callback: 'github://Email?a=b'".to_owned()),
        (&[("hub.callback", "http://r.test/#f")], "Invalid hub.callback: 'http://r.test/#f'".to_owned()),
        (&[("hub.callback", "http://r.test/\r\nX: 1")], "Invalid hub.callback: 'http://r.test/\r\nX: 1'".to_owned()),
        (&[("hub.callback", &long)], format!("Invalid hub.callback: '{long}'")),
        (&[("hub.secret", &secret)], "Invalid hub.secret: it is longer than 16384 bytes".to_owned()),
        (&[("hub.secret", "********")], "Invalid hub.secret: it cannot be the mask of a secret".to_owned()),
    ];
    for (bad, message) in table {
        let good = fields("subscribe", TOPIC, CALLBACK)
            .into_iter()
            .filter(|(name, _)| !bad.is_empty() && !bad.iter().any(|(other, _)| other == name));
        let answer = send(&world, &good.chain(bad.iter().copied()).collect::<Vec<_>>()).await;
        assert_refused(&answer, 422, message);
    }
    for name in ["hub.mode", "hub.topic", "hub.callback", "hub.secret"] {
        let twice = [&fields("subscribe", TOPIC, CALLBACK)[..], &[("hub.secret", "s"), (name, "other")]].concat();
        let message = format!("{name} was given more than once, with different values");
        assert_refused(&send(&world, &twice).await, 422, &message);
    }
    assert!(hooks(&world).await.is_empty());
}

#[tokio::test]
async fn repeated_fields_with_one_value_count_once() {
    let world = World::new().await;
    let once = fields("subscribe", TOPIC, CALLBACK);
    assert_eq!(send(&world, &[once, once].concat()).await.status, 204);
    let shouted = fields("SUBSCRIBE", TOPIC, CALLBACK);
    assert_eq!(send(&world, &shouted).await.status, 204);
}

#[tokio::test]
async fn fields_are_read_from_the_body_alone() {
    let world = World::new().await;
    let query = String::from_utf8(encoded(&fields("subscribe", TOPIC, CALLBACK))).expect("ASCII");
    for content_type in [ENCODED, "application/json"] {
        let request = form(&world.token, &format!("/hub?{query}"), content_type, Vec::new());
        assert_refused(&world.send(request).await, 422, "Invalid hub.mode: ''");
    }
}

#[tokio::test]
async fn json_is_not_read_and_neither_is_anything_else() {
    let world = World::new().await;
    let right = json!({"hub.mode": "subscribe", "hub.topic": TOPIC, "hub.callback": CALLBACK}).to_string();
    let others = NO_OBJECTS.iter().map(|text| text.as_bytes().to_vec());
    for body in not_json().into_iter().chain(others).chain([Vec::new(), right.into_bytes()]) {
        for content_type in ["application/json", "text/plain", "application/octet-stream"] {
            let answer = world.send(form(&world.token, "/api/v3/hub", content_type, body.clone())).await;
            assert_refused(&answer, 422, "Invalid hub.mode: ''");
        }
        assert_refused(&world.send(request(&world.token, "POST", "/hub", body)).await, 422, "Invalid hub.mode: ''");
    }
    assert!(hooks(&world).await.is_empty());
}

#[tokio::test]
async fn broken_forms_are_400_and_large_ones_413() {
    let world = World::new().await;
    let send = async |content_type: &str, body: &[u8]| {
        world.send(form(&world.token, "/api/v3/hub", content_type, body.to_vec())).await
    };
    let (broken, not_utf8) = ("the body is not a well-formed form", "the form is not UTF-8");
    for (content_type, body, why) in [
        ("multipart/form-data", "", broken),
        ("multipart/form-data; boundary=x", "", broken),
        ("multipart/form-data; boundary=x", "--x\r\n\r\n\r\n--x--", broken),
        (ENCODED, "hub.mode=%ff", not_utf8),
    ] {
        assert_refused(&send(content_type, body.as_bytes()).await, 400, &format!("Problems parsing the form: {why}"));
    }
    let padded = [encoded(&fields("subscribe", TOPIC, CALLBACK)), b"&pad=".to_vec(), vec![b'x'; 64 * 1024]].concat();
    assert_refused(&send(ENCODED, &padded).await, 413, "Problems parsing the form: the form is too large");
    assert_eq!(send(ENCODED, &too_much()).await.status, 413);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever comes, the answer is GitHub's, and nothing is subscribed.
    #[test]
    fn check_32_no_form_ends_in_a_5xx(
        names in prop::collection::vec("(hub\\.)?(mode|topic|callback|secret|\\PC{0,4})", 0..6),
        values in prop::collection::vec("(un)?subscribe|https?://\\PC{0,8}(/acme/app/events/(push|\\PC*))?|\\PC*", 6),
        raw in prop::collection::vec(any::<u8>(), 0..64),
        multipart in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let world = World::new().await;
            let pairs: Vec<_> = names.iter().zip(&values).map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let content_type = if multipart { "multipart/form-data; boundary=x" } else { ENCODED };
            for body in [encoded(&pairs), raw.clone()] {
                let answer = world.send(form(&world.token, "/hub", content_type, body)).await;
                let status = answer.status.as_u16();
                assert!(status == 204 || (400..500).contains(&status) && answer.json()["message"].is_string(), "{status}");
            }
        });
    }
}
