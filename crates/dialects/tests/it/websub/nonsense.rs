//! Bad forms at the open hub: one line of plain text, and never a 5xx (H-4).

use axum::body::Body;
use axum::http::Request;
use dialects::{ApiSettings, SurfaceSettings, WebSubSettings};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::nonsense::{NO_OBJECTS, not_json, too_much};
use crate::world::{Answer, World};

const FORM: &str = "application/x-www-form-urlencoded";
const NAMES: [&str; 9] = [
    "hub.mode",
    "hub.topic",
    "hub.callback",
    "hub.lease_seconds",
    "hub.secret",
    "hub.verify_token",
    "hub.url",
    "hub.url[]",
    "hub.verify",
];

async fn world() -> World {
    let websub = WebSubSettings { requests_per_minute: u32::MAX, ..WebSubSettings::default() };
    let settings = SurfaceSettings { websub, ..SurfaceSettings::default() };
    World::with_surfaces(ApiSettings::default(), &settings).await
}

async fn post(world: &World, content_type: &str, body: Vec<u8>) -> Answer {
    let request = Request::post("/websub").header("host", "postrider.test").header("content-type", content_type);
    world.send(request.body(Body::from(body)).expect("a request")).await
}

/// Taken, or refused in the hub's own form.
fn is_sound(answer: &Answer, sent: &str) {
    let status = answer.status.as_u16();
    assert!(matches!(status, 202 | 204 | 400 | 413 | 415 | 429), "{status} to {sent}: {}", answer.text);
    if status >= 400 {
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8", "{sent}");
        assert!(answer.text.len() < 300 && answer.text.trim_end().lines().count() == 1, "{sent}: {}", answer.text);
    } else {
        assert_eq!(answer.text, "", "{sent}");
    }
}

#[tokio::test]
async fn h4_what_is_no_form_is_refused_in_plain_text() {
    let world = world().await;
    let json = NO_OBJECTS.iter().map(|text| text.as_bytes().to_vec()).chain(not_json());
    for body in json.chain([too_much(), b"hub.mode=%ff".to_vec(), b"%".to_vec(), b"=&=&;".to_vec(), Vec::new()]) {
        let sent = String::from_utf8_lossy(&body[..body.len().min(99)]).into_owned();
        for content_type in [FORM, "multipart/form-data; boundary=x", "multipart/form-data", "application/json", ""] {
            let answer = post(&world, content_type, body.clone()).await;
            is_sound(&answer, &sent);
            assert!(answer.status.is_client_error(), "{content_type}: {sent}");
        }
    }
}

/// Values that mean something, and any others.
fn a_value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("subscribe".to_owned()),
        Just("unsubscribe".to_owned()),
        Just("publish".to_owned()),
        Just("http://postrider.test/acme/app/events/push".to_owned()),
        "http://[a-z0-9.:\\[\\]@]{0,12}/\\PC{0,12}",
        "-?[0-9]{0,24}",
        "\\PC{0,40}",
        any::<String>(),
    ]
}

#[tokio::test]
async fn h4_check_32_no_form_whatever_gives_a_5xx() {
    let world = world().await;
    let mut runner = TestRunner::deterministic();
    let names = prop_oneof![9 => proptest::sample::select(&NAMES[..]).prop_map(str::to_owned), 1 => any::<String>()];
    let forms = proptest::collection::vec((names, a_value()), 0..7);
    for _ in 0..1_000 {
        let fields = forms.new_tree(&mut runner).expect("a form").current();
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        is_sound(&post(&world, FORM, body.into_bytes()).await, &format!("{fields:?}"));
        let part = |(name, value): &(String, String)| {
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
        };
        let body = fields.iter().map(part).collect::<String>() + "--x--\r\n";
        is_sound(&post(&world, "multipart/form-data; boundary=x", body.into_bytes()).await, &format!("{fields:?}"));
    }
    let bytes = proptest::collection::vec(any::<u8>(), 0..200);
    for _ in 0..1_000 {
        let body = bytes.new_tree(&mut runner).expect("bytes").current();
        is_sound(&post(&world, FORM, body.clone()).await, &format!("{body:?}"));
        is_sound(&post(&world, "multipart/form-data; boundary=x", body.clone()).await, &format!("{body:?}"));
    }
}
