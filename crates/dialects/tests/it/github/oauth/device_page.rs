//! The device page: what a person types, sees and decides (RFC 8628 sections 3.3 and 5).

use std::time::Duration;

use serde_json::Value;

use super::browser::csrf;
use super::{Browser, Scene};
use crate::world::Answer;

/// A device of `ferry` begins; its user code.
async fn user_code(scene: &Scene) -> String {
    let device = scene.program("/login/device/code", &[("client_id", "ferry"), ("scope", "repo,user")]).await.json();
    device["user_code"].as_str().expect("a code").to_owned()
}

/// Types a code.
async fn type_code(browser: &mut Browser<'_>, code: &str) -> Answer {
    let token = csrf(&browser.get("/login/device").await);
    browser.post("/login/device", &[("csrf", &token), ("user_code", code)]).await
}

#[tokio::test]
async fn rfc8628_5_4_whoever_was_sent_a_code_sees_whose_it_is_and_is_warned() {
    let scene = Scene::new().await;
    let code = user_code(&scene).await;
    let mut alice = scene.alice().await;
    let page = type_code(&mut alice, &code.to_lowercase().replace('-', " ")).await;
    for words in [
        "Ferry &#60;Deluxe&#62;",
        "an application of <strong>alice</strong>",
        "<code>repo</code>",
        "<code>user</code>",
        "If somebody sent you this code",
        "Go on only if you have that device before you",
    ] {
        assert!(page.text.contains(words), "{words}\n{}", page.text);
    }
    assert!(alice.get("/login/device").await.text.contains("Never type a code that somebody sent you"));
    let prefilled = alice.get(&format!("/login/device?user_code={code}")).await;
    assert!(!prefilled.text.contains(&code), "a link alone must not bring anybody to the question");
}

#[tokio::test]
async fn rfc8628_5_1_guessing_user_codes_ends_after_ten() {
    let scene = Scene::new().await;
    let code = user_code(&scene).await;
    let mut mallory = scene.signed_in("mallory", "repo").await;
    for guess in 0..10 {
        let letter = char::from(b"BCDFGHJKLM"[guess]);
        let answer = type_code(&mut mallory, &format!("{letter}BBB-BBBB")).await;
        assert_eq!(answer.status, 422);
        assert!(answer.text.contains("There is no such code"), "what is wrong with it is not told");
    }
    assert_eq!(type_code(&mut mallory, &code).await.status, 429, "not even a right one");
    let mut second = scene.signed_in("mallory", "repo").await;
    assert_eq!(type_code(&mut second, &code).await.status, 429, "another session of the same user");
    assert_eq!(type_code(&mut scene.alice().await, &code).await.status, 200, "others are not held up");
    scene.world.clock.advance(Duration::from_secs(900));
    let fresh = user_code(&scene).await;
    assert_eq!(type_code(&mut mallory, &fresh).await.status, 200);
}

#[tokio::test]
async fn right_codes_do_not_count_as_guesses() {
    let scene = Scene::new().await;
    let mut alice = scene.alice().await;
    for _ in 0..12 {
        let code = user_code(&scene).await;
        assert_eq!(type_code(&mut alice, &code).await.status, 200);
    }
}

#[tokio::test]
async fn a_code_is_answered_once_and_by_forms_of_ours_alone() {
    let scene = Scene::new().await;
    let code = user_code(&scene).await;
    let mut alice = scene.alice().await;
    let token = csrf(&alice.get("/login/device").await);
    let yes = [("csrf", token.as_str()), ("user_code", code.as_str()), ("authorize", "1")];
    for (fields, headers) in
        [(&yes[..], &[("sec-fetch-site", "cross-site")][..]), (&yes[1..], &[]), (&yes, &[("origin", "null")])]
    {
        assert_eq!(alice.post_from("/login/device", fields, headers).await.status, 403, "{headers:?}");
    }
    assert!(alice.post("/login/device", &yes).await.text.contains("Your device is connected"));
    assert_eq!(alice.post("/login/device", &yes).await.status, 422, "it was answered");
}

#[tokio::test]
async fn the_page_needs_somebody_signed_in() {
    let scene = Scene::new().await;
    let mut nobody = Browser::new(&scene.world);
    let answer = nobody.get("/login/device").await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/login?return_to=%2Flogin%2Fdevice"));
    let answer = nobody.post("/login/device", &[("user_code", "BBBB-BBBB"), ("authorize", "1")]).await;
    assert_eq!(answer.status, 403);
    let api = scene.world.ask(&scene.world.token, "GET", "/login/device", Value::Null).await;
    assert_eq!(api.status, 303, "a token is no session");
}
